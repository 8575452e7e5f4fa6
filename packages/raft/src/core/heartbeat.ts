/**
 * How a leader shows that it leads, and asks how far its followers are: regularly, and whenever
 * reads want to know (thesis 6.4).
 */
import type { RaftState } from './raft-state.ts';

/** Tells every follower that this node leads, what is committed, and what was sent. */
export function broadcastHeartbeat(raft: RaftState): void {
  if (raft.options.leaseReads) {
    raft.reads.round += 1;
    raft.lease.sent(raft.reads.round, raft.nowMs);
  }
  for (const progress of raft.progress.values()) {
    raft.send(progress.peer, {
      kind: 'heartbeat',
      term: raft.term,
      // Only what this follower is known to match may be committed there.
      commitIndex: Math.min(raft.commitIndex, progress.matchIndex),
      round: raft.reads.round,
      sentIndex: progress.nextIndex - 1,
    });
  }
}

/**
 * The regular heartbeat: also lets every probe try again. Those for reads do not put it off: under
 * steady reads a probe that was lost would never be sent again.
 */
export function beat(raft: RaftState): void {
  raft.heartbeatDueMs = raft.nowMs + raft.options.heartbeatIntervalMs;
  for (const progress of raft.progress.values()) progress.probeSent = false;
  broadcastHeartbeat(raft);
}
