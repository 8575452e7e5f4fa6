/**
 * Starts together what one turn of the event loop asks for.
 *
 * Raft writes its log once for all proposals that reach it in one piece of work, sends them to each
 * follower in one message, and confirms all reads of it in one round. But clients' requests come
 * socket by socket, each a piece of work of its own. So while others are under way a request waits
 * until the turn has brought all it has; one that is alone does not wait.
 *
 * Cost: one timer of 0 ms per turn.
 */
import type { Clock, Timer } from '@ds/clock';

export class TurnBatch {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `start` now if it is alone, else at the end of the turn. */
  add(start: () => void, isAlone: boolean): void {
    if (isAlone && this.#timer === undefined) {
      start();
      return;
    }
    this.#waiting.push(start);
    this.#timer ??= this.#clock.setTimer(0, () => this.#startAll());
  }

  /** Drops what waits: it is settled by whoever closes. */
  close(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #startAll(): void {
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const start of waiting) start();
  }
}
