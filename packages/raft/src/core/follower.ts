/**
 * The follower's side of replication (paper 5.3): what its leader sends goes into its log where the
 * logs meet, and is acknowledged as far as it is on disk. Messages may come late, twice, and in any
 * order.
 */
import type { NodeId } from '@ds/transport';
import { configurationMayDiffer, noteAppended } from './members-in-force.ts';
import type { AppendMessage, RaftMessage } from './message.ts';
import type { RaftState } from './raft-state.ts';
import { heardFromLeader } from './role.ts';

export function receiveAppend(raft: RaftState, from: NodeId, message: AppendMessage): void {
  if (!heardFromLeader(raft, from)) return;
  const { entries } = message;
  const { log } = raft;
  const skip = Math.max(0, log.baseIndex - message.previousIndex);
  const last = message.previousIndex + entries.length;
  if (last < log.baseIndex) {
    oweAcknowledgement(raft, log.baseIndex);
    return;
  }
  if (skip === 0 && log.term(message.previousIndex) !== message.previousTerm) {
    rejectAppend(raft, from, message);
    return;
  }
  const terms = new Array<number>(entries.length - skip);
  for (let i = skip; i < entries.length; i += 1) terms[i - skip] = entries[i]!.term;
  const first = message.previousIndex + skip + 1;
  const conflict = raft.rules.firstConflict(first, terms, (index) => log.term(index));
  if (conflict !== undefined) {
    // Log matching: no leader ever contradicts what is committed.
    if (conflict <= raft.commitIndex) {
      raft.refuse();
      return;
    }
    if (conflict <= log.lastIndex) {
      raft.truncateAfter(conflict - 1);
      configurationMayDiffer(raft);
    }
    for (let i = conflict - message.previousIndex - 1; i < entries.length; i += 1) {
      log.append(entries[i]!);
      noteAppended(raft, entries[i]!);
    }
  }
  raft.verifiedIndex = Math.max(raft.verifiedIndex, last);
  followCommit(raft, message.commitIndex);
  raft.acknowledgementOwed = true;
}

function rejectAppend(raft: RaftState, from: NodeId, message: AppendMessage): void {
  const { previousIndex, previousTerm, term } = message;
  if (previousIndex <= raft.commitIndex) {
    raft.refuse();
    return;
  }
  const hint = raft.log.lastPossibleMatch(previousIndex - 1, previousTerm);
  raft.sendWhenSettled(from, {
    kind: 'append-rejected',
    term,
    rejectedIndex: previousIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}

export function receiveHeartbeat(
  raft: RaftState,
  from: NodeId,
  message: Extract<RaftMessage, { kind: 'heartbeat' }>,
): void {
  if (!heardFromLeader(raft, from)) return;
  followCommit(raft, message.commitIndex);
  raft.sendWhenSettled(from, {
    kind: 'heartbeat-response',
    term: raft.term,
    round: message.round,
    sentIndex: message.sentIndex,
    receivedIndex: raft.verifiedIndex,
    matchIndex: Math.min(raft.durableIndex, raft.verifiedIndex),
  });
}

/** What the leader has committed is committed here, as far as the logs are known to agree. */
export function followCommit(raft: RaftState, leaderCommit: number): void {
  const commitIndex = Math.min(leaderCommit, raft.verifiedIndex);
  if (commitIndex <= raft.commitIndex) return;
  raft.commitIndex = commitIndex;
  configurationMayDiffer(raft);
}

/** The leader wants to know how far this log matches; up to `index` it does. */
export function oweAcknowledgement(raft: RaftState, index: number): void {
  raft.verifiedIndex = Math.max(raft.verifiedIndex, index);
  raft.acknowledgementOwed = true;
}

/** Acknowledges what is on disk by now; one message answers for all appends before it. */
export function acknowledge(raft: RaftState): void {
  if (raft.leader === undefined || !raft.hardStateSettled) return;
  const matchIndex = Math.min(raft.durableIndex, raft.verifiedIndex);
  const isComplete = matchIndex === raft.verifiedIndex;
  if (!isComplete && matchIndex <= raft.acknowledgedIndex) return;
  raft.acknowledgedIndex = matchIndex;
  if (isComplete) raft.acknowledgementOwed = false;
  raft.send(raft.leader, { kind: 'append-response', term: raft.term, matchIndex });
}
