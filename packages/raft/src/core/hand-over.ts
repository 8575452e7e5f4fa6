/**
 * Leadership moves on purpose (thesis 3.10): a follower that holds everything is told to stand at
 * once, and nothing new is taken in until it has, or an election timeout has passed.
 */
import type { NodeId } from '@ds/transport';
import { broadcastHeartbeat } from './heartbeat.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { becomeFollower } from './role.ts';

/** Chooses whom to hand leadership to, and starts. */
export function transfer(raft: RaftState, to: NodeId | undefined): void {
  if (raft.role !== 'leader' || raft.transfer !== undefined) return;
  const best = to === undefined ? furthest(raft) : raft.progress.get(to);
  if (best === undefined || !raft.configuration.voters.includes(best.peer)) return;
  const deadlineMs = raft.nowMs + raft.options.electionTimeoutMs;
  raft.transfer = { to: best.peer, deadlineMs, sent: false };
}

/** The voter that answers and holds the most. */
export function furthest(raft: RaftState): Progress | undefined {
  const timeoutMs = raft.options.electionTimeoutMs;
  let best: Progress | undefined;
  for (const progress of raft.progress.values()) {
    const isActive = progress.answered && raft.nowMs - progress.lastContactMs < timeoutMs;
    if (!isActive || !raft.configuration.voters.includes(progress.peer)) continue;
    if (progress.matchIndex > (best?.matchIndex ?? -1)) best = progress;
  }
  return best;
}

/** Tells the chosen follower to stand, once it holds everything. */
export function sendTimeoutNow(raft: RaftState): void {
  const { transfer } = raft;
  if (transfer === undefined || transfer.sent) return;
  if (raft.progress.get(transfer.to)?.matchIndex !== raft.log.lastIndex) return;
  transfer.sent = true;
  raft.lease.handOver();
  raft.send(transfer.to, { kind: 'timeout-now', term: raft.term });
}

/** Tells everybody what is committed, asks the furthest to stand at once, and follows. */
export function resign(raft: RaftState): void {
  broadcastHeartbeat(raft);
  const successor = furthest(raft);
  if (successor !== undefined) {
    // It follows at once, and so holds no lease that the successor could break.
    raft.send(successor.peer, { kind: 'timeout-now', term: raft.term });
  }
  becomeFollower(raft, undefined);
}
