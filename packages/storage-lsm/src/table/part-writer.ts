/**
 * The parts of a table on their way into its file: each gets its trailer, and what has gathered is
 * written in pieces of about 256 KiB.
 */
import type { File } from '@ds/storage';
import { ByteWriter } from '@ds/storage/engine';
import { appendCompressed, type BlockCodec } from '../block/block-codec.ts';
import { inWords } from '../block/xxhash32.ts';
import { checksumOf, type Extent } from './table-format.ts';

const WRITE_BYTES = 256 * 1024;

export class PartWriter {
  readonly #out = new ByteWriter(WRITE_BYTES + 8192);
  #memory = inWords(this.#out.bytes);
  /** Where `#out` begins in the file. */
  #origin = 0;

  /** The memory that it has, in bytes. */
  get bytes(): number {
    return this.#out.bytes.length;
  }

  /** Begins with another file. */
  clear(): void {
    this.#out.clear();
    this.#origin = 0;
  }

  /** Where the next byte goes. */
  get offset(): number {
    return this.#origin + this.#out.length;
  }

  /** Appends bytes that have no trailer: the header, the footer. */
  appendPlain(bytes: Uint8Array): void {
    this.#out.append(bytes);
  }

  /** Appends a part and its trailer; with a codec, compressed if that makes it shorter. */
  append(part: Uint8Array, codec?: BlockCodec): Extent {
    const out = this.#out;
    const { offset } = this;
    const start = out.length;
    const id = appendCompressed(out, part, codec);
    const length = out.length - start;
    out.u8(id);
    out.reserve(4);
    if (this.#memory.bytes !== out.bytes) this.#memory = inWords(out.bytes);
    out.u32(checksumOf(this.#memory, start, { offset, length }));
    return { offset, length };
  }

  /** Writes what has gathered, if that is enough or `all` is to be written. */
  flush(file: File, all: boolean): void {
    if (!all && this.#out.length < WRITE_BYTES) return;
    file.write(this.#origin, this.#out.view());
    this.#origin += this.#out.length;
    this.#out.clear();
  }
}
