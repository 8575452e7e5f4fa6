/**
 * Who reads which version of the tree: what a version needs is not written over while it is read.
 *
 * Cost: O(readers) to find the oldest; taking and releasing is O(1).
 */
export interface Reader {
  readonly version: number;
  readonly sequence: number;
}

export class Readers {
  readonly #held = new Set<Reader>();
  #newestSequence = 0;

  get count(): number {
    return this.#held.size;
  }

  /** The oldest version that is read; infinite when none is. */
  get oldest(): number {
    // A set goes in the order of insertion, and versions only rise.
    for (const { version } of this.#held) return version;
    return Number.POSITIVE_INFINITY;
  }

  /** No reader sees what was written after this one; 0 when there are no readers. */
  get newestSequence(): number {
    return this.#held.size === 0 ? 0 : this.#newestSequence;
  }

  /** Both only rise. */
  take(version: number, sequence: number): Reader {
    const reader = { version, sequence };
    this.#held.add(reader);
    this.#newestSequence = sequence;
    return reader;
  }

  release(reader: Reader): void {
    this.#held.delete(reader);
  }

  /** For closing, when nobody may read any more. */
  releaseAll(): void {
    this.#held.clear();
  }
}
