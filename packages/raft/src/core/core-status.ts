/** What a core says of itself; the driver adds what it alone knows. */
import type { NodeId } from '@ds/transport';
import type { PeerStatus, RaftStatus } from '../driver/node.ts';
import type { RaftState } from './raft-state.ts';

export type CoreStatus = Omit<RaftStatus, 'state' | 'failure' | 'pendingProposals'>;

export function statusOf(raft: RaftState): CoreStatus {
  const peers: Record<NodeId, PeerStatus> = {};
  for (const [peer, progress] of raft.progress) {
    const { matchIndex, nextIndex, state, inFlight } = progress;
    const active = raft.nowMs - progress.lastContactMs < raft.options.electionTimeoutMs;
    peers[peer] = { matchIndex, nextIndex, state, inFlight, active };
  }
  return {
    self: raft.self,
    role: raft.role,
    term: raft.term,
    leader: raft.leader,
    votedFor: raft.votedFor,
    commitIndex: raft.commitIndex,
    appliedIndex: raft.appliedIndex,
    firstIndex: raft.log.baseIndex + 1,
    lastIndex: raft.log.lastIndex,
    durableIndex: raft.durableIndex,
    snapshotIndex: raft.log.baseIndex,
    members: raft.members,
    configuration: raft.configuration,
    configurationIndex: raft.configurationIndex,
    peers,
    pendingReads:
      raft.reads.waiting.length + raft.reads.rounds.length + raft.reads.confirmed.length,
    electionsStarted: raft.electionsStarted,
    snapshotsInstalled: raft.snapshotsInstalled,
    messagesRefused: raft.messagesRefused,
  };
}
