/**
 * The data file as numbered pages behind two meta slots, grown by extents and cut at its end.
 *
 * Page `id` (from 1 on) lies at `HEAD_BYTES + (id - 1) * pageBytes`. Growing takes room on the
 * device ahead of the writes, so that a full disk is met before a page is half written.
 */
import type { File } from '@ds/storage';

/** Two meta slots of 4 KiB, each in sectors of its own. */
export const META_SLOT_BYTES = 4096;
export const HEAD_BYTES: number = 2 * META_SLOT_BYTES;

export class TreeFile {
  readonly file: File;
  readonly path: string;
  readonly pageBytes: number;
  readonly #extentBytes: number;
  #size: number;

  constructor(file: File, pageBytes: number, extentBytes: number) {
    this.file = file;
    this.path = file.path;
    this.pageBytes = pageBytes;
    this.#extentBytes = extentBytes;
    this.#size = file.size();
  }

  /** The file's size, in bytes. */
  get size(): number {
    return this.#size;
  }

  offsetOf(id: number): number {
    return HEAD_BYTES + (id - 1) * this.pageBytes;
  }

  /** Writes `bytes`, whole pages but for the last, from page `id` on. */
  write(id: number, bytes: Uint8Array): void {
    const offset = this.offsetOf(id);
    const end = offset + bytes.length;
    if (end > this.#size) {
      // An eighth more than there is, so that a large file does not grow by trifles.
      const ahead = Math.min(this.#extentBytes, Math.max(this.pageBytes, this.#size >> 3));
      const pages = Math.ceil((end + ahead - HEAD_BYTES) / this.pageBytes);
      this.file.preallocate(HEAD_BYTES + pages * this.pageBytes);
      this.#size = HEAD_BYTES + pages * this.pageBytes;
    }
    this.file.write(offset, bytes);
  }

  /** Gives back what lies behind page `lastId`, where it is more than an extent or `isFinal`. */
  cut(lastId: number, isFinal: boolean): void {
    const needed = this.offsetOf(lastId + 1);
    if (this.#size - needed <= (isFinal ? 0 : this.#extentBytes)) return;
    this.file.truncate(needed);
    this.#size = needed;
  }
}
