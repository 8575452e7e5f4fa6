/**
 * The decisions on which safety rests, one function each, away from all bookkeeping: who gets a
 * vote, what counts as committed, what may be acknowledged, truncated, installed and read.
 *
 * Every other part of the core may be late or wasteful and the cluster stays correct; a mistake
 * here loses data. "Paper" is the extended version of "In Search of an Understandable Consensus
 * Algorithm" (2014), "thesis" is Ongaro's dissertation (2014).
 */
import type { LogPosition } from './raft-log.ts';

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
  /** Whether `answered` members, the leader among them, show that it still leads. */
  stillLeads(answered: number, quorum: number): boolean;
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
  stillLeads: (answered, quorum) => answered >= quorum,
};
