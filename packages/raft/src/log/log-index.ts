/**
 * Where each entry of a log on disk begins, and what the log holds: built by replaying records in
 * their order, the same way while writing and at recovery, so that both agree by construction.
 *
 * A segment read without those before it knows from its header how far the log reached, not where
 * those entries are: entries that are to be replaced later, or compacted away, or else missing.
 *
 * Cost: 8 bytes per entry since the last compaction.
 */
import { decodeConfiguration } from '../members/configuration-codec.ts';
import { ConfigurationHistory } from '../members/configuration-history.ts';
import type { LogEntry } from './entry.ts';
import type { HardState, LogBase, LogPosition, RecoveredLog } from './raft-log.ts';
import type { SegmentHeader, SegmentRecord } from './segment-format.ts';
import { TermRuns } from './term-runs.ts';

export class LogIndex {
  hardState: HardState;
  #base: LogPosition;
  /** Terms of the entries whose places are known; its base is the entry before the first of them. */
  readonly #terms: TermRuns;
  /** Nothing in a log that nobody has told yet who takes part. */
  #configurations: ConfigurationHistory | undefined;
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

  /** The base and who takes part there, once that is known. */
  get knownBase(): LogBase | undefined {
    const placed = this.#configurations?.all[0];
    return placed && { ...this.#base, configuration: placed.configuration };
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
        return this.append(record.entry, place);
      case 'hard-state':
        this.hardState = record.hardState;
        return true;
      case 'reset':
        this.#reset(record.base);
        return true;
      case 'compact':
        this.compact(record.base);
        return true;
      case 'synced':
        return true;
    }
  }

  append(entry: LogEntry, place: number): boolean {
    const { index, term } = entry;
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
    this.#configurations?.truncateAfter(index - 1);
    if (entry.kind === 'configuration') {
      const configuration = decodeConfiguration(entry.command);
      this.#configurations?.append({ index, configuration });
    }
    this.#terms.append(term);
    this.#places.push(place);
    return true;
  }

  /** A segment begins with its own base said again, with the configuration its header has not. */
  compact({ index, term, configuration }: LogBase): void {
    if (index < this.#base.index) return;
    const later = this.#configurations?.all.filter((placed) => placed.index > index) ?? [];
    this.#configurations = new ConfigurationHistory([{ index, configuration }, ...later]);
    if (index === this.#base.index) return;
    this.#base = { index, term };
    const drop = index - this.#terms.baseIndex;
    if (drop <= 0) return;
    this.#terms.compact(index);
    this.#head += drop;
    if (this.#head * 2 < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }

  #reset({ index, term, configuration }: LogBase): void {
    this.#base = { index, term };
    this.#configurations = new ConfigurationHistory([{ index, configuration }]);
    this.#terms.reset(this.#base);
    this.#places = [];
    this.#head = 0;
  }

  recovered(): RecoveredLog {
    const { hardState } = this;
    return {
      hardState,
      base: this.#base,
      lastIndex: this.#terms.lastIndex,
      terms: [...this.#terms.runs],
      configurations: [...(this.#configurations?.all ?? [])],
    };
  }
}
