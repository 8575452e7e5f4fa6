/**
 * What a message may be: plain data, the same on every transport.
 *
 * null, booleans, finite numbers (-0 becomes 0), signed 64-bit bigints, well-formed strings, bytes
 * (`Uint8Array`), arrays without holes, and objects with string keys (none of them `__proto__`).
 * No `undefined`, no classes, no cycles (they exceed the depth). The rule is checked at the sender,
 * so that a program that works in memory works on the wire.
 *
 * A message's size is what MessagePack takes for it (https://github.com/msgpack/msgpack spec),
 * with integers beyond 32 bits as 64-bit floats; every transport counts it this one way, so that a
 * message which fits one fits all.
 *
 * Cost: one walk, O(size); measuring allocates nothing, copying what it copies.
 */
import { TransportError } from './errors.ts';

/** Arrays and objects inside one another; deeper messages are refused on both sides. */
export const MAX_PLAIN_DEPTH = 64;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * The message's size in bytes.
 * @throws {TransportError} `TRANSPORT_INVALID_MESSAGE`, naming the path of what is not plain data.
 */
export function measurePlain(message: unknown): number {
  return measure(message, 0);
}

/**
 * A deep copy that shares nothing with `message`. Object keys keep their order.
 * @throws {TransportError} as {@link measurePlain}.
 */
export function copyPlain<M>(message: M): M {
  return copy(message, 0) as M;
}

function measure(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return measureString(value);
    case 'number':
      return measureNumber(value);
    case 'boolean':
      return 1;
    case 'bigint':
      if (value < MIN_INT64 || value > MAX_INT64) throw invalid('a bigint beyond 64 bits');
      return 9;
    case 'object':
      return value === null ? 1 : measureContainer(value, depth);
    default:
      throw invalid(value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function measureContainer(value: object, depth: number): number {
  if (value instanceof Uint8Array) return value.length + lengthPrefix(value.length, 0, 0xff);
  checkDepth(depth);
  if (Array.isArray(value)) {
    let bytes = lengthPrefix(value.length, 0x0f, 0);
    for (let i = 0; i < value.length; i += 1) {
      try {
        bytes += measure(value[i], depth + 1);
      } catch (error) {
        throw inside(error, `[${i}]`);
      }
    }
    return bytes;
  }
  checkPrototype(value);
  let fields = 0;
  let bytes = 0;
  for (const key in value) {
    fields += 1;
    try {
      bytes += measureKey(key) + measure((value as Record<string, unknown>)[key], depth + 1);
    } catch (error) {
      throw inside(error, `.${key}`);
    }
  }
  return bytes + lengthPrefix(fields, 0x0f, 0);
}

function measureKey(key: string): number {
  if (key === '__proto__') throw invalid('a key named __proto__');
  return measureString(key);
}

function measureNumber(value: number): number {
  if (Number.isInteger(value)) {
    if (value >= 0) {
      return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 2 ** 32 ? 5 : 9;
    }
    return value >= -0x20
      ? 1
      : value >= -0x80
        ? 2
        : value >= -0x8000
          ? 3
          : value >= -(2 ** 31)
            ? 5
            : 9;
  }
  if (!Number.isFinite(value)) throw invalid(String(value));
  return 9;
}

function measureString(value: string): number {
  let bytes = value.length;
  for (let i = 0; i < value.length; i += 1) {
    const unit = value.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (unit < 0xd800 || unit > 0xdfff) continue;
    // A surrogate pair: two units, four bytes. Counted as 3 so far, so one more for the pair.
    const next = value.charCodeAt(i + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff))
      throw invalid('a string with a lone surrogate');
    i += 1;
  }
  return bytes + lengthPrefix(bytes, 0x1f, 0xff);
}

/** MessagePack's header: up to `inOne` elements in one byte, up to `inTwo` in two, then 3 and 5. */
function lengthPrefix(length: number, inOne: number, inTwo: number): number {
  if (inOne > 0 && length <= inOne) return 1;
  if (inTwo > 0 && length <= inTwo) return 2;
  return length <= 0xffff ? 3 : 5;
}

function copy(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'number':
      measureNumber(value);
      return value === 0 ? 0 : value;
    case 'object': {
      if (value === null) return null;
      if (value instanceof Uint8Array) return copyBytes(value);
      checkDepth(depth);
      if (Array.isArray(value)) return copyArray(value, depth);
      checkPrototype(value);
      return copyObject(value as Record<string, unknown>, depth);
    }
    default:
      measure(value, depth);
      return value;
  }
}

/** Copies up to this length share a pool, which one that is kept for long keeps with it. */
const MAX_POOLED_BYTES = 512;
const POOL_BYTES = 8192;

let pool = new Uint8Array(0);
let pooled = 0;

/**
 * Small copies share a pool, as those of Node's buffers do: a buffer of its own costs a value of a
 * few bytes more memory, and the collector more work, than the value.
 */
function copyBytes(value: Uint8Array): Uint8Array {
  const { length } = value;
  if (length > MAX_POOLED_BYTES) return new Uint8Array(value);
  if (pooled + length >= pool.length) {
    pool = new Uint8Array(POOL_BYTES);
    pooled = 0;
  }
  const copied = new Uint8Array(pool.buffer, pooled, length);
  copied.set(value);
  pooled += length;
  return copied;
}

function copyArray(value: readonly unknown[], depth: number): unknown[] {
  const copied: unknown[] = new Array(value.length);
  for (let i = 0; i < value.length; i += 1) {
    try {
      copied[i] = copy(value[i], depth + 1);
    } catch (error) {
      throw inside(error, `[${i}]`);
    }
  }
  return copied;
}

function copyObject(value: Record<string, unknown>, depth: number): Record<string, unknown> {
  const copied: Record<string, unknown> = {};
  for (const key in value) {
    try {
      measureKey(key);
      copied[key] = copy(value[key], depth + 1);
    } catch (error) {
      throw inside(error, `.${key}`);
    }
  }
  return copied;
}

function checkDepth(depth: number): void {
  if (depth >= MAX_PLAIN_DEPTH) throw invalid(`nesting beyond ${MAX_PLAIN_DEPTH} levels`);
}

function checkPrototype(value: object): void {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw invalid(`an instance of ${prototype?.constructor?.name ?? 'a class'}`);
  }
}

class NotPlain extends TransportError {
  readonly what: string;
  readonly path: string;

  constructor(what: string, path: string) {
    super('TRANSPORT_INVALID_MESSAGE', `a message is plain data, but message${path} is ${what}`);
    this.what = what;
    this.path = path;
  }
}

function invalid(what: string): NotPlain {
  return new NotPlain(what, '');
}

function inside(error: unknown, step: string): unknown {
  return error instanceof NotPlain ? new NotPlain(error.what, step + error.path) : error;
}
