/**
 * The log as the core sees it: the positions and terms of everything since the last compaction, and
 * the most recent entries themselves, up to a number of bytes; what has left memory the driver
 * reads back.
 *
 * Invariant: the cached entries are the contiguous tail [cachedFrom, lastIndex].
 * Cost: appending and trimming O(1) per entry.
 */
import { entryBytes, type LogEntry } from '../log/entry.ts';
import type { LogPosition, RecoveredLog } from '../log/raft-log.ts';
import { TermRuns } from '../log/term-runs.ts';

export class LogView {
  readonly #terms: TermRuns;
  #entries: LogEntry[] = [];
  /** Cached entries start here in `#entries`; what is before it was trimmed. */
  #head = 0;
  #cachedBytes = 0;

  constructor({ base, lastIndex, terms }: Pick<RecoveredLog, 'base' | 'lastIndex' | 'terms'>) {
    this.#terms = new TermRuns(base, lastIndex, terms);
  }

  /** Everything up to here lives in the state machine alone. */
  get baseIndex(): number {
    return this.#terms.baseIndex;
  }

  get baseTerm(): number {
    return this.#terms.baseTerm;
  }

  get lastIndex(): number {
    return this.#terms.lastIndex;
  }

  get lastTerm(): number {
    return this.#terms.lastTerm;
  }

  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** The first entry that `slice` can give. */
  get cachedFrom(): number {
    return this.#terms.lastIndex - (this.#entries.length - this.#head) + 1;
  }

  /** The term of the entry at `index`, or `undefined` when it is compacted away or not there. */
  term(index: number): number | undefined {
    return this.#terms.term(index);
  }

  /** As {@link TermRuns.lastPossibleMatch}. */
  lastPossibleMatch(index: number, term: number): LogPosition {
    return this.#terms.lastPossibleMatch(index, term);
  }

  append(entry: LogEntry): void {
    this.#terms.append(entry.term);
    this.#entries.push(entry);
    this.#cachedBytes += entryBytes(entry);
  }

  /** Forgets every entry after `index`. */
  truncateAfter(index: number): void {
    let drop = this.#terms.lastIndex - index;
    for (; drop > 0 && this.#entries.length > this.#head; drop -= 1) {
      this.#cachedBytes -= entryBytes(this.#entries.pop()!);
    }
    this.#terms.truncateAfter(index);
  }

  /** Forgets every entry up to `index`, which the log holds. */
  compact(index: number): void {
    this.#terms.compact(index);
    this.#dropCachedBefore(index + 1);
  }

  /** Starts over after `position`. */
  reset(position: LogPosition): void {
    this.#terms.reset(position);
    this.#entries = [];
    this.#head = 0;
    this.#cachedBytes = 0;
  }

  /** Drops the oldest cached entries before `index` until at most `maxBytes` are cached. */
  trim(maxBytes: number, index: number): void {
    if (this.#cachedBytes <= maxBytes) return;
    let from = this.cachedFrom;
    let bytes = this.#cachedBytes;
    for (let at = this.#head; bytes > maxBytes && from < index; at += 1, from += 1) {
      bytes -= entryBytes(this.#entries[at]!);
    }
    this.#dropCachedBefore(from);
  }

  /**
   * The cached entries from `first` to `last`: at least one, and no more than fit in `maxBytes`;
   * `undefined` when `first` is no longer cached.
   */
  slice(first: number, last: number, maxBytes: number): LogEntry[] | undefined {
    const from = this.cachedFrom;
    if (first < from || first > this.lastIndex) return undefined;
    const start = this.#head + first - from;
    const stop = Math.min(this.#entries.length, start + last - first + 1);
    let end = this.#cachedBytes <= maxBytes ? stop : start;
    for (let bytes = 0; end < stop; end += 1) {
      bytes += entryBytes(this.#entries[end]!);
      if (bytes > maxBytes && end > start) break;
    }
    return this.#entries.slice(start, end);
  }

  /** The bytes of the cached entries from `first` to `last`. */
  bytesBetween(first: number, last: number): number {
    const offset = this.#head - this.cachedFrom;
    return this.#bytesOf(offset + Math.max(first, this.cachedFrom), offset + last + 1);
  }

  #bytesOf(start: number, end: number): number {
    let bytes = 0;
    for (let at = start; at < end; at += 1) bytes += entryBytes(this.#entries[at]!);
    return bytes;
  }

  #dropCachedBefore(index: number): void {
    const cached = this.#entries.length - this.#head;
    const drop = Math.min(index - this.cachedFrom, cached);
    if (drop <= 0) return;
    this.#head += drop;
    // A compaction drops nearly all: the few that are kept are looked at, not the many old ones.
    if (drop * 2 > cached) this.#cachedBytes = this.#bytesOf(this.#head, this.#entries.length);
    else this.#cachedBytes -= this.#bytesOf(this.#head - drop, this.#head);
    // Copying only once half of the array is dead makes dropping O(1) per entry over time.
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
