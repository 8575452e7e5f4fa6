/**
 * A lock that many processes share, with fencing tokens (Kleppmann, "How to do distributed
 * locking", 2016), and election of a leader among them, which is the same thing: who holds it
 * leads.
 *
 * The lock is a key that goes with its holder's lease. Its token is the version under which the key
 * was written, so a later holder has a higher one. A holder that is paused or cut off may believe
 * in its lock for too long whatever it does: what it works on must refuse tokens lower than the
 * highest it has seen. `lost` aborts when the holder can no longer know that it holds the lock,
 * which by its own clock is before the lease can end: the machine adds a second to every lease, so
 * clocks may differ in speed by a second over its time.
 *
 * Invariants: a session's lease is kept alive until it is released or lost; `lost` aborts once.
 * Cost: a command for the lease, one for the key, and one every third of the lease's time.
 */
import { type Clock, sleep, type Timer } from '@ds/clock';
import { Backoff } from '@ds/resilience';
import { RaftError } from '../errors.ts';
import {
  type CoordinationAnswer,
  type CoordinationCommand,
  decodeAnswer,
  encodeCommand,
} from './coordination-commands.ts';

export interface LockOptions {
  /** The lock's name: one key of the coordination machine. */
  readonly key: Uint8Array;
  /** Who holds it, for people and for other candidates to see. */
  readonly owner: Uint8Array;
  /**
   * Has a command applied once, and resolves with the machine's answer: `node.propose` on a leader,
   * or a client's `propose`.
   */
  readonly execute: (
    command: Uint8Array,
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<Uint8Array>;
  readonly clock: Clock;
  /** How long the lock stays taken when its holder is gone, in whole ms. @default 10_000 */
  readonly ttlMs?: number;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** A lock that is held. */
export interface HeldLock extends AsyncDisposable {
  /** Higher than that of every earlier holder: send it with everything the lock protects. */
  readonly token: number;
  /** Aborts when the lock can no longer be known to be held, or was released. */
  readonly lost: AbortSignal;
  /** Gives it up. Idempotent; without a group to tell, the lease does it later. */
  release(): Promise<void>;
}

/** How long to wait before asking again for a lock that somebody holds. */
const POLLING = { initialMs: 50, maxMs: 1_000 };

/**
 * Waits until the lock is this caller's: pass a signal.
 * @throws {RaftError} what `execute` throws; an abort rejects with the signal's reason.
 */
export async function acquireLock(
  options: LockOptions,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<HeldLock> {
  const { key, owner: value, clock, random = Math.random, ttlMs = 10_000 } = options;
  const ask = asker(options);
  const startedMs = clock.monotonic();
  const granted = await ask({ kind: 'grant', ttlMs }, signal);
  if (granted.status !== 'ok') {
    throw new RaftError('RAFT_OVERLOADED', 'there are too many leases', { retryAfterMs: ttlMs });
  }
  const lease = new HeldLease(options, ask, granted.number, startedMs);
  const backoff = new Backoff({ ...POLLING, random });
  try {
    for (;;) {
      const put = await ask({ kind: 'put', key, value, ifVersion: 0, lease: lease.id }, signal);
      if (put.status === 'ok') return lease.holding(put.number);
      if (put.status === 'no-lease') {
        throw new RaftError('RAFT_UNCERTAIN', 'the lease ended while the lock was waited for');
      }
      await sleep(clock, backoff.nextMs(), signal);
    }
  } catch (error) {
    await lease.release();
    throw error;
  }
}

type Ask = (
  command: CoordinationCommand,
  signal?: AbortSignal | undefined,
) => Promise<CoordinationAnswer>;

function asker({ execute }: LockOptions): Ask {
  return async (command, signal) => decodeAnswer(await execute(encodeCommand(command), { signal }));
}

class HeldLease implements HeldLock {
  readonly id: number;
  token = 0;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #ask: Ask;
  readonly #lost = new AbortController();
  /** The lease lasts until then at least: counted from before it was asked for. */
  #safeUntilMs: number;
  #end: Timer | undefined;
  #releasing: Promise<void> | undefined;

  constructor({ clock, ttlMs = 10_000 }: LockOptions, ask: Ask, id: number, startedMs: number) {
    this.id = id;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
    this.#ask = ask;
    this.#safeUntilMs = startedMs + ttlMs;
    void this.#keepAlive();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  holding(token: number): HeldLock {
    this.token = token;
    return this;
  }

  release(): Promise<void> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #release(): Promise<void> {
    this.#lose();
    // Best effort: what is not told to the group ends by itself.
    await this.#ask({ kind: 'revoke', lease: this.id }).catch(() => {});
  }

  async #keepAlive(): Promise<void> {
    const { signal } = this.#lost;
    this.#end = this.#clock.setTimer(this.#ttlMs, () => this.#expire());
    while (!signal.aborted) {
      await sleep(this.#clock, this.#ttlMs / 3, signal).catch(() => {});
      if (signal.aborted) return;
      const startedMs = this.#clock.monotonic();
      const answer = await this.#ask({ kind: 'keep-alive', lease: this.id }, signal).catch(
        () => undefined,
      );
      if (answer?.status === 'ok') this.#safeUntilMs = startedMs + this.#ttlMs;
      if (answer?.status === 'no-lease') this.#lose();
    }
  }

  #expire(): void {
    const leftMs = this.#safeUntilMs - this.#clock.monotonic();
    if (leftMs <= 0) this.#lose();
    else this.#end = this.#clock.setTimer(leftMs, () => this.#expire());
  }

  #lose(): void {
    if (this.#lost.signal.aborted) return;
    this.#end?.cancel();
    this.#lost.abort(new RaftError('RAFT_UNCERTAIN', 'the lock may be held by somebody else'));
  }
}
