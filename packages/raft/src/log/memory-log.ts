/**
 * A log in memory: for tests, benchmarks, and groups that accept to lose everything with their
 * process. It survives the node that used it, so a test can reopen a node on the same log.
 *
 * Cost: O(1) per entry; `sync` resolves in the same turn of the event loop.
 */
import { decodeConfiguration } from '../members/configuration-codec.ts';
import type { PlacedConfiguration } from '../members/configuration-history.ts';
import { entryBytes, type LogEntry } from './entry.ts';
import type {
  HardState,
  LogBase,
  LogPosition,
  LogWrite,
  RaftLog,
  RecoveredLog,
  SnapshotStage,
  StagedSnapshot,
  TermRun,
} from './raft-log.ts';

const DONE = Promise.resolve();

export class MemoryRaftLog implements RaftLog {
  #hardState: HardState = { term: 0, votedFor: undefined };
  #base: LogPosition = { index: 0, term: 0 };
  /** In force at the base. */
  #configuration: PlacedConfiguration | undefined;
  #entries: LogEntry[] = [];
  #bytes = 0;
  #staged: StagedSnapshot | undefined;

  get bytes(): number {
    return this.#bytes;
  }

  recovered(): RecoveredLog {
    const terms: TermRun[] = [];
    const configurations: PlacedConfiguration[] = [];
    if (this.#configuration !== undefined) configurations.push(this.#configuration);
    let last: number | undefined;
    for (const { index, term, kind, command } of this.#entries) {
      if (kind === 'configuration') {
        configurations.push({ index, configuration: decodeConfiguration(command) });
      }
      if (term !== last) terms.push({ firstIndex: index, term });
      last = term;
    }
    const lastIndex = this.#base.index + this.#entries.length;
    return { hardState: this.#hardState, base: this.#base, lastIndex, terms, configurations };
  }

  write({ hardState, reset, entries, compact }: LogWrite): void {
    if (hardState !== undefined) this.#hardState = hardState;
    if (reset !== undefined) this.#reset(reset);
    if (entries.length > 0) this.#append(entries);
    if (compact !== undefined) this.#compact(compact);
  }

  read(firstIndex: number, lastIndex: number, maxBytes: number): LogEntry[] {
    const start = this.#at(firstIndex);
    const stop = Math.min(this.#at(lastIndex) + 1, this.#entries.length);
    let end = start;
    for (let bytes = 0; end < stop; end += 1) {
      bytes += entryBytes(this.#entries[end]!);
      if (bytes > maxBytes && end > start) break;
    }
    return this.#entries.slice(start, end);
  }

  sync(): Promise<void> {
    return DONE;
  }

  stageSnapshot(base: LogBase): SnapshotStage {
    let chunks: Uint8Array[] = [];
    return {
      get bytes() {
        return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      },
      append: (chunk) => {
        chunks.push(new Uint8Array(chunk));
      },
      finish: async () => {
        const whole = chunks;
        this.#staged = { ...base, chunks: () => whole };
      },
      abort: () => {
        chunks = [];
      },
    };
  }

  stagedSnapshot(): StagedSnapshot | undefined {
    return this.#staged;
  }

  discardSnapshot(): void {
    this.#staged = undefined;
  }

  close(): Promise<void> {
    return DONE;
  }

  #append(entries: readonly LogEntry[]): void {
    const at = this.#at(entries[0]!.index);
    while (this.#entries.length > at) this.#bytes -= entryBytes(this.#entries.pop()!);
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entryBytes(entry);
    }
  }

  #compact({ index, term, configuration }: LogBase): void {
    const drop = index - this.#base.index;
    this.#entries = this.#entries.slice(drop);
    this.#bytes = 0;
    for (const entry of this.#entries) this.#bytes += entryBytes(entry);
    this.#base = { index, term };
    this.#configuration = { index, configuration };
  }

  #reset({ index, term, configuration }: LogBase): void {
    this.#base = { index, term };
    this.#configuration = { index, configuration };
    this.#entries = [];
    this.#bytes = 0;
  }

  #at(index: number): number {
    return index - this.#base.index - 1;
  }
}
