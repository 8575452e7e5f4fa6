/**
 * Percentiles of the last ten seconds, at a cost that a hot path can pay.
 *
 * One histogram per second in a ring; a quantile sums the ring. Buckets grow by a factor of
 * 2^(1/8), so a quantile is at most 9% too high and never too low, from 1 us to a minute.
 *
 * Cost: one logarithm and one addition per sample, nothing allocated; 10 x 208 counters in all.
 */
import type { Clock } from '@ds/clock';

const SLOTS = 10;
const SLOT_MS = 1_000;
const BUCKETS_PER_OCTAVE = 8;
const BUCKETS = 26 * BUCKETS_PER_OCTAVE;

export interface Percentiles {
  /** `null` without samples. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export class LatencyWindow {
  readonly #clock: Clock;
  readonly #slots = Array.from({ length: SLOTS }, () => new Uint32Array(BUCKETS));
  #second: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#second = Math.floor(clock.monotonic() / SLOT_MS);
  }

  /** Adds one sample that ended now. */
  record(elapsedMs: number): void {
    this.#turn();
    const octaves = Math.log2(Math.max(elapsedMs * 1_000, 1));
    const bucket = Math.min(BUCKETS - 1, Math.ceil(octaves * BUCKETS_PER_OCTAVE));
    this.#slots[this.#second % SLOTS]![bucket]! += 1;
  }

  percentiles(): Percentiles {
    this.#turn();
    const sums = new Float64Array(BUCKETS);
    let total = 0;
    for (const slot of this.#slots) {
      for (let i = 0; i < BUCKETS; i += 1) sums[i]! += slot[i]!;
    }
    for (const count of sums) total += count;
    return { p50Ms: quantileMs(sums, total, 0.5), p99Ms: quantileMs(sums, total, 0.99) };
  }

  /** Empties the slots of the seconds that have passed since the last call. */
  #turn(): void {
    const second = Math.floor(this.#clock.monotonic() / SLOT_MS);
    if (second === this.#second) return;
    const passed = Math.min(second - this.#second, SLOTS);
    for (let i = 0; i < passed; i += 1) this.#slots[(second - i) % SLOTS]!.fill(0);
    this.#second = second;
  }
}

function quantileMs(counts: Float64Array, total: number, quantile: number): number | null {
  if (total === 0) return null;
  let left = Math.ceil(total * quantile);
  let bucket = 0;
  while (bucket < BUCKETS - 1 && (left -= counts[bucket]!) > 0) bucket += 1;
  return 2 ** (bucket / BUCKETS_PER_OCTAVE) / 1_000;
}
