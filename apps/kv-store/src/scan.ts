/**
 * Pages of entries in the order of their keys (unsigned bytes, a prefix before what it prefixes).
 *
 * A page is read in one synchronous step, so it shows one moment; pages of one scan may show
 * different moments. It ends at `limit` entries or `MAX_PAGE_BYTES`, whichever comes first, and
 * always holds at least one entry if there is one, so that a scan makes progress.
 *
 * Cost: O(entries returned); a page holds the event loop for as long as it takes to read it.
 */
import type { Reader } from '@ds/storage';
import { KvError } from './errors.ts';
import { decodeVersioned, type Versioned } from './machine.ts';

export const MAX_PAGE_ENTRIES = 1_000;
export const MAX_PAGE_BYTES: number = 1024 * 1024;

export interface ScanRequest {
  /** Only keys that start with these bytes. @default all keys */
  readonly prefix?: Uint8Array | undefined;
  /** Only keys after this one: the last key of the page before. */
  readonly after?: Uint8Array | undefined;
  /** At most this many entries, 1 to 1,000. @default 100 */
  readonly limit?: number | undefined;
}

export interface KvEntry extends Versioned {
  readonly key: Uint8Array;
}

export interface ScanPage {
  readonly entries: readonly KvEntry[];
  /** Whether there are entries after the last one here. */
  readonly more: boolean;
}

/** @throws {KvError} `KV_BAD_REQUEST` for a limit out of range. */
export function readPage(reader: Reader, { prefix, after, limit = 100 }: ScanRequest): ScanPage {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_ENTRIES)) {
    throw new KvError('KV_BAD_REQUEST', `limit is 1 to ${MAX_PAGE_ENTRIES}, got ${limit}`);
  }
  const lower =
    after !== undefined && (prefix === undefined || Buffer.compare(after, prefix) >= 0)
      ? { gt: after }
      : { gte: prefix };
  const entries: KvEntry[] = [];
  let bytes = 0;
  const bounds = { ...lower, lt: prefix && endOfPrefix(prefix), limit: limit + 1 };
  for (const { key, value } of reader.range(bounds)) {
    bytes += key.length + value.length;
    if (entries.length === limit || (bytes > MAX_PAGE_BYTES && entries.length > 0)) {
      return { entries, more: true };
    }
    entries.push({ key, ...decodeVersioned(value) });
  }
  return { entries, more: false };
}

/** The first byte string after all that start with `prefix`; `undefined` when there is none. */
export function endOfPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  // Not `slice`: a Buffer's would share its bytes with the prefix.
  const end = new Uint8Array(prefix.subarray(0, length));
  end[length - 1]! += 1;
  return end;
}
