/**
 * A clock that knows how wrong it may be: `now()` is an interval that holds the true time.
 *
 * It starts from a measurement (an interval, taken at one reading of the monotonic clock) and lets
 * the interval drift apart by `maxDriftPpm` as time passes. Each new measurement is intersected
 * with what the old ones have become: both hold the true time, so what they share does. Steps of
 * the wall clock do not matter, for it is not read again.
 *
 * Invariants, if each measurement held the true time and the drift is within its bound: `now()`
 * holds the true time; after `commitWait(t)` the true time is past `t`, on every machine.
 * Cost: O(1).
 *
 * Source: J. Corbett et al., "Spanner: Google's Globally-Distributed Database", 2012, sections 3
 * and 4.1.2; the measurement over a network is F. Cristian's, 1989.
 */
import { BOTH, type Causality, causalityOf, LESS, MORE } from './causality.ts';
import type { Clock } from './clock.ts';
import { ClockError } from './errors.ts';
import { systemClock } from './system.ts';
import { sleep } from './wait.ts';

/** The true time, in ms since 1970, lies somewhere from `earliestMs` to `latestMs`. */
export interface TimeInterval {
  readonly earliestMs: number;
  readonly latestMs: number;
}

export interface BoundedClockOptions {
  /** @default systemClock */
  readonly clock?: Clock;
  /** The first measurement: how wrong the wall clock may be as the clock is made. */
  readonly uncertaintyMs: number;
  /** How much the monotonic clock may run fast or slow, in millionths. @default 200 */
  readonly maxDriftPpm?: number;
  /** With more uncertainty to either side, `now()` throws. @default Infinity */
  readonly maxUncertaintyMs?: number;
}

/** An answer of a time server, and when we asked and heard it by our own `monotonic()`. */
export interface TimeMeasurement extends TimeInterval {
  readonly askedAtMs: number;
  readonly heardAtMs: number;
}

export class BoundedClock {
  readonly #clock: Clock;
  readonly #drift: number;
  readonly #maxUncertaintyMs: number;
  #measuredAtMs: number;
  #earliestMs: number;
  #latestMs: number;

  constructor({
    clock = systemClock,
    uncertaintyMs,
    maxDriftPpm = 200,
    maxUncertaintyMs = Number.POSITIVE_INFINITY,
  }: BoundedClockOptions) {
    const isBounded = uncertaintyMs >= 0 && uncertaintyMs < Number.POSITIVE_INFINITY;
    if (!(isBounded && maxDriftPpm >= 0 && maxDriftPpm < 1e6 && maxUncertaintyMs > 0)) {
      throw new RangeError('uncertaintyMs is finite, maxDriftPpm from 0 to under a million');
    }
    this.#clock = clock;
    this.#drift = maxDriftPpm / 1e6;
    this.#maxUncertaintyMs = maxUncertaintyMs;
    this.#measuredAtMs = clock.monotonic();
    const wallMs = clock.now();
    this.#earliestMs = wallMs - uncertaintyMs;
    this.#latestMs = wallMs + uncertaintyMs;
  }

  /** @throws {ClockError} `CLOCK_UNCERTAIN` over `maxUncertaintyMs`. */
  now(): TimeInterval {
    const interval = this.#at(this.#clock.monotonic());
    const uncertaintyMs = (interval.latestMs - interval.earliestMs) / 2;
    if (uncertaintyMs > this.#maxUncertaintyMs) {
      const wide = `the time is uncertain by ${uncertaintyMs} ms`;
      throw new ClockError('CLOCK_UNCERTAIN', `${wide}, more than ${this.#maxUncertaintyMs}`);
    }
    return interval;
  }

  /** Whether `timeMs` has passed for certain. */
  isPast(timeMs: number): boolean {
    return this.now().earliestMs > timeMs;
  }

  /** Whether `timeMs` is yet to come for certain. */
  isFuture(timeMs: number): boolean {
    return this.now().latestMs < timeMs;
  }

  /**
   * Takes in what a time server has answered: it was within its interval at some moment between
   * question and answer.
   * @throws {ClockError} `CLOCK_DISJOINT` when that cannot be true together with what was measured
   * before; nothing changes. One of both is wrong: ask others, or begin with a new clock.
   */
  synchronize({ askedAtMs, heardAtMs, earliestMs, latestMs }: TimeMeasurement): void {
    const nowMs = this.#clock.monotonic();
    const isOrdered = askedAtMs <= heardAtMs && heardAtMs <= nowMs && earliestMs <= latestMs;
    if (!(isOrdered && Number.isFinite(latestMs - earliestMs))) {
      throw new RangeError('a measurement is asked before it is heard, and heard before now');
    }
    const known = this.#at(nowMs);
    const measuredEarliestMs = earliestMs + (nowMs - heardAtMs) * (1 - this.#drift);
    const measuredLatestMs = latestMs + (nowMs - askedAtMs) * (1 + this.#drift);
    const earliest = Math.max(known.earliestMs, measuredEarliestMs);
    const latest = Math.min(known.latestMs, measuredLatestMs);
    if (earliest > latest) {
      const measured = `${measuredEarliestMs} to ${measuredLatestMs}`;
      const expected = `${known.earliestMs} to ${known.latestMs}`;
      throw new ClockError('CLOCK_DISJOINT', `measured ${measured}, known was ${expected}`);
    }
    this.#measuredAtMs = nowMs;
    this.#earliestMs = earliest;
    this.#latestMs = latest;
  }

  /**
   * Resolves when `timeMs` is past for certain. A transaction that takes `now().latestMs` as its
   * timestamp and then waits for it here is visible to nobody before that time has come.
   * @throws the signal's reason, `CLOCK_UNCERTAIN`
   */
  async commitWait(timeMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    for (;;) {
      const leftMs = timeMs - this.now().earliestMs;
      if (leftMs < 0) return;
      // The earliest time grows by (1 - drift) a millisecond, and has to come past, not up to.
      await sleep(this.#clock, leftMs / (1 - this.#drift) + 2 ** -10, signal);
    }
  }

  #at(monotonicMs: number): TimeInterval {
    const elapsedMs = monotonicMs - this.#measuredAtMs;
    return {
      earliestMs: this.#earliestMs + elapsedMs * (1 - this.#drift),
      latestMs: this.#latestMs + elapsedMs * (1 + this.#drift),
    };
  }
}

/**
 * Whether what happened in `a` was before what happened in `b` for certain. Intervals that share a
 * moment are concurrent, unless both are one and the same moment.
 */
export function compareIntervals(a: TimeInterval, b: TimeInterval): Causality {
  if (a.latestMs < b.earliestMs) return causalityOf(LESS);
  if (b.latestMs < a.earliestMs) return causalityOf(MORE);
  const isMoment = a.earliestMs === a.latestMs && b.earliestMs === b.latestMs;
  return causalityOf(isMoment ? 0 : BOTH);
}
