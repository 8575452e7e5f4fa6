/**
 * Who leads, as far as this node knows, and the operations that wait to find out.
 *
 * An election takes a fraction of a second, and clients would rather wait than be told to come
 * back; so operations without a leader wait here, all together, until Raft names one. What was
 * turned away by a leader that no longer was one waits for a moment instead, for then Raft may
 * already know the right one and have nothing new to say.
 *
 * Invariant: nothing that has settled is kept beyond the next retry. Cost: one timer for all.
 */
import type { Clock, Timer } from '@ds/clock';
import type { RaftNode } from '@ds/raft';
import type { NodeId } from '@ds/transport';

const RETRY_MS = 20;

interface Waiting {
  readonly operation: { readonly done: boolean };
  readonly again: () => void;
}

export class LeaderWait {
  readonly #clock: Clock;
  readonly #unsubscribe: () => void;
  #leader: NodeId | undefined;
  #waiting: Waiting[] = [];
  #timer: Timer | undefined;

  constructor(raft: Pick<RaftNode, 'status' | 'onChange'>, clock: Clock) {
    this.#clock = clock;
    this.#leader = raft.status().leader;
    this.#unsubscribe = raft.onChange(({ leader }) => {
      this.#leader = leader;
      if (leader !== undefined) this.#flush();
    });
  }

  /** The leader of the current term; `undefined` during an election. */
  get leader(): NodeId | undefined {
    return this.#leader;
  }

  /** Calls `again` once there is a leader, or soon, unless `operation` has settled by then. */
  retry(operation: { readonly done: boolean }, again: () => void): void {
    this.#waiting.push({ operation, again });
    this.#timer ??= this.#clock.setTimer(RETRY_MS, () => this.#flush());
  }

  close(): void {
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { operation, again } of waiting) if (!operation.done) again();
  }
}
