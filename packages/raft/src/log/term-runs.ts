/**
 * The terms of a log's entries, kept as runs: a million entries of one term cost one record.
 *
 * Invariants: `baseIndex <= lastIndex`; runs ascend in index and term and cover (base, last].
 * Cost: the term of a recent index O(1), of any index O(log terms).
 */
import type { LogPosition, TermRun } from './raft-log.ts';

export class TermRuns {
  #baseIndex: number;
  #baseTerm: number;
  #lastIndex: number;
  #runs: TermRun[];

  constructor(base: LogPosition, lastIndex: number, runs: readonly TermRun[]) {
    this.#baseIndex = base.index;
    this.#baseTerm = base.term;
    this.#lastIndex = lastIndex;
    this.#runs = [...runs];
  }

  get baseIndex(): number {
    return this.#baseIndex;
  }

  get baseTerm(): number {
    return this.#baseTerm;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  get lastTerm(): number {
    return this.#runs[this.#runs.length - 1]?.term ?? this.#baseTerm;
  }

  get runs(): readonly TermRun[] {
    return this.#runs;
  }

  /** The term of the entry at `index`, or `undefined` when it is compacted away or not there. */
  term(index: number): number | undefined {
    if (index > this.#lastIndex || index < this.#baseIndex) return undefined;
    if (index === this.#baseIndex) return this.#baseTerm;
    const last = this.#runs[this.#runs.length - 1]!;
    return index >= last.firstIndex ? last.term : this.#runs[this.#runAt(index)]!.term;
  }

  /** Adds the entry after the last. */
  append(term: number): void {
    this.#lastIndex += 1;
    if (this.#runs.length === 0 || this.#runs[this.#runs.length - 1]!.term !== term) {
      this.#runs.push({ firstIndex: this.#lastIndex, term });
    }
  }

  /** Forgets every entry after `index`. */
  truncateAfter(index: number): void {
    this.#lastIndex = Math.min(this.#lastIndex, index);
    while (this.#runs.length > 0 && this.#runs[this.#runs.length - 1]!.firstIndex > index) {
      this.#runs.pop();
    }
  }

  /** Forgets every entry up to `index`, which the log holds. */
  compact(index: number): void {
    const term = this.term(index);
    if (term === undefined || index <= this.#baseIndex) return;
    const at = index < this.#lastIndex ? this.#runAt(index + 1) : this.#runs.length;
    const kept = this.#runs.slice(at);
    if (kept.length > 0) kept[0] = { firstIndex: index + 1, term: kept[0]!.term };
    this.#runs = kept;
    this.#baseIndex = index;
    this.#baseTerm = term;
  }

  /** Starts over after `position`. */
  reset(position: LogPosition): void {
    this.#baseIndex = position.index;
    this.#baseTerm = position.term;
    this.#lastIndex = position.index;
    this.#runs = [];
  }

  /**
   * The last position at or before `index` whose term is at most `term`: where two logs may still
   * agree, found by skipping whole terms (paper 5.3, the backtracking of conflicting terms).
   */
  lastPossibleMatch(index: number, term: number): LogPosition {
    let at = Math.min(index, this.#lastIndex);
    while (at > this.#baseIndex) {
      const run = this.#runs[this.#runAt(at)]!;
      if (run.term <= term) return { index: at, term: run.term };
      at = run.firstIndex - 1;
    }
    return { index: this.#baseIndex, term: this.#baseTerm };
  }

  /** Which run covers `index`, an entry of the log. */
  #runAt(index: number): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#runs[middle]!.firstIndex <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
