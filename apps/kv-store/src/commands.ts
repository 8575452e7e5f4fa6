/**
 * What clients ask of the store, and what it answers, as bytes: this is what the log keeps forever,
 * so both formats start with a version, and decoding trusts nothing.
 *
 * ```
 * command  1 | count | operation ...
 * operation  kind + 16 * condition | [version] | key length | key | [value length | value]
 * outcome  1 | 0 | version | count | found ...          done
 *          1 | 1 | operation | version now (0: absent)  a condition did not hold, nothing changed
 *          1 | 2                                        the command could not be read
 * ```
 * Kinds: 1 put (has a value), 2 delete, 3 check. Conditions: 0 none, 1 `version` (has a version),
 * 2 exists, 3 absent. Found: 0 nobody looked, 1 there was a value, 2 there was none. All numbers
 * but the first two bytes of an outcome are LEB128 (see varint.ts).
 *
 * Invariants: decode(encode(x)) equals x; decoding throws for everything else, reads each byte once
 * and allocates no more than the input is long. Decoded keys and values are views of the input.
 */
import { KvError } from './errors.ts';
import { type Cursor, readVarint, varintBytes, writeVarint } from './varint.ts';

/** The longest key, in bytes. A constant, since every node must read a command the same way. */
export const MAX_KEY_BYTES = 1024;
/** The most operations in one batch. */
export const MAX_OPERATIONS = 1024;

/** What must hold for an operation, and with it the whole batch, to take effect. */
export type Condition =
  | { readonly type: 'version'; readonly version: number }
  | { readonly type: 'exists' }
  | { readonly type: 'absent' };

export type KvOperation =
  | PutOperation
  | {
      readonly type: 'delete';
      readonly key: Uint8Array;
      readonly condition?: Condition | undefined;
    }
  | {
      readonly type: 'check';
      readonly key: Uint8Array;
      readonly condition?: Condition | undefined;
    };

export interface PutOperation {
  readonly type: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly condition?: Condition | undefined;
}

/** Whether there was a value under the key; `unknown` for a put that did not have to look. */
export type Found = 'unknown' | 'present' | 'absent';

export type Outcome =
  | { readonly status: 'done'; readonly version: number; readonly found: readonly Found[] }
  | { readonly status: 'conflict'; readonly operation: number; readonly currentVersion: number }
  | { readonly status: 'malformed' };

const FORMAT = 1;
const KINDS = { put: 1, delete: 2, check: 3 } as const;
const CONDITIONS = { version: 1, exists: 2, absent: 3 } as const;
const FOUND: readonly Found[] = ['unknown', 'present', 'absent'];
const DONE = 0;
const CONFLICT = 1;
const MALFORMED = 2;

/**
 * A batch as bytes.
 * @throws {KvError} `KV_BAD_REQUEST` for a key of 0 or more than 1024 bytes, a version that is not
 * a whole number, or not 1 to 1024 operations.
 */
export function encodeCommand(operations: readonly KvOperation[]): Uint8Array {
  const count = operations.length;
  if (count < 1 || count > MAX_OPERATIONS) {
    throw new KvError(
      'KV_BAD_REQUEST',
      `a batch has 1 to ${MAX_OPERATIONS} operations, got ${count}`,
    );
  }
  let bytes = 1 + varintBytes(count);
  for (const operation of operations) bytes += operationBytes(operation);
  const target = new Uint8Array(bytes);
  target[0] = FORMAT;
  let at = writeVarint(target, 1, count);
  for (const operation of operations) at = writeOperation(target, at, operation);
  return target;
}

/** @throws {RangeError} for bytes that {@link encodeCommand} did not make. */
export function decodeCommand(bytes: Uint8Array): KvOperation[] {
  const cursor: Cursor = { bytes, at: 1 };
  if (bytes[0] !== FORMAT) throw new RangeError('a command of another format');
  const count = readVarint(cursor);
  if (count < 1 || count > MAX_OPERATIONS)
    throw new RangeError('a number of operations out of range');
  const operations: KvOperation[] = [];
  for (let i = 0; i < count; i += 1) operations.push(readOperation(cursor));
  checkEnd(cursor);
  return operations;
}

export function encodeOutcome(outcome: Outcome): Uint8Array {
  switch (outcome.status) {
    case 'done': {
      const { version, found } = outcome;
      const target = new Uint8Array(
        2 + varintBytes(version) + varintBytes(found.length) + found.length,
      );
      target[0] = FORMAT;
      target[1] = DONE;
      let at = writeVarint(target, writeVarint(target, 2, version), found.length);
      for (const each of found) target[at++] = FOUND.indexOf(each);
      return target;
    }
    case 'conflict': {
      const { operation, currentVersion } = outcome;
      const target = new Uint8Array(2 + varintBytes(operation) + varintBytes(currentVersion));
      target[0] = FORMAT;
      target[1] = CONFLICT;
      writeVarint(target, writeVarint(target, 2, operation), currentVersion);
      return target;
    }
    case 'malformed':
      return Uint8Array.of(FORMAT, MALFORMED);
  }
}

/** Whether an outcome says that the command took effect. */
export function isDone(outcome: Uint8Array): boolean {
  return outcome[1] === DONE;
}

/** @throws {RangeError} for bytes that {@link encodeOutcome} did not make. */
export function decodeOutcome(bytes: Uint8Array): Outcome {
  const cursor: Cursor = { bytes, at: 2 };
  if (bytes[0] !== FORMAT) throw new RangeError('an outcome of another format');
  switch (bytes[1]) {
    case DONE: {
      const version = readVarint(cursor);
      const found = readFound(cursor);
      checkEnd(cursor);
      return { status: 'done', version, found };
    }
    case CONFLICT: {
      const operation = readVarint(cursor);
      const currentVersion = readVarint(cursor);
      checkEnd(cursor);
      return { status: 'conflict', operation, currentVersion };
    }
    case MALFORMED:
      checkEnd(cursor);
      return { status: 'malformed' };
    default:
      throw new RangeError('an outcome of no known kind');
  }
}

/** @throws {KvError} `KV_BAD_REQUEST` unless `key` has 1 to 1024 bytes. */
export function checkKvKey(key: Uint8Array): void {
  if (key.length < 1 || key.length > MAX_KEY_BYTES) {
    throw new KvError('KV_BAD_REQUEST', `a key has 1 to ${MAX_KEY_BYTES} bytes, got ${key.length}`);
  }
}

function operationBytes(operation: KvOperation): number {
  const { key, condition } = operation;
  checkKvKey(key);
  let bytes = 1 + varintBytes(key.length) + key.length;
  if (condition?.type === 'version') {
    if (!Number.isSafeInteger(condition.version) || condition.version < 0) {
      throw new KvError('KV_BAD_REQUEST', `a version is a whole number, got ${condition.version}`);
    }
    bytes += varintBytes(condition.version);
  }
  if (operation.type === 'put') {
    bytes += varintBytes(operation.value.length) + operation.value.length;
  }
  return bytes;
}

function writeOperation(target: Uint8Array, start: number, operation: KvOperation): number {
  const { key, condition } = operation;
  target[start] = KINDS[operation.type] + 16 * (condition ? CONDITIONS[condition.type] : 0);
  let at = start + 1;
  if (condition?.type === 'version') at = writeVarint(target, at, condition.version);
  at = writeVarint(target, at, key.length);
  target.set(key, at);
  at += key.length;
  if (operation.type === 'put') {
    at = writeVarint(target, at, operation.value.length);
    target.set(operation.value, at);
    at += operation.value.length;
  }
  return at;
}

function readOperation(cursor: Cursor): KvOperation {
  const tag = cursor.bytes[cursor.at];
  if (tag === undefined) throw new RangeError('an operation is cut off');
  cursor.at += 1;
  const condition = readCondition(cursor, tag >> 4);
  const key = readBytes(cursor, readVarint(cursor));
  if (key.length < 1 || key.length > MAX_KEY_BYTES) throw new RangeError('a key of bad length');
  switch (tag & 15) {
    case KINDS.put:
      return { type: 'put', key, value: readBytes(cursor, readVarint(cursor)), condition };
    case KINDS.delete:
      return { type: 'delete', key, condition };
    case KINDS.check:
      return { type: 'check', key, condition };
    default:
      throw new RangeError('an operation of no known kind');
  }
}

function readCondition(cursor: Cursor, kind: number): Condition | undefined {
  switch (kind) {
    case 0:
      return undefined;
    case CONDITIONS.version:
      return { type: 'version', version: readVarint(cursor) };
    case CONDITIONS.exists:
      return { type: 'exists' };
    case CONDITIONS.absent:
      return { type: 'absent' };
    default:
      throw new RangeError('a condition of no known kind');
  }
}

function readFound(cursor: Cursor): Found[] {
  const count = readVarint(cursor);
  if (count < 1 || count > MAX_OPERATIONS)
    throw new RangeError('a number of operations out of range');
  const found: Found[] = [];
  for (const byte of readBytes(cursor, count)) {
    const each = FOUND[byte];
    if (each === undefined) throw new RangeError('a finding of no known kind');
    found.push(each);
  }
  return found;
}

function readBytes(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw new RangeError('bytes are cut off');
  const bytes = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return bytes;
}

function checkEnd({ bytes, at }: Cursor): void {
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes too many`);
}
