/**
 * Where each entry of a log on disk begins, and what the log holds: built by replaying records in
 * their order, the same way while writing and at recovery, so that both agree by construction.
 *
 * A segment read without those before it knows from its header how far the log reached, not where
 * those entries are: entries that are to be replaced later, or compacted away, or else missing.
 *
 * Cost: 8 bytes per entry since the last compaction.
 */
import type { HardState, LogPosition, RecoveredLog } from './raft-log.ts';
import type { SegmentHeader, SegmentRecord } from './segment-format.ts';
import { TermRuns } from './term-runs.ts';

export class LogIndex {
  hardState: HardState;
  #base: LogPosition;
  /** Terms of the entries whose places are known; its base is the entry before the first of them. */
  readonly #terms: TermRuns;
  /** The places of the entries after the base of `#terms`. */
  #places: number[] = [];
  /** Dead places at the start of `#places`. */
  #head = 0;

  constructor({ base, last, hardState }: SegmentHeader) {
    this.hardState = hardState;
    this.#base = base;
    this.#terms = new TermRuns(last, last.index, []);
  }

  get base(): LogPosition {
    return this.#base;
  }

  get last(): LogPosition {
    return { index: this.#terms.lastIndex, term: this.#terms.lastTerm };
  }

  /** The place of the first entry after the base, or `undefined` when there is none. */
  get firstPlace(): number | undefined {
    return this.place(this.#base.index + 1);
  }

  /** Whether every entry after the base has its place. */
  get isComplete(): boolean {
    return this.#terms.baseIndex <= this.#base.index;
  }

  place(index: number): number | undefined {
    const at = index - this.#terms.baseIndex - 1;
    return at < 0 ? undefined : this.#places[this.#head + at];
  }

  /** Takes in the record at `place`. Returns whether it can follow those before. */
  replay(record: SegmentRecord, place: number): boolean {
    switch (record.kind) {
      case 'entry':
        return this.append(record.entry.index, record.entry.term, place);
      case 'hard-state':
        this.hardState = record.hardState;
        return true;
      case 'reset':
        this.#base = record.position;
        this.#terms.reset(record.position);
        this.#places = [];
        this.#head = 0;
        return true;
      case 'compact':
        this.compact(record.position);
        return true;
      case 'synced':
        return true;
    }
  }

  append(index: number, term: number, place: number): boolean {
    if (index > this.#terms.lastIndex + 1 || index <= this.#base.index) return false;
    if (index <= this.#terms.baseIndex) {
      // The entries up to here lie in segments that are gone. The base's own term is known.
      const known = index - 1 === this.#base.index ? this.#base.term : 0;
      this.#terms.reset({ index: index - 1, term: known });
      this.#places = [];
      this.#head = 0;
    } else if (index <= this.#terms.lastIndex) {
      this.#terms.truncateAfter(index - 1);
      this.#places.length = this.#head + index - this.#terms.baseIndex - 1;
    }
    this.#terms.append(term);
    this.#places.push(place);
    return true;
  }

  compact(position: LogPosition): void {
    if (position.index <= this.#base.index) return;
    this.#base = position;
    const drop = position.index - this.#terms.baseIndex;
    if (drop <= 0) return;
    this.#terms.compact(position.index);
    this.#head += drop;
    if (this.#head * 2 < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }

  recovered(): RecoveredLog {
    const { hardState } = this;
    const terms = this.#terms.runs;
    return { hardState, base: this.#base, lastIndex: this.#terms.lastIndex, terms: [...terms] };
  }
}
