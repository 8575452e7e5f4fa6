/**
 * The bytes of one file in memory, in pages that are made when first written to, so that a gap
 * costs nothing and growing copies nothing.
 *
 * Invariant: bytes at and beyond `size` are zero, which is what a later growth must show.
 */
const PAGE_BYTES = 16 * 1024;

export class PagedContent {
  readonly #pages: (Uint8Array | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  resize(size: number): void {
    if (size < this.#size) {
      const kept = Math.ceil(size / PAGE_BYTES);
      if (this.#pages.length > kept) this.#pages.length = kept;
      this.#pages[kept - 1]?.fill(0, size - (kept - 1) * PAGE_BYTES);
    }
    this.#size = size;
  }

  /** Copies what there is from `position` on into `target`; gives its length. */
  read(position: number, target: Uint8Array): number {
    const count = Math.max(0, Math.min(target.length, this.#size - position));
    for (let done = 0; done < count; ) {
      const { page, offset, length } = this.#piece(position + done, count - done);
      const bytes = this.#pages[page];
      if (bytes) target.set(bytes.subarray(offset, offset + length), done);
      else target.fill(0, done, done + length);
      done += length;
    }
    return count;
  }

  /** Writes within the size. */
  write(position: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      const { page, offset, length } = this.#piece(position + done, data.length - done);
      const bytes = (this.#pages[page] ??= new Uint8Array(PAGE_BYTES));
      bytes.set(data.subarray(done, done + length), offset);
      done += length;
    }
  }

  /** The part of `[position, position + length)` that lies in one page. */
  #piece(position: number, length: number): { page: number; offset: number; length: number } {
    const page = Math.floor(position / PAGE_BYTES);
    const offset = position - page * PAGE_BYTES;
    return { page, offset, length: Math.min(length, PAGE_BYTES - offset) };
  }
}
