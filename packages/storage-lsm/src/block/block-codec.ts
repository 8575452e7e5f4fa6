/**
 * Block compression: a codec that the store is handed, and how a compressed block lies in a file.
 *
 * ```
 * codec 0: the block as it is      any other: varint length of the block · what the codec made
 * ```
 * A block that does not shrink is stored as it is. Lengths are checked before memory is taken for
 * them: a few bytes made to deceive must not ask for gigabytes.
 */
import { StorageError } from '@ds/storage';
import { ByteReader, type ByteWriter, corrupt } from '@ds/storage/engine';

/** The codec of a part that is stored as it is. */
export const STORED = 0;
/** No block is larger, whatever a file says: a key and a value at their limits, and some. */
const MAX_BLOCK_BYTES = 1024 * 1024 * 1024;

/** Compresses blocks of some kilobytes, each by itself. Synchronous and without state. */
export interface BlockCodec {
  /** What files name it by, from 1 to 255. 1 is raw deflate (RFC 1951); own ones from 128 on. */
  readonly id: number;
  /** How many times longer than its compressed form a block can be at most. */
  readonly maxExpansion: number;
  compress(block: Uint8Array): Uint8Array;
  /** Returns exactly `length` bytes, or throws; gives `compressed` back unchanged and unkept. */
  decompress(compressed: Uint8Array, length: number): Uint8Array;
}

/** Appends `block`, compressed if that makes it shorter; returns the codec's number. */
export function appendCompressed(
  out: ByteWriter,
  block: Uint8Array,
  codec: BlockCodec | undefined,
): number {
  if (codec !== undefined) {
    const compressed = codec.compress(block);
    // 4 bytes of length, or fewer.
    if (compressed.length + 4 < block.length) {
      out.varint(block.length);
      out.append(compressed);
      return codec.id;
    }
  }
  out.append(block);
  return STORED;
}

/** The block that `stored`, at `offset` of the file at `path`, was made of by codec `id`. */
export function decompressed(
  stored: Uint8Array,
  id: number,
  codecs: ReadonlyMap<number, BlockCodec>,
  { path, offset }: { readonly path: string; readonly offset: number },
): Uint8Array {
  const codec = codecs.get(id);
  if (codec === undefined) {
    const message = `${path} has a block of codec ${id}, which this store was not handed`;
    throw new StorageError('STORAGE_FORMAT', message, { path, offset });
  }
  const reader = new ByteReader(stored, path, offset);
  const length = reader.varint();
  const compressed = reader.take(stored.length - reader.at);
  if (length > MAX_BLOCK_BYTES || length > compressed.length * codec.maxExpansion) {
    throw reader.corrupt(`${compressed.length} bytes cannot become ${length}`);
  }
  let block: Uint8Array;
  try {
    block = codec.decompress(compressed, length);
  } catch (cause) {
    throw corrupt(path, offset, 'a block cannot be decompressed', cause);
  }
  if (block.length !== length) throw corrupt(path, offset, 'a block has another length than said');
  return block;
}

/** The codecs by their numbers. @throws {RangeError} for a number out of range or used twice */
export function codecsByNumber(codecs: readonly BlockCodec[]): ReadonlyMap<number, BlockCodec> {
  const byNumber = new Map<number, BlockCodec>();
  for (const codec of codecs) {
    if (!(Number.isInteger(codec.id) && codec.id >= 1 && codec.id <= 255)) {
      throw new RangeError(`a codec's id is a whole number from 1 to 255, got ${codec.id}`);
    }
    const other = byNumber.get(codec.id);
    if (other !== undefined && other !== codec) {
      throw new RangeError(`two codecs have the id ${codec.id}`);
    }
    byNumber.set(codec.id, codec);
  }
  return byNumber;
}
