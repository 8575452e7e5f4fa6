/**
 * Plain data in bytes: scalars (keys.ts), bytes, arrays and string-keyed objects. Keys of objects
 * are sorted, so that equal values have one encoding.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import { malformed } from './errors.ts';
import { type Key, readScalar, readString, writeKey, writeString } from './keys.ts';

export type Plain = Key | Uint8Array | readonly Plain[] | { readonly [key: string]: Plain };

const BYTES = 5;
const ARRAY = 6;
const OBJECT = 7;
const MAX_DEPTH = 64;

export function writePlain(writer: ByteWriter, value: Plain, depth = 0): void {
  if (depth > MAX_DEPTH) throw new RangeError(`a value nested deeper than ${MAX_DEPTH}`);
  if (typeof value !== 'object' || value === null) writeKey(writer, value);
  else if (value instanceof Uint8Array) {
    writer.byte(BYTES);
    writer.integer(value.length);
    writer.bytes(value);
  } else if (Array.isArray(value)) {
    writer.byte(ARRAY);
    writer.integer(value.length);
    for (const item of value) writePlain(writer, item as Plain, depth + 1);
  } else {
    const keys = Object.keys(value).sort();
    writer.byte(OBJECT);
    writer.integer(keys.length);
    for (const key of keys) {
      writeString(writer, key);
      writePlain(writer, (value as { [key: string]: Plain })[key] as Plain, depth + 1);
    }
  }
}

export function readPlain(reader: ByteReader, depth = 0): Plain {
  if (depth > MAX_DEPTH) throw malformed('a value nested too deep');
  const head = reader.byte();
  if (head < BYTES || head > OBJECT) return readScalar(reader, head);
  const length = reader.atMost(reader.remaining, 'a length');
  if (head === BYTES) return reader.bytes(length).slice();
  if (head === ARRAY) return Array.from({ length }, () => readPlain(reader, depth + 1));
  const object: { [key: string]: Plain } = {};
  for (let index = 0; index < length; index += 1) {
    const key = readString(reader, reader.byte());
    if (key === '__proto__') throw malformed('a key');
    object[key] = readPlain(reader, depth + 1);
  }
  return object;
}
