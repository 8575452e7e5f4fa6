/**
 * Lets leases age: while its member leads, it says in the log how much time has passed by this
 * member's own clock. A new leader counts from its election on, so what passed since the last word
 * of the one before is given to the holders of leases, never taken from them.
 *
 * Cost: one command per `intervalMs` while there are leases, none otherwise.
 */
import type { Clock, Timer } from '@ds/clock';
import type { Unsubscribe } from '@ds/transport';
import type { RaftNode } from '../driver/node.ts';
import { RaftError } from '../errors.ts';
import { encodeCommand } from './coordination-commands.ts';
import { type CoordinationMachine, MAX_ADVANCE_MS } from './coordination-machine.ts';

export interface LeaseClockOptions {
  readonly node: RaftNode;
  readonly machine: CoordinationMachine;
  readonly clock: Clock;
  /** How exact leases are. @default 500 */
  readonly intervalMs?: number;
  /** Takes what stops the clock: the member has failed. @default nobody */
  readonly onError?: (error: unknown) => void;
}

export class LeaseClock {
  readonly #options: Required<LeaseClockOptions>;
  readonly #unsubscribe: Unsubscribe;
  #timer: Timer | undefined;
  /** When this member last said what time it is, or began to lead. */
  #saidMs = 0;

  constructor({ intervalMs = 500, onError = () => {}, ...options }: LeaseClockOptions) {
    if (!(intervalMs >= 1 && intervalMs <= MAX_ADVANCE_MS)) {
      throw new RangeError(`intervalMs is from 1 to ${MAX_ADVANCE_MS}, got ${intervalMs}`);
    }
    this.#options = { intervalMs, onError, ...options };
    this.#unsubscribe = options.node.onChange(({ role }) => this.#follow(role === 'leader'));
    this.#follow(options.node.status().role === 'leader');
  }

  /** Idempotent. */
  close(): void {
    this.#unsubscribe();
    this.#follow(false);
  }

  #follow(leads: boolean): void {
    if (leads === (this.#timer !== undefined)) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!leads) return;
    this.#saidMs = this.#options.clock.monotonic();
    this.#wait();
  }

  #wait(): void {
    const { clock, intervalMs } = this.#options;
    this.#timer = clock.setTimer(intervalMs, () => this.#say());
  }

  #say(): void {
    const { clock, machine, node, onError } = this.#options;
    const nowMs = clock.monotonic();
    const elapsedMs = Math.floor(nowMs - this.#saidMs);
    this.#saidMs += elapsedMs;
    const timer = this.#timer;
    const next = (): void => {
      if (this.#timer === timer) this.#wait();
    };
    if (machine.leases === 0) {
      next();
      return;
    }
    node.propose(encodeCommand({ kind: 'advance', elapsedMs })).then(next, (error: unknown) => {
      // Without leadership another member says it; too much waiting makes leases longer.
      const isOver = error instanceof RaftError && error.code === 'RAFT_OVERLOADED';
      if (isOver) next();
      else if (error instanceof RaftError && error.code === 'RAFT_FAILED') onError(error);
    });
  }
}
