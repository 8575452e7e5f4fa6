/**
 * Counts what clients experience: requests acknowledged per second, how long a put took, and how
 * long no write got through after a leader was killed.
 *
 * The write gap is measured as a user would: from the SIGKILL to the first acknowledgement of a
 * write that was *sent after the process was gone*. An answer that was already on its way when the
 * leader died does not end the gap, so detection, election and the client's own retry are all in
 * it.
 *
 * Cost: O(1) per request; a sort of one tick's latencies per tick.
 */
import type { Elections, Sample } from './state.ts';

/** Long enough for steady figures, short enough for an election to show. */
export const SAMPLE_EVERY_MS = 500;
/** Two minutes. */
const MAX_SAMPLES = 240;
/** Above this many puts per tick the percentiles are of a part of them. */
const MAX_LATENCIES = 10_000;
/** Puts that the overall median is taken over, from the start. */
const MAX_REMEMBERED = 100_000;

interface Outage {
  readonly killedAtMs: number;
  readonly goneAtMs: number;
  readonly resumed: (gapMs: number) => void;
}

export class Meter {
  readonly #elapsedMs: () => number;
  readonly #samples: Sample[] = [];
  readonly #gapsMs: number[] = [];
  #latencies: number[] = [];
  #puts = 0;
  #reads = 0;
  #batches = 0;
  #acknowledgedPuts = 0;
  readonly #allPutsMs: number[] = [];
  #lastTick: number;
  #outages: Outage[] = [];

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
    this.#lastTick = elapsedMs();
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Single puts acknowledged since the start. */
  get acknowledgedPuts(): number {
    return this.#acknowledgedPuts;
  }

  now(): number {
    return this.#elapsedMs();
  }

  put(sentAtMs: number): void {
    this.#puts += 1;
    this.#acknowledgedPuts += 1;
    const tookMs = this.now() - sentAtMs;
    if (this.#latencies.length < MAX_LATENCIES) this.#latencies.push(tookMs);
    if (this.#allPutsMs.length < MAX_REMEMBERED) this.#allPutsMs.push(tookMs);
    this.#wrote(sentAtMs);
  }

  read(): void {
    this.#reads += 1;
  }

  batch(sentAtMs: number): void {
    this.#batches += 1;
    this.#wrote(sentAtMs);
  }

  /** Opens a write gap; resolves with its length in ms when a write gets through again. */
  leaderKilled(killedAtMs: number, goneAtMs: number): Promise<number> {
    return new Promise((resumed) => this.#outages.push({ killedAtMs, goneAtMs, resumed }));
  }

  elections(): Elections {
    const sorted = [...this.#gapsMs].sort((a, b) => a - b);
    const p50Ms = Math.round(percentile(sorted, 0.5) ?? 0);
    return { count: sorted.length, p50Ms, maxMs: Math.round(sorted.at(-1) ?? 0) };
  }

  /** What half of the single puts took at most, outages included. */
  medianPutMs(): number {
    const sorted = [...this.#allPutsMs].sort((a, b) => a - b);
    return rounded(percentile(sorted, 0.5)) ?? 0;
  }

  /** Closes one tick: call it every {@link SAMPLE_EVERY_MS}. */
  tick(): Sample {
    const now = this.now();
    const seconds = Math.max(1, now - this.#lastTick) / 1_000;
    this.#latencies.sort((a, b) => a - b);
    const sample: Sample = {
      atMs: Math.round(now),
      putsPerSecond: Math.round(this.#puts / seconds),
      readsPerSecond: Math.round(this.#reads / seconds),
      batchesPerSecond: Math.round(this.#batches / seconds),
      putP50Ms: rounded(percentile(this.#latencies, 0.5)),
      putP99Ms: rounded(percentile(this.#latencies, 0.99)),
    };
    this.#puts = this.#reads = this.#batches = 0;
    this.#latencies = [];
    this.#lastTick = now;
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    return sample;
  }

  #wrote(sentAtMs: number): void {
    if (this.#outages.length === 0) return;
    const over = this.#outages.filter((outage) => sentAtMs > outage.goneAtMs);
    if (over.length === 0) return;
    this.#outages = this.#outages.filter((outage) => !over.includes(outage));
    for (const { killedAtMs, resumed } of over) {
      const gapMs = this.now() - killedAtMs;
      this.#gapsMs.push(gapMs);
      resumed(gapMs);
    }
  }
}

/** Nearest rank; `undefined` for an empty list. */
export function percentile(sorted: readonly number[], rank: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)];
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 100) / 100;
}
