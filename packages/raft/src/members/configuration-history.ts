/**
 * The configurations that a log holds. A member uses the latest of its log, committed or not, from
 * the moment it appends it (paper section 6), and goes back to the one before when that entry is
 * truncated.
 *
 * Invariant: ascending by index; the first is the one in force at the log's base.
 * Cost: O(1) but for truncation and compaction, which look at a few configurations.
 */
import type { Configuration } from './configuration.ts';

/**
 * A configuration and where it begins to count; at the base of a log, that is where it is known.
 */
export interface PlacedConfiguration {
  readonly index: number;
  readonly configuration: Configuration;
}

export class ConfigurationHistory {
  #all: PlacedConfiguration[];

  constructor(all: readonly PlacedConfiguration[]) {
    this.#all = [...all];
  }

  /** All of them; the first is in force at the base. */
  get all(): readonly PlacedConfiguration[] {
    return this.#all;
  }

  get latest(): PlacedConfiguration {
    return this.#all[this.#all.length - 1]!;
  }

  /** The configuration in force at `index`. */
  at(index: number): PlacedConfiguration {
    let at = this.#all.length - 1;
    while (at > 0 && this.#all[at]!.index > index) at -= 1;
    return this.#all[at]!;
  }

  append(placed: PlacedConfiguration): void {
    this.#all.push(placed);
  }

  /** Forgets those after `index`. */
  truncateAfter(index: number): void {
    while (this.#all.length > 1 && this.latest.index > index) this.#all.pop();
  }

  /** The log starts after `index` now. */
  compact(index: number): void {
    while (this.#all.length > 1 && this.#all[1]!.index <= index) this.#all.shift();
  }

  reset(placed: PlacedConfiguration): void {
    this.#all = [placed];
  }
}
