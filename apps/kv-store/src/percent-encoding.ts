/**
 * Any bytes in a URL: RFC 3986 percent-encoding of bytes, not of characters, so that a key need not
 * be UTF-8. In a path `+` is a plus; in a query it is a space, as forms and URLSearchParams have
 * it.
 *
 * Cost: O(bytes); text without an escape is copied at native speed.
 */
import { KvError } from './errors.ts';

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const UNRESERVED = /^[A-Za-z0-9_~.-]$/;

const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return UNRESERVED.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** Bytes as a path segment or a query value. */
export function percentEncode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += ENCODED[byte]!;
  // A segment of one or two dots would be taken for a directory on the way.
  return text === '.' || text === '..' ? text.replaceAll('.', '%2E') : text;
}

/**
 * The bytes of a path segment, or of a query value when `plusIsSpace`.
 * @throws {KvError} `KV_BAD_REQUEST` for a `%` without two hexadecimal digits.
 */
export function percentDecode(text: string, plusIsSpace = false): Uint8Array {
  const bytes = Buffer.from(text, 'latin1');
  if (!text.includes('%') && !(plusIsSpace && text.includes('+'))) return bytes;
  let to = 0;
  for (let from = 0; from < bytes.length; from += 1) {
    const byte = bytes[from]!;
    if (byte === PERCENT) {
      bytes[to++] = 16 * hexDigit(bytes[from + 1]) + hexDigit(bytes[from + 2]);
      from += 2;
    } else {
      bytes[to++] = plusIsSpace && byte === PLUS ? SPACE : byte;
    }
  }
  return bytes.subarray(0, to);
}

/**
 * The parameters of a query, undecoded; each may be given once.
 * @throws {KvError} `KV_BAD_REQUEST` for one that is not in `allowed` or is given twice.
 */
export function parseQuery(query: string, allowed: readonly string[]): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  if (query === '') return parameters;
  for (const part of query.split('&')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!allowed.includes(name) || parameters.has(name)) {
      const expected = allowed.length === 0 ? 'there are none' : `there are: ${allowed.join(', ')}`;
      throw new KvError(
        'KV_BAD_REQUEST',
        `no such parameter, or given twice: '${name}'; ${expected}`,
      );
    }
    parameters.set(name, equals < 0 ? '' : part.slice(equals + 1));
  }
  return parameters;
}

function hexDigit(byte: number | undefined): number {
  if (byte !== undefined) {
    if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
    const lower = byte | 0x20;
    if (lower >= 0x61 && lower <= 0x66) return lower - 0x61 + 10;
  }
  throw new KvError(
    'KV_BAD_REQUEST',
    "'%' is followed by two hexadecimal digits; encode it as %25",
  );
}
