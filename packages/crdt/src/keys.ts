/**
 * Scalars in bytes: what can be an element of a set or a key of a map. Whole numbers take as many
 * bytes as they need; equal values have one encoding.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import { malformed } from './errors.ts';

/** What can be an element of a set or a key of a map: compared by value. */
export type Key = string | number | boolean | null;

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const INTEGER = 3;
const FLOAT = 4;
/** Strings of up to 238 bytes have their length here, and longer ones 255. */
const STRING = 16;
const LONG_STRING = 255;
/** Whole numbers beyond it are written as floats. */
const MAX_INTEGER = 2 ** 51;

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const float = new DataView(new ArrayBuffer(8));

export function writeKey(writer: ByteWriter, key: Key): void {
  if (typeof key === 'string') writeString(writer, key);
  else if (typeof key === 'number') writeNumber(writer, key);
  else if (key === null) writer.byte(NULL);
  else if (typeof key === 'boolean') writer.byte(key ? TRUE : FALSE);
  else throw new TypeError(`${typeof key} is not plain data`);
}

export function readKey(reader: ByteReader): Key {
  return readScalar(reader, reader.byte());
}

/** Reads what follows after its first byte. */
export function readScalar(reader: ByteReader, head: number): Key {
  if (head >= STRING) return readString(reader, head);
  if (head === INTEGER) return reader.signed();
  if (head === FLOAT) {
    reader.bytes(8).forEach((byte, index) => {
      float.setUint8(index, byte);
    });
    const value = float.getFloat64(0);
    if (isShort(value) || !Number.isFinite(value)) throw malformed('a number');
    return value;
  }
  if (head > TRUE) throw malformed('a value of an unknown kind');
  return head === NULL ? null : head === TRUE;
}

/** Orders keys of any kinds, so that what is written has one order. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a === typeof b && a !== null && b !== null) return a < b ? -1 : a > b ? 1 : 0;
  const left = a === null ? 'null' : typeof a;
  const right = b === null ? 'null' : typeof b;
  return left < right ? -1 : left > right ? 1 : 0;
}

function writeNumber(writer: ByteWriter, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not plain data`);
  if (isShort(value)) {
    writer.byte(INTEGER);
    writer.signed(value === 0 ? 0 : value);
    return;
  }
  float.setFloat64(0, value);
  writer.byte(FLOAT);
  for (let index = 0; index < 8; index += 1) writer.byte(float.getUint8(index));
}

function isShort(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= MAX_INTEGER;
}

export function writeString(writer: ByteWriter, value: string): void {
  const bytes = new TextEncoder().encode(value);
  const short = bytes.length < LONG_STRING - STRING;
  writer.byte(short ? STRING + bytes.length : LONG_STRING);
  if (!short) writer.integer(bytes.length);
  writer.bytes(bytes);
}

export function readString(reader: ByteReader, head: number): string {
  if (head < STRING) throw malformed('a string was expected');
  const length = head === LONG_STRING ? reader.integer() : head - STRING;
  try {
    return UTF_8.decode(reader.bytes(length));
  } catch (error) {
    if (error instanceof TypeError) throw malformed('text is not UTF-8');
    throw error;
  }
}
