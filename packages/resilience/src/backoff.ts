/**
 * How long to wait before trying again, so that many who fail together do not return together.
 *
 * Exponential growth takes load off what is failing; jitter spreads those who wait. Waits without
 * jitter keep clients in step, and each wave fails like the one before it.
 *
 * Invariant: 0 <= delay <= maxMs, for every attempt and every draw. Cost: O(1), one draw per delay.
 *
 * Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, whose names
 * and formulas these are (base = `initialMs`, cap = `maxMs`).
 */

export interface BackoffOptions {
  /** The first delay's upper bound; decorrelated jitter's lower bound. @default 50 */
  readonly initialMs?: number;
  /** No delay is longer. @default 5_000 */
  readonly maxMs?: number;
  /** What the bound grows by with each failure, at least 1. Decorrelated: 3 there. @default 2 */
  readonly factor?: number;
  /**
   * `full`: anywhere between 0 and the bound; least work in total, and what to take unless a delay
   * near 0 is a problem. `decorrelated`: between `initialMs` and `factor` times the last delay.
   * `none`: the bound itself, for tests and for a single client. @default 'full'
   */
  readonly jitter?: 'full' | 'decorrelated' | 'none';
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** The bound after `attempt` failures: `initialMs * factor ** attempt`, at most `maxMs`. */
export function exponentialMs(
  initialMs: number,
  maxMs: number,
  factor: number,
  attempt: number,
): number {
  // A power that overflows is Infinity, which the minimum takes care of.
  return Math.min(maxMs, initialMs * factor ** attempt);
}

/** "Full jitter": a draw in [0, 1) spread over everything below the bound. */
export function fullJitterMs(boundMs: number, draw: number): number {
  return boundMs * draw;
}

/** "Decorrelated jitter": between `initialMs` and `factor` times the last, at most `maxMs`. */
export function decorrelatedJitterMs(
  initialMs: number,
  maxMs: number,
  factor: number,
  lastMs: number,
  draw: number,
): number {
  const highMs = Math.max(initialMs, lastMs * factor);
  return Math.min(maxMs, initialMs + (highMs - initialMs) * draw);
}

/** The delays of one client of one resource: grow with each failure, start over on success. */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #jitter: 'full' | 'decorrelated' | 'none';
  readonly #random: () => number;
  #attempt = 0;
  #lastMs: number;

  /** @throws {RangeError} unless 0 < initialMs <= maxMs < Infinity and 1 <= factor < Infinity. */
  constructor({
    initialMs = 50,
    maxMs = 5_000,
    jitter = 'full',
    factor = jitter === 'decorrelated' ? 3 : 2,
    random = Math.random,
  }: BackoffOptions = {}) {
    if (!(initialMs > 0 && initialMs <= maxMs && maxMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(
        `a backoff has 0 < initialMs <= maxMs < Infinity, got ${initialMs} and ${maxMs}`,
      );
    }
    if (!(factor >= 1 && factor < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a backoff's factor is finite and at least 1, got ${factor}`);
    }
    if (jitter !== 'full' && jitter !== 'decorrelated' && jitter !== 'none') {
      throw new RangeError(`a backoff's jitter is full, decorrelated or none, got ${jitter}`);
    }
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#factor = factor;
    this.#jitter = jitter;
    this.#random = random;
    this.#lastMs = initialMs;
  }

  /** Delays taken since the last success. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Call after a failure: how long to wait before the next attempt. */
  nextMs(): number {
    const attempt = this.#attempt++;
    if (this.#jitter === 'decorrelated') {
      this.#lastMs = decorrelatedJitterMs(
        this.#initialMs,
        this.#maxMs,
        this.#factor,
        this.#lastMs,
        this.#random(),
      );
      return this.#lastMs;
    }
    const boundMs = exponentialMs(this.#initialMs, this.#maxMs, this.#factor, attempt);
    return this.#jitter === 'none' ? boundMs : fullJitterMs(boundMs, this.#random());
  }

  /** Call after a success: the next failure starts from the shortest delay again. */
  reset(): void {
    this.#attempt = 0;
    this.#lastMs = this.#initialMs;
  }
}
