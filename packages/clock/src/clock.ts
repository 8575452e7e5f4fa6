/**
 * The time port: everything a protocol may know about time.
 *
 * Two readings, because they answer different questions. `now` is for people and for stamps
 * that leave the machine; it may jump. `monotonic` is for measuring and for deadlines; it never
 * goes back, and its zero means nothing.
 */

/** A pending call set by {@link Clock.setTimer}. */
export interface Timer {
  /** The call will not happen. Harmless after the call or an earlier `cancel`. */
  cancel(): void;
}

/**
 * Where time comes from.
 *
 * Rules every clock keeps, checked by `@ds/clock/conformance`:
 * 1. `monotonic` never goes back. `now` may.
 * 2. A timer fires once, at or after `monotonic() + delayMs`, never inside `setTimer`.
 * 3. Timers fire in the order of their deadlines; equal deadlines in the order they were set.
 * 4. A cancelled timer never fires, also when it is cancelled by another timer of the same instant.
 * 5. A callback that throws does not keep later timers from firing.
 * 6. A delay that is negative or not finite is a `RangeError`. Any other delay is kept exactly,
 *    however long.
 */
export interface Clock {
  /** Milliseconds since 1970 by the wall clock. May jump in either direction. */
  now(): number;
  /**
   * Milliseconds, with a fraction, from an arbitrary start. Never goes back. Means nothing to
   * another process, or to this one after a restart: what is stored or sent is `now()`.
   */
  monotonic(): number;
  /**
   * Calls `fire` once after `delayMs`. A delay of 0 means as soon as the work at hand and pending
   * input are done. A pending timer of the system clock keeps a Node process alive.
   * @throws {RangeError} for a delay that is negative or not finite.
   */
  setTimer(delayMs: number, fire: () => void): Timer;
}

/** Returns `delayMs`, or throws the `RangeError` of rule 6. */
export function checkDelay(delayMs: number): number {
  if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`a timer's delay must be finite and not negative, got ${delayMs}`);
  }
  return delayMs;
}
