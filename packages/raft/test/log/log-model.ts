/**
 * What a log may hold after a power cut: one of the states between what a finished sync covered and
 * what was written last. A write that brings several records may survive in part, in their order.
 */
import type { LogWrite, RaftLog } from '../../src/index.ts';
import { MemoryRaftLog } from '../../src/memory.ts';

/** A log broke a promise. */
export class LogViolation extends Error {
  override readonly name = 'LogViolation';
}

const decoder = new TextDecoder();

/** All that a log shows of itself, as text. */
export function describeLog(log: RaftLog): string {
  const recovered = log.recovered();
  const { base, lastIndex } = recovered;
  const entries: unknown[] = [];
  for (let index = base.index + 1; index <= lastIndex; ) {
    for (const { term, kind, command } of log.read(index, lastIndex, 2_000)) {
      entries.push([index, term, kind, decoder.decode(command)]);
      index += 1;
    }
  }
  return JSON.stringify({ ...recovered, entries });
}

export class LogModel {
  /** The log as it is when nothing is lost. */
  log: MemoryRaftLog = new MemoryRaftLog();
  /** Its states, from the one that surely survives to the one with everything. */
  #states: string[] = [describeLog(this.log)];
  /** The number of `#states[0]` among all there ever were. */
  #first = 0;
  /** The snapshots that may be found staged. */
  staged: Set<string | undefined> = new Set([undefined]);

  /** The number of the latest state. */
  get issued(): number {
    return this.#first + this.#states.length - 1;
  }

  write({ hardState, reset, entries, compact }: LogWrite): void {
    if (hardState !== undefined) this.#take({ hardState, entries: [] });
    if (reset !== undefined) this.#take({ reset, entries: [] });
    for (const entry of entries) this.#take({ entries: [entry] });
    if (compact !== undefined) this.#take({ compact, entries: [] });
  }

  /** A sync has finished that began in the state of this number. */
  synced(state: number): void {
    if (state <= this.#first) return;
    this.#states = this.#states.slice(state - this.#first);
    this.#first = state;
  }

  /**
   * A log has been opened: what it shows is on the device from now on.
   * @throws {LogViolation} when it cannot be what was written.
   */
  recovered(log: RaftLog): void {
    const found = describeLog(log);
    if (!this.#states.includes(found)) {
      throw new LogViolation(`found ${found}, not one of ${this.#states.join('\n')}`);
    }
    // Syncs of the life before count no more.
    this.#first = this.issued + 1;
    this.#states = [found];
    const staged = log.stagedSnapshot();
    const name = staged && stagedName(staged.index, [...staged.chunks()]);
    if (!this.staged.has(name)) {
      throw new LogViolation(`found ${name} staged, not one of ${[...this.staged].join(', ')}`);
    }
    this.staged = new Set([name]);
    this.#become(log);
  }

  #take(part: LogWrite): void {
    this.log.write(part);
    this.#states.push(describeLog(this.log));
  }

  /** Goes on from what was found. */
  #become(log: RaftLog): void {
    const { base, lastIndex, hardState, configurations } = log.recovered();
    const [first] = configurations;
    this.log = new MemoryRaftLog();
    this.log.write({ hardState, entries: [] });
    if (first === undefined) return;
    this.log.write({ reset: { ...base, configuration: first.configuration }, entries: [] });
    if (lastIndex === base.index) return;
    this.log.write({ entries: log.read(base.index + 1, lastIndex, Number.MAX_VALUE) });
  }
}

export function stagedName(index: number, chunks: readonly Uint8Array[]): string {
  return `${index}: ${chunks.map((chunk) => decoder.decode(chunk)).join(' ')}`;
}
