/**
 * The decisions on which safety rests, one function each, away from all bookkeeping: who gets a
 * vote, what counts as committed, what may be acknowledged, truncated, installed and read.
 *
 * Every other part of the core may be late or wasteful and the cluster stays correct; a mistake
 * here loses data. "Paper" is the extended version of "In Search of an Understandable Consensus
 * Algorithm" (2014), "thesis" is Ongaro's dissertation (2014).
 */

import type { LogPosition } from '../log/raft-log.ts';
import type { Configuration } from '../members/configuration.ts';
import type { PlacedConfiguration } from '../members/configuration-history.ts';
import { quorumIndex, quorumVote } from '../members/quorum.ts';

/** One write handed to stable storage and, as far as the core knows, still on its way. */
export interface WriteRecord {
  readonly sequence: number;
  /** The lowest index whose entry it changed. */
  readonly firstIndex: number;
  /** The last entry of the log after it. */
  readonly lastIndex: number;
  /** The term of that entry. */
  readonly lastTerm: number;
}

export interface Rules {
  /** Whether a log that ends at `candidate` holds all that one ending at `own` may have. */
  isUpToDate(candidate: LogPosition, own: LogPosition): boolean;
  /** Whether a voter in `term` that voted for `votedFor` may vote for `candidate`. */
  mayVote(votedFor: string | undefined, candidate: string): boolean;
  /** Whether a leader of `currentTerm` may commit up to an entry of `entryTerm` by counting it. */
  mayCommit(entryTerm: number, currentTerm: number): boolean;
  /**
   * Where the follower's log starts to differ from the `terms` of entries that begin at
   * `firstIndex`; `undefined` when it holds them all already, and nothing may be truncated.
   */
  firstConflict(
    firstIndex: number,
    terms: readonly number[],
    ownTerm: (index: number) => number | undefined,
  ): number | undefined;
  /**
   * How much of the log as it is now would survive a crash: `done` is the last write known to be on
   * disk, `pending` those after it in order, `unwrittenFrom` the first entry not handed over yet.
   */
  durableIndex(
    done: WriteRecord,
    pending: readonly WriteRecord[],
    unwrittenFrom: number,
    ownTerm: (index: number) => number | undefined,
  ): number;
  /** What a follower does with a whole snapshot, given its commit index and own term there. */
  installDecision(
    snapshot: LogPosition,
    commitIndex: number,
    ownTerm: number | undefined,
  ): 'ignore' | 'keep-log' | 'reset-log';
  /** Whether a leader of `term`, whose last committed entry is of `committedTerm`, knows enough. */
  knowsCommitIndex(committedTerm: number | undefined, term: number): boolean;
  /** Whether a quorum that has confirmed rounds up to `confirmed` shows that it led at `round`. */
  stillLeads(confirmed: number, round: number): boolean;
  /**
   * Whether a leader may read without asking, `elapsedMs` after it sent what a quorum has answered.
   */
  leaseHolds(
    elapsedMs: number,
    electionTimeoutMs: number,
    maxClockDrift: number,
    handedOver: boolean,
  ): boolean;
  /** Whether a node that starts may have promised, in an earlier life, to vote for nobody. */
  mayHavePromised(leaseReads: boolean, term: number): boolean;
  /** Which of a log's configurations a member uses; they ascend by index. */
  configurationInForce(
    history: readonly PlacedConfiguration[],
    commitIndex: number,
  ): PlacedConfiguration;
  /** The highest value that enough voters have reached. */
  agreed(configuration: Configuration, reached: (voter: string) => number): number;
  /** Whether enough voters gave their vote. */
  isElected(configuration: Configuration, vote: (voter: string) => boolean | undefined): boolean;
  /**
   * Whether a leader may propose a change of members, when its latest configuration is at
   * `configurationIndex`, and it `knowsCommitIndex` as for reads.
   */
  mayChangeMembers(
    configurationIndex: number,
    commitIndex: number,
    knowsCommitIndex: boolean,
  ): boolean;
  /** Whether a leader may leave the joint configuration at `jointIndex`. */
  mayLeaveJoint(jointIndex: number, commitIndex: number): boolean;
}

export const raftRules: Rules = {
  // Paper 5.4.1: the later last term wins; in equal terms the longer log.
  isUpToDate: (candidate, own) =>
    candidate.term > own.term || (candidate.term === own.term && candidate.index >= own.index),

  // Paper 5.2: at most one vote per term, on disk before it leaves.
  mayVote: (votedFor, candidate) => votedFor === undefined || votedFor === candidate,

  // Paper 5.4.2 and figure 8: an entry of an older term can be on a majority and still be
  // overwritten; it commits only together with a later entry of the leader's own term.
  mayCommit: (entryTerm, currentTerm) => entryTerm === currentTerm,

  // Figure 2, AppendEntries 3 and 4: a late, doubled message may carry a prefix of what the log
  // holds by now. Truncating without a conflict would drop entries already acknowledged.
  firstConflict(firstIndex, terms, ownTerm) {
    for (let i = 0; i < terms.length; i += 1) {
      if (ownTerm(firstIndex + i) !== terms[i]) return firstIndex + i;
    }
    return undefined;
  },

  // An index and even its term are not enough (the ABA of asynchronous appends): the same entry can
  // have been written, overwritten and written again, and while the overwriting is the last write
  // known to be on disk, the entry is not. Writes reach the disk in order, so the log survives up
  // to the first index that any later write has touched.
  durableIndex(done, pending, unwrittenFrom) {
    let index = Math.min(done.lastIndex, unwrittenFrom - 1);
    for (const write of pending) index = Math.min(index, write.firstIndex - 1);
    return index;
  },

  // Paper section 7: a snapshot that covers less than what is committed here is old news; one that
  // ends at an entry of this log leaves the entries after it valid.
  installDecision(snapshot, commitIndex, ownTerm) {
    if (snapshot.index <= commitIndex) return 'ignore';
    return ownTerm === snapshot.term ? 'keep-log' : 'reset-log';
  },

  // Thesis 6.4, step 1: entries of earlier terms may be committed without the new leader knowing,
  // until it has committed one of its own.
  knowsCommitIndex: (committedTerm, term) => committedTerm === term,

  // Thesis 6.4, step 3: a deposed leader finds no majority that answers it after the read arrived.
  stillLeads: (confirmed, round) => confirmed >= round,

  // Thesis 6.4.1, with drift to both sides: this clock may be slow while a voter's is fast.
  leaseHolds: (elapsedMs, electionTimeoutMs, maxClockDrift, handedOver) =>
    !handedOver && elapsedMs * (1 + maxClockDrift) < electionTimeoutMs * (1 - maxClockDrift),

  mayHavePromised: (leaseReads, term) => leaseReads && term > 0,

  // Paper section 6: the latest in the log, committed or not. A member that waited for the commit
  // would count by the old members while others count by the new.
  configurationInForce: (history) => history[history.length - 1]!,

  // Paper section 6: a majority of the old voters and one of the new; learners do not count.
  agreed: quorumIndex,
  isElected: (configuration, vote) => quorumVote(configuration, vote) === 'won',

  // Thesis 4.1: one change at a time. And not before the leader has committed in its own term
  // (Ongaro, raft-dev, July 2015): else two leaders can each take a step that the other's log does
  // not have, away from one configuration, to majorities that have nobody in common.
  mayChangeMembers: (configurationIndex, commitIndex, knowsCommitIndex) =>
    configurationIndex <= commitIndex && knowsCommitIndex,

  // Paper section 6: from then on no decision can be made by the old members alone.
  mayLeaveJoint: (jointIndex, commitIndex) => jointIndex <= commitIndex,
};
