/**
 * Timestamps close to the wall clock that respect cause and effect, whatever the wall clock does.
 *
 * Invariants, as long as the clock is not told to forget them by a restart without its bound:
 * 1. Timestamps strictly increase, also when the wall clock stands still or steps back.
 * 2. The timestamp of a receipt is greater than that of the message.
 * 3. `wallMs` is never behind the wall clock at the call, and never ahead of the fastest wall clock
 *    that was heard of; a remote one is heard of only up to `maxOffsetMs` ahead of ours.
 * 4. No timestamp has a `wallMs` above the persisted upper bound, where there is one. So a restart
 *    that begins above that bound issues nothing twice, however far the wall has stepped back.
 * 5. A call that throws issues nothing and leaves the clock where it was.
 *
 * When the count passes 16 bits it carries into the wall time, so every timestamp fits 64 bits.
 *
 * Jumps. Of a step back all that is lost is closeness: the count goes on until the wall clock has
 * caught up. A step forward is worse, for timestamps taken ahead of time stay, and drag others
 * along. With `refuseForwardJumps` such a reading throws and is not used: the clock works again as
 * soon as the wall clock is back, or once `refresh` has accepted the new time. A long pause between
 * two calls is no jump: the monotonic clock has moved as well. (Where it stands still while a
 * machine sleeps, waking up looks like one.)
 *
 * Cost: `now` O(1): one reading of the wall clock and one small object.
 * Source: S. Kulkarni et al., 2014, figure 5; the rules on offsets, jumps and bounds are those of
 * CockroachDB's hlc package.
 */
import type { Clock } from './clock.ts';
import { ClockError } from './errors.ts';
import { type HybridTimestamp, MAX_LOGICAL, MAX_LOGICAL_IN_64_BITS } from './hybrid-timestamp.ts';
import { systemClock } from './system.ts';

export interface HybridLogicalClockOptions {
  /** @default systemClock */
  readonly clock?: Pick<Clock, 'now' | 'monotonic'>;
  /**
   * How far wall clocks may differ. Remote timestamps further ahead are refused; a step back by
   * more than a tenth of it is counted as a jump, and so is one forward by half of it. 0 turns all
   * of this off. @default 500
   */
  readonly maxOffsetMs?: number;
  /** Whether a reading after a jump forward throws. @default false */
  readonly refuseForwardJumps?: boolean;
  /** The bound that the last run has persisted: all timestamps will be above it. */
  readonly startAboveMs?: number;
  /** The bound that is persisted now: no timestamp will be above it. 0 is none. @default 0 */
  readonly upperBoundMs?: number;
}

export interface HybridLogicalClockStatus {
  /** How far the last timestamp is ahead of the wall clock's last reading. */
  readonly aheadMs: number;
  readonly backwardJumps: number;
  readonly forwardJumps: number;
  readonly refusedRemotes: number;
  /** `Infinity` when there is none. */
  readonly upperBoundMs: number;
}

export class HybridLogicalClock {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #maxOffsetMs: number;
  readonly #forwardJumpMs: number;
  readonly #refuseForwardJumps: boolean;
  #wallMs: number;
  #logical = MAX_LOGICAL;
  #physicalMs = 0;
  // The wall clock's lead over the monotonic one, when both were last read together.
  #leadMs = 0;
  #upperBoundMs: number;
  #extending = false;
  #backwardJumps = 0;
  #forwardJumps = 0;
  #refusedRemotes = 0;

  constructor({
    clock = systemClock,
    maxOffsetMs = 500,
    refuseForwardJumps = false,
    startAboveMs = -1,
    upperBoundMs = 0,
  }: HybridLogicalClockOptions = {}) {
    if (!(maxOffsetMs >= 0 && startAboveMs >= -1 && upperBoundMs >= 0)) {
      throw new RangeError('maxOffsetMs, startAboveMs and upperBoundMs must not be negative');
    }
    this.#clock = clock;
    this.#maxOffsetMs = maxOffsetMs || Number.POSITIVE_INFINITY;
    this.#forwardJumpMs = this.#maxOffsetMs / 2;
    this.#refuseForwardJumps = refuseForwardJumps;
    this.#wallMs = Math.floor(startAboveMs);
    this.#upperBoundMs = upperBoundMs || Number.POSITIVE_INFINITY;
    this.refresh();
  }

  /**
   * The timestamp of a local event, or of the sending of a message.
   * @throws {ClockError} `CLOCK_FORWARD_JUMP`, `CLOCK_ABOVE_BOUND`
   */
  now(): HybridTimestamp {
    return this.#issue(this.#readPhysical(), this.#wallMs, this.#logical);
  }

  /**
   * The timestamp of the receipt of a message, greater than `remote` and all of ours.
   * @throws {ClockError} `CLOCK_REMOTE_AHEAD`, `CLOCK_MALFORMED` for what is no timestamp, and as
   * {@link now}.
   */
  receive(remote: HybridTimestamp): HybridTimestamp {
    const physicalMs = this.#readPhysical();
    this.#checkRemote(remote, physicalMs);
    return this.#isAhead(remote)
      ? this.#issue(physicalMs, remote.wallMs, remote.logical)
      : this.#issue(physicalMs, this.#wallMs, this.#logical);
  }

  /**
   * Makes all later timestamps greater than `remote`, without an event of our own.
   * @throws {ClockError} as {@link receive}.
   */
  update(remote: HybridTimestamp): void {
    this.#checkRemote(remote, this.#readPhysical());
    if (!this.#isAhead(remote)) return;
    this.#checkBound(remote.wallMs);
    this.#wallMs = remote.wallMs;
    this.#logical = remote.logical;
  }

  /** Takes the wall clock as it is: what it has jumped until now is no jump any more. */
  refresh(): void {
    this.#physicalMs = Math.floor(this.#clock.now());
    this.#leadMs = this.#physicalMs - this.#clock.monotonic();
  }

  /**
   * Persists a bound `aheadMs` ahead, then lets timestamps come up to it. Call it again well before
   * they do, one call at a time. When `persist` fails, the bound stays what it was. It never goes
   * back: timestamps up to it may be issued while `persist` is under way.
   * @returns the new bound
   */
  async extendUpperBound(
    persist: (boundMs: number) => void | Promise<void>,
    aheadMs: number,
  ): Promise<number> {
    if (!(aheadMs >= 0)) throw new RangeError(`a bound lies ahead, not at ${aheadMs} ms`);
    const wantedMs = Math.max(this.#readPhysical(), this.#wallMs) + aheadMs;
    const isBounded = this.#upperBoundMs < Number.POSITIVE_INFINITY;
    const boundMs = isBounded ? Math.max(wantedMs, this.#upperBoundMs) : wantedMs;
    await this.#setUpperBound(persist, boundMs);
    return boundMs;
  }

  /** Persists 0, then does without a bound. */
  removeUpperBound(persist: (boundMs: number) => void | Promise<void>): Promise<void> {
    return this.#setUpperBound(persist, 0);
  }

  status(): HybridLogicalClockStatus {
    return {
      aheadMs: Math.max(0, this.#wallMs - this.#physicalMs),
      backwardJumps: this.#backwardJumps,
      forwardJumps: this.#forwardJumps,
      refusedRemotes: this.#refusedRemotes,
      upperBoundMs: this.#upperBoundMs,
    };
  }

  /** The smallest timestamp that is neither behind the wall clock nor at or before the given. */
  #issue(physicalMs: number, wallMs: number, logical: number): HybridTimestamp {
    const isNewWall = physicalMs > wallMs;
    const carries = !isNewWall && logical >= MAX_LOGICAL_IN_64_BITS;
    const wall = isNewWall ? physicalMs : carries ? wallMs + 1 : wallMs;
    const count = isNewWall || carries ? 0 : logical + 1;
    this.#checkBound(wall);
    this.#wallMs = wall;
    this.#logical = count;
    return { wallMs: wall, logical: count };
  }

  #readPhysical(): number {
    const physicalMs = Math.floor(this.#clock.now());
    const step = physicalMs - this.#physicalMs;
    if (step < 0 || step >= this.#forwardJumpMs) this.#judgeStep(physicalMs, step);
    this.#physicalMs = physicalMs;
    return physicalMs;
  }

  #judgeStep(physicalMs: number, step: number): void {
    const leadMs = physicalMs - this.#clock.monotonic();
    if (-step > this.#maxOffsetMs / 10) this.#backwardJumps += 1;
    if (step > 0 && leadMs - this.#leadMs >= this.#forwardJumpMs) {
      this.#forwardJumps += 1;
      if (this.#refuseForwardJumps) {
        const jumped = `the wall clock has jumped ahead by ${Math.floor(leadMs - this.#leadMs)} ms`;
        throw new ClockError('CLOCK_FORWARD_JUMP', jumped);
      }
    }
    this.#leadMs = leadMs;
  }

  #isAhead({ wallMs, logical }: HybridTimestamp): boolean {
    return wallMs === this.#wallMs ? logical > this.#logical : wallMs > this.#wallMs;
  }

  #checkRemote({ wallMs, logical }: HybridTimestamp, physicalMs: number): void {
    const isCount = Number.isInteger(logical) && logical >= 0 && logical <= MAX_LOGICAL;
    if (!(Number.isSafeInteger(wallMs) && wallMs >= 0 && isCount)) {
      throw new ClockError('CLOCK_MALFORMED', `${wallMs},${logical} is no hybrid timestamp`);
    }
    if (wallMs - physicalMs > this.#maxOffsetMs) {
      this.#refusedRemotes += 1;
      const ahead = `the remote wall clock is ${wallMs - physicalMs} ms ahead`;
      throw new ClockError('CLOCK_REMOTE_AHEAD', `${ahead}, more than ${this.#maxOffsetMs} ms`);
    }
  }

  #checkBound(wallMs: number): void {
    if (wallMs <= this.#upperBoundMs) return;
    const above = `wall time ${wallMs} is above the persisted bound ${this.#upperBoundMs}`;
    throw new ClockError('CLOCK_ABOVE_BOUND', above);
  }

  async #setUpperBound(
    persist: (boundMs: number) => void | Promise<void>,
    boundMs: number,
  ): Promise<void> {
    if (this.#extending) throw new TypeError('the upper bound is being persisted already');
    this.#extending = true;
    try {
      await persist(boundMs);
      this.#upperBoundMs = boundMs || Number.POSITIVE_INFINITY;
    } finally {
      this.#extending = false;
    }
  }
}
