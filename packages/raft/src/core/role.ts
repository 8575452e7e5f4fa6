/**
 * Terms and roles (paper 5.1): which term this node is in, what it is there, and whom it follows.
 */
import type { NodeId } from '@ds/transport';
import type { RaftRole } from '../driver/node.ts';
import type { RaftState } from './raft-state.ts';

/** Moves on to `term`, in which nobody has this node's vote yet. */
export function enterTerm(raft: RaftState, term: number): void {
  if (term <= raft.term) return;
  raft.term = term;
  raft.votedFor = undefined;
  raft.hardStateDirty = true;
  becomeFollower(raft, undefined);
}

/** Follows `leader` in the current term, or nobody yet. */
export function becomeFollower(raft: RaftState, leader: NodeId | undefined): void {
  setRole(raft, 'follower');
  raft.leader = leader;
  raft.verifiedIndex = raft.commitIndex;
  raft.acknowledgedIndex = 0;
  raft.acknowledgementOwed = false;
  raft.resetElectionTimer();
}

/** A leader of this term has shown itself. Returns whether it can be one. */
export function heardFromLeader(raft: RaftState, from: NodeId): boolean {
  // Election safety: a second leader of one term is a broken or hostile peer.
  if (raft.role === 'leader' || (raft.leader !== undefined && raft.leader !== from)) {
    raft.refuse();
    return false;
  }
  if (raft.role !== 'follower' || raft.leader === undefined) becomeFollower(raft, from);
  raft.leaderContactMs = raft.nowMs;
  raft.resetElectionTimer();
  return true;
}

/** What belongs to a leader alone begins and ends with its leadership. */
export function setRole(raft: RaftState, role: RaftRole): void {
  if (raft.role === role) return;
  const leadershipChanges = raft.role === 'leader' || role === 'leader';
  raft.role = role;
  if (!leadershipChanges) return;
  raft.progress.clear();
  raft.transfer = undefined;
  raft.reads.startOver();
  raft.lease.startOver();
}
