/**
 * Entries and batches as JSON, for both ends of the wire.
 *
 * Bytes that are UTF-8 appear as text under `key` and `value`; all others as base64 under
 * `keyBase64` and `valueBase64`. Exactly one of the two is present, so nothing is ever guessed, and
 * people can read what is readable.
 *
 * Invariant: reading what was written gives the same bytes. Reading checks every field.
 */
import { isUtf8 } from 'node:buffer';
import { type Condition, type Found, type KvOperation, MAX_OPERATIONS } from './commands.ts';
import { KvError } from './errors.ts';
import type { KvEntry } from './scan.ts';

export interface JsonEntry {
  readonly key?: string;
  readonly keyBase64?: string;
  readonly value?: string;
  readonly valueBase64?: string;
  readonly version: number;
}

export interface JsonOperation {
  readonly op: 'put' | 'delete' | 'check';
  readonly key?: string;
  readonly keyBase64?: string;
  readonly value?: string;
  readonly valueBase64?: string;
  readonly ifVersion?: number;
  readonly ifExists?: boolean;
}

export function entryToJson({ key, value, version }: KvEntry): JsonEntry {
  return { ...keyForm(key), ...valueForm(value), version };
}

/** @throws {KvError} `KV_PROTOCOL`, since only a server writes entries. */
export function entryFromJson(json: unknown): KvEntry {
  const fields = fieldsOf(json, 'KV_PROTOCOL');
  const { version } = fields;
  if (!Number.isSafeInteger(version))
    throw new KvError('KV_PROTOCOL', 'an entry without a version');
  return {
    key: readBytes(fields, 'key', 'KV_PROTOCOL'),
    value: readBytes(fields, 'value', 'KV_PROTOCOL'),
    version: version as number,
  };
}

export function operationToJson(operation: KvOperation): JsonOperation {
  return {
    op: operation.type,
    ...keyForm(operation.key),
    ...(operation.type === 'put' ? valueForm(operation.value) : {}),
    ...conditionToJson(operation.condition),
  };
}

/**
 * The operations of `{ "operations": [...] }`.
 * @throws {KvError} `KV_BAD_REQUEST`, naming the operation and the field.
 */
export function batchFromJson(json: unknown): KvOperation[] {
  const { operations, ...others } = fieldsOf(json, 'KV_BAD_REQUEST');
  if (!Array.isArray(operations) || Object.keys(others).length > 0) {
    throw new KvError('KV_BAD_REQUEST', 'a batch is { "operations": [...] } and nothing else');
  }
  if (operations.length > MAX_OPERATIONS) {
    throw new KvError('KV_BAD_REQUEST', `a batch has at most ${MAX_OPERATIONS} operations`);
  }
  return operations.map((operation, index) => {
    try {
      return operationFromJson(operation);
    } catch (error) {
      if (!(error instanceof KvError)) throw error;
      throw new KvError('KV_BAD_REQUEST', `operation ${index}: ${error.message}`);
    }
  });
}

export function foundToJson(found: Found): boolean | null {
  return found === 'unknown' ? null : found === 'present';
}

export function foundFromJson(json: unknown): Found {
  return json === true ? 'present' : json === false ? 'absent' : 'unknown';
}

const OPERATION_FIELDS = [
  'op',
  'key',
  'keyBase64',
  'value',
  'valueBase64',
  'ifVersion',
  'ifExists',
];

function operationFromJson(json: unknown): KvOperation {
  const fields = fieldsOf(json, 'KV_BAD_REQUEST');
  for (const name of Object.keys(fields)) {
    if (!OPERATION_FIELDS.includes(name)) throw bad(`there is no field '${name}'`);
  }
  const key = readBytes(fields, 'key', 'KV_BAD_REQUEST');
  const condition = conditionFromJson(fields);
  switch (fields.op) {
    case 'put':
      return { type: 'put', key, value: readBytes(fields, 'value', 'KV_BAD_REQUEST'), condition };
    case 'delete':
    case 'check':
      if ('value' in fields || 'valueBase64' in fields) throw bad(`a ${fields.op} has no value`);
      return { type: fields.op, key, condition };
    default:
      throw bad("op is 'put', 'delete' or 'check'");
  }
}

function conditionToJson(condition: Condition | undefined): {
  ifVersion?: number;
  ifExists?: boolean;
} {
  if (condition === undefined) return {};
  if (condition.type === 'version') return { ifVersion: condition.version };
  return { ifExists: condition.type === 'exists' };
}

function conditionFromJson({ ifVersion, ifExists }: Fields): Condition | undefined {
  if (ifVersion !== undefined && ifExists !== undefined) {
    throw bad('ifVersion and ifExists exclude each other');
  }
  if (ifVersion !== undefined) {
    if (!Number.isSafeInteger(ifVersion) || (ifVersion as number) < 1) {
      throw bad('ifVersion is a whole number of at least 1');
    }
    return { type: 'version', version: ifVersion as number };
  }
  if (ifExists === undefined) return undefined;
  if (typeof ifExists !== 'boolean') throw bad('ifExists is true or false');
  return { type: ifExists ? 'exists' : 'absent' };
}

type Fields = Readonly<Record<string, unknown>>;
type Blame = 'KV_BAD_REQUEST' | 'KV_PROTOCOL';

function fieldsOf(json: unknown, blame: Blame): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new KvError(blame, 'an object was expected');
  }
  return json as Fields;
}

function keyForm(key: Uint8Array): { key: string } | { keyBase64: string } {
  return isUtf8(key) ? { key: asText(key) } : { keyBase64: asBase64(key) };
}

function valueForm(value: Uint8Array): { value: string } | { valueBase64: string } {
  return isUtf8(value) ? { value: asText(value) } : { valueBase64: asBase64(value) };
}

function readBytes(fields: Fields, name: 'key' | 'value', blame: Blame): Uint8Array {
  const [text, base64] = [fields[name], fields[`${name}Base64`]];
  if ((text === undefined) === (base64 === undefined)) {
    throw new KvError(blame, `give either ${name} or ${name}Base64`);
  }
  if (typeof text === 'string' && text.isWellFormed()) return Buffer.from(text, 'utf8');
  if (typeof base64 === 'string') {
    const bytes = Buffer.from(base64, 'base64');
    // Node skips what is not base64: only what encodes back to the same text was.
    if (bytes.toString('base64') === base64) return bytes;
  }
  throw new KvError(blame, `${name} is well-formed text, ${name}Base64 is padded base64`);
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function asBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

function bad(message: string): KvError {
  return new KvError('KV_BAD_REQUEST', message);
}
