/**
 * Writes a data set through the cluster: batches of `BATCH_RECORDS`, `IN_FLIGHT` at a time.
 *
 * Invariant: `acknowledged` counts records whose batch the cluster has answered; a batch is sent
 * again (within its client session, so applied once) until that is so.
 *
 * `waitFor(records)` lets the kill plan strike at a chosen place; `limit` keeps the import from
 * running past a kill that is still to come, so that "in mid-import" holds on any machine.
 */
import type { SourceRecord } from './data-set.ts';
import type { Meter } from './meter.ts';

export const BATCH_RECORDS = 100;
const IN_FLIGHT = 8;
const MAX_SENDS = 5;

/** The part of the store's client that the import needs. */
export interface BatchWriter {
  batch(records: readonly SourceRecord[], signal: AbortSignal): Promise<void>;
}

export class Importer {
  readonly #records: readonly SourceRecord[];
  readonly #meter: Meter;
  readonly #waiting = new Set<{ readonly records: number; readonly reached: () => void }>();
  #next = 0;
  #acknowledged = 0;
  #limit = Number.POSITIVE_INFINITY;
  #lifted: (() => void)[] = [];
  #startedAt: number | undefined;
  #endedAt: number | undefined;

  constructor(records: readonly SourceRecord[], meter: Meter) {
    this.#records = records;
    this.#meter = meter;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Acknowledged records per second, over the whole import so far. */
  get perSecond(): number {
    if (this.#startedAt === undefined) return 0;
    const elapsedMs = (this.#endedAt ?? this.#meter.now()) - this.#startedAt;
    return elapsedMs > 0 ? Math.round((this.#acknowledged * 1_000) / elapsedMs) : 0;
  }

  /** No record at or past this position is sent until the limit is moved. */
  limit(records: number): void {
    this.#limit = records;
    for (const resume of this.#lifted.splice(0)) resume();
  }

  /** Resolves when `records` are acknowledged. */
  waitFor(records: number): Promise<void> {
    if (this.#acknowledged >= records) return Promise.resolve();
    return new Promise((reached) => this.#waiting.add({ records, reached }));
  }

  async run(writers: readonly BatchWriter[], signal: AbortSignal): Promise<void> {
    this.#startedAt = this.#meter.now();
    const lanes = Array.from({ length: IN_FLIGHT }, (_, lane) =>
      this.#lane(writers[lane % writers.length]!, signal),
    );
    await Promise.all(lanes);
    this.#endedAt = this.#meter.now();
  }

  async #lane(writer: BatchWriter, signal: AbortSignal): Promise<void> {
    while (this.#next < this.#records.length) {
      signal.throwIfAborted();
      if (this.#next >= this.#limit) {
        await this.#untilLifted(signal);
        continue;
      }
      const records = this.#records.slice(this.#next, this.#next + BATCH_RECORDS);
      this.#next += records.length;
      const sentAtMs = this.#meter.now();
      await this.#send(writer, records, signal);
      this.#meter.batch(sentAtMs);
      this.#acknowledge(records.length);
    }
  }

  /** The client tries for a minute; a user may leave a majority dead for longer than that. */
  async #send(
    writer: BatchWriter,
    records: readonly SourceRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let sends = 1; ; sends++) {
      try {
        await writer.batch(records, signal);
        return;
      } catch (error) {
        // Writing the same records once more changes nothing, so an unclear outcome is no harm.
        if (signal.aborted || sends === MAX_SENDS) throw error;
      }
    }
  }

  #acknowledge(records: number): void {
    this.#acknowledged += records;
    for (const waiting of this.#waiting) {
      if (this.#acknowledged < waiting.records) continue;
      this.#waiting.delete(waiting);
      waiting.reached();
    }
  }

  #untilLifted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#lifted.push(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
  }
}
