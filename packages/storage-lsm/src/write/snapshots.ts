/** The sequences that snapshots hold on to, ascending: what merges must keep visible. */
export interface HeldSnapshot {
  readonly sequence: number;
}

export class Snapshots {
  /** Taken in order, so ascending. */
  readonly #held: HeldSnapshot[] = [];

  get count(): number {
    return this.#held.length;
  }

  /** The highest sequence held, 0 for none. */
  get newestSequence(): number {
    return this.#held.at(-1)?.sequence ?? 0;
  }

  take(sequence: number): HeldSnapshot {
    const snapshot = { sequence };
    this.#held.push(snapshot);
    return snapshot;
  }

  release(snapshot: HeldSnapshot): void {
    this.#held.splice(this.#held.indexOf(snapshot), 1);
  }

  sequences(): number[] {
    return this.#held.map(({ sequence }) => sequence);
  }
}
