/** One timer that follows a deadline; one that is early only fires for nothing, so it stays. */
import type { Clock, Timer } from '@ds/clock';

export interface WakeUpOptions {
  readonly clock: Clock;
  /** By the clock's monotonic readings. */
  readonly deadline: () => number;
  /** The deadline has come. */
  readonly due: (nowMs: number) => void;
}

export class WakeUp {
  readonly #options: WakeUpOptions;
  #timer: Timer | undefined;
  #timerDeadlineMs = Number.POSITIVE_INFINITY;

  constructor(options: WakeUpOptions) {
    this.#options = options;
  }

  /** The deadline may have moved. */
  set(): void {
    const { clock } = this.#options;
    const deadline = this.#options.deadline();
    if (deadline >= this.#timerDeadlineMs) return;
    this.#timer?.cancel();
    this.#timerDeadlineMs = deadline;
    const delayMs = Math.max(0, deadline - clock.monotonic());
    this.#timer = clock.setTimer(delayMs, () => this.#fire());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #fire(): void {
    this.#timerDeadlineMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.clock.monotonic();
    if (nowMs < this.#options.deadline()) this.set();
    else this.#options.due(nowMs);
  }
}
