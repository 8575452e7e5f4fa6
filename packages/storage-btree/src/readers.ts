/**
 * Who reads which version of the tree: what a version needs is not written over while it is read.
 *
 * Cost: O(readers) to find the oldest; taking and releasing is O(1).
 */
export interface Reader {
  readonly version: number;
}

export class Readers {
  readonly #held = new Set<Reader>();

  get count(): number {
    return this.#held.size;
  }

  /** The oldest version that is read; infinite when none is. */
  get oldest(): number {
    // A set goes in the order of insertion, and versions only rise.
    for (const { version } of this.#held) return version;
    return Number.POSITIVE_INFINITY;
  }

  take(version: number): Reader {
    const reader = { version };
    this.#held.add(reader);
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
