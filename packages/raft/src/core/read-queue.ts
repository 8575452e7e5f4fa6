/**
 * Reads on their way through ReadIndex (thesis 6.4), in four stages: waiting for a round to start,
 * in a round that a majority must confirm, asked of the leader by a follower, and confirmed but
 * waiting for the machine to catch up. A read is local (somebody waits here) or of a follower.
 */
import type { NodeId } from '@ds/transport';

/** A local read by its id, or a follower's by its context. */
export interface Read {
  readonly from: NodeId | undefined;
  readonly id: number;
}

/** Reads that the same answers confirm. */
export interface ReadRound {
  readonly round: number;
  /** The commit index when the round began: what these reads must see. */
  readonly index: number;
  readonly reads: readonly Read[];
}

/** Reads asked of the leader with one message. */
export interface AskedReads {
  readonly ids: readonly number[];
  askedOf: NodeId;
  askedMs: number;
}

/** Rounds under way at once; later reads gather in the next one. */
export const MAX_READ_ROUNDS = 8;

/** Followers' reads that one leader holds at once; more are dropped, and asked again later. */
export const MAX_REMOTE_READS = 4096;

export class ReadQueue {
  waiting: Read[] = [];
  rounds: ReadRound[] = [];
  /** The latest round started in this term. */
  round = 0;
  readonly asked: Map<number, AskedReads> = new Map();
  confirmed: { readonly id: number; readonly index: number }[] = [];
  /** Starts at the node's incarnation, so that an answer to an earlier life finds nothing. */
  #context: number;

  constructor(incarnation: number) {
    this.#context = incarnation;
  }

  nextContext(): number {
    this.#context += 1;
    return this.#context;
  }

  /** The role has changed: local reads start over, those of followers will be asked again. */
  startOver(): void {
    const local: Read[] = [];
    for (const round of this.rounds) local.push(...round.reads.filter(isLocal));
    local.push(...this.waiting.filter(isLocal));
    for (const { ids } of this.asked.values()) {
      for (const id of ids) local.push({ from: undefined, id });
    }
    this.waiting = local;
    this.rounds = [];
    this.round = 0;
    this.asked.clear();
  }

  /** Reads of other members under way here. */
  get remote(): number {
    let count = this.waiting.reduce((sum, read) => sum + (isLocal(read) ? 0 : 1), 0);
    for (const { reads } of this.rounds) for (const read of reads) if (!isLocal(read)) count += 1;
    return count;
  }
}

function isLocal(read: Read): boolean {
  return read.from === undefined;
}
