/**
 * The bytes of a store machine's snapshot: all its records in key order, checked as a whole.
 *
 *     "DSRAFTMS"  version u32
 *     { keyLength u32, valueLength u32, key, value }...
 *     0 u32  count u64  crc u32
 *
 * Numbers are big-endian; no key is empty, so a key length of 0 ends the records. The CRC-32 covers
 * everything before it. A reader that finds damage throws before it reports the end; what it has
 * yielded by then must not be used.
 */
import { crc32 } from '@ds/storage';
import { readU64, writeU64 } from '../big-endian.ts';
import { RaftError } from '../errors.ts';

export interface SnapshotRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const MAGIC = new TextEncoder().encode('DSRAFTMS');
const VERSION = 1;
const HEADER_BYTES = 12;
const PIECE_BYTES = 2 ** 16;

/** The snapshot of `records` in pieces of about 64 KiB, or as large as one record. */
export function* writeSnapshot(records: Iterable<SnapshotRecord>): Generator<Uint8Array> {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  new DataView(header.buffer).setUint32(8, VERSION);
  let parts: Uint8Array[] = [header];
  let bytes = header.length;
  let count = 0;
  let crc = 0;
  const join = (): Uint8Array => {
    const piece = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      piece.set(part, at);
      at += part.length;
    }
    parts = [];
    bytes = 0;
    crc = crc32(piece, 0, piece.length, crc);
    return piece;
  };
  for (const { key, value } of records) {
    const record = new Uint8Array(8 + key.length + value.length);
    const view = new DataView(record.buffer);
    view.setUint32(0, key.length);
    view.setUint32(4, value.length);
    record.set(key, 8);
    record.set(value, 8 + key.length);
    parts.push(record);
    bytes += record.length;
    count += 1;
    if (bytes >= PIECE_BYTES) yield join();
  }
  const end = new Uint8Array(12);
  writeU64(end, 4, count);
  parts.push(end);
  bytes += end.length;
  yield join();
  const checksum = new Uint8Array(4);
  new DataView(checksum.buffer).setUint32(0, crc);
  yield checksum;
}

/**
 * The records of a snapshot that arrives in pieces of any size.
 * @throws {RaftError} `RAFT_FORMAT` for another format, `RAFT_CORRUPT` for damage.
 */
export async function* readSnapshot(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<SnapshotRecord> {
  const source = new Buffered(chunks);
  const header = await source.take(HEADER_BYTES);
  const isOurs = MAGIC.every((byte, i) => header[i] === byte);
  if (!isOurs || u32(header, 8) !== VERSION) {
    throw new RaftError('RAFT_FORMAT', 'not a snapshot of a store machine that this version reads');
  }
  let count = 0;
  for (;;) {
    const keyLength = u32(await source.take(4), 0);
    if (keyLength === 0) break;
    const valueLength = u32(await source.take(4), 0);
    const key = await source.take(keyLength);
    const value = await source.take(valueLength);
    count += 1;
    yield { key, value };
  }
  const expectedCount = readU64(await source.take(8), 0);
  const crc = source.crc;
  const expectedCrc = u32(await source.take(4), 0);
  if (expectedCount !== count || expectedCrc !== crc || !(await source.ended())) {
    throw new RaftError('RAFT_CORRUPT', 'the snapshot does not match its checksum');
  }
}

/** Bytes on demand from pieces of any size, with a running checksum of what was taken. */
class Buffered {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #current: Uint8Array = new Uint8Array(0);
  #at = 0;
  crc = 0;

  constructor(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    this.#chunks =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  async take(bytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let missing = bytes; missing > 0; ) {
      if (this.#at === this.#current.length && !(await this.#next())) {
        throw new RaftError('RAFT_CORRUPT', 'the snapshot ends too early');
      }
      const part = this.#current.subarray(this.#at, this.#at + missing);
      this.#at += part.length;
      missing -= part.length;
      parts.push(part);
    }
    const taken = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      taken.set(part, at);
      at += part.length;
    }
    this.crc = crc32(taken, 0, bytes, this.crc);
    return taken;
  }

  async ended(): Promise<boolean> {
    return this.#at === this.#current.length && !(await this.#next());
  }

  async #next(): Promise<boolean> {
    for (;;) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      if (next.value.length === 0) continue;
      this.#current = next.value;
      this.#at = 0;
      return true;
    }
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}
