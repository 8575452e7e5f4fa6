/**
 * A machine's own idea of time: a wall clock that may be wrong, and a monotonic one that may run
 * fast or slow.
 *
 * Invariant: a timer never fires before its delay has passed on the machine's own monotonic clock;
 * when the clock is slowed down meanwhile, the timer waits for the rest.
 */
import { type Clock, checkDelay, type Timer } from '@ds/clock';
import type { Owner, SimEvent } from './event-queue.ts';
import { ceilToTick, type Kernel, TICK_MS } from './kernel.ts';

/** The clock as hardware: it goes on through crashes. */
export class MachineClock {
  readonly #kernel: Kernel;
  readonly #wallStartMs: number;
  #offsetMs = 0;
  #rate = 1;
  #baseMs = 0;
  #baseLocalMs = 0;

  constructor(kernel: Kernel, wallStartMs: number) {
    this.#kernel = kernel;
    this.#wallStartMs = wallStartMs;
  }

  /** Local ms since the world began. */
  get elapsedMs(): number {
    return this.#baseLocalMs + (this.#kernel.now - this.#baseMs) * this.#rate;
  }

  get wallMs(): number {
    return this.#wallStartMs + this.#offsetMs + this.elapsedMs;
  }

  /** Lets the wall clock show `offsetMs` more than it would; it jumps there at once. */
  setOffset(offsetMs: number): void {
    if (!Number.isFinite(offsetMs)) throw new RangeError(`offsetMs is finite, got ${offsetMs}`);
    this.#offsetMs = offsetMs;
  }

  /** Lets the wall clock jump by `byMs`, either way: somebody has set it. */
  step(byMs: number): void {
    this.setOffset(this.#offsetMs + byMs);
  }

  /** Lets both readings gain `partsPerMillion` from here on; negative values lose time. */
  setDrift(partsPerMillion: number): void {
    if (!(Math.abs(partsPerMillion) <= 500_000)) {
      throw new RangeError(`a drift is at most 500000 parts per million, got ${partsPerMillion}`);
    }
    this.#baseLocalMs = this.elapsedMs;
    this.#baseMs = this.#kernel.now;
    this.#rate = 1 + partsPerMillion / 1e6;
  }

  /** When, in virtual time, `elapsedMs` will have reached `localMs` at the present rate. */
  virtualTime(localMs: number): number {
    if (this.#rate === 1 && this.#baseMs === this.#baseLocalMs) return ceilToTick(localMs);
    const guess = this.#baseMs + (localMs - this.#baseLocalMs) / this.#rate;
    let at = Math.max(this.#kernel.now, ceilToTick(guess));
    while (this.#baseLocalMs + (at - this.#baseMs) * this.#rate < localMs) at += TICK_MS;
    return at;
  }
}

/** The Clock port for one life of a machine: its monotonic time starts at 0 with each. */
export class SimClock implements Clock {
  readonly #kernel: Kernel;
  readonly #machineClock: MachineClock;
  readonly #owner: Owner;
  readonly #bootMs: number;

  constructor(kernel: Kernel, machineClock: MachineClock, owner: Owner) {
    this.#kernel = kernel;
    this.#machineClock = machineClock;
    this.#owner = owner;
    this.#bootMs = machineClock.elapsedMs;
  }

  now(): number {
    return this.#machineClock.wallMs;
  }

  monotonic(): number {
    return this.#machineClock.elapsedMs - this.#bootMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const deadline = this.monotonic() + checkDelay(delayMs);
    let event: SimEvent;
    const wait = (): void => {
      const at = this.#machineClock.virtualTime(this.#bootMs + deadline);
      event = this.#kernel.scheduleAt('timer', at, this.#owner, expire);
    };
    const expire = (): unknown => {
      if (this.monotonic() < deadline) return wait();
      return fire();
    };
    wait();
    return { cancel: () => event.cancel() };
  }
}
