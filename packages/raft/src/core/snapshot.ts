/**
 * Followers that need what is compacted away (paper section 7), and this node's own compaction.
 *
 * The bytes travel outside the core: it says who needs a snapshot, and passes pieces and their
 * acknowledgements on to the driver, after checking who speaks. What happens to the log when a
 * whole snapshot has arrived is decided here: the log is reset first, in the order of its writes,
 * and the machine restored after that reset is on disk. A crash between the two finds the staged
 * snapshot and a log that starts after it, and restores again.
 */
import type { NodeId } from '@ds/transport';
import type { LogBase, LogPosition } from '../log/raft-log.ts';
import { oweAcknowledgement } from './follower.ts';
import { configurationMayDiffer } from './members-in-force.ts';
import type { RaftMessage, SnapshotMessage } from './message.ts';
import { invariant, type RaftState } from './raft-state.ts';
import { heardFromLeader } from './role.ts';

export function receiveSnapshotPiece(
  raft: RaftState,
  from: NodeId,
  message: SnapshotMessage,
): void {
  if (!heardFromLeader(raft, from)) return;
  if (message.index <= raft.commitIndex) {
    oweAcknowledgement(raft, raft.commitIndex);
    return;
  }
  // While one snapshot is being restored the stage is taken; the sender will try again.
  if (raft.restoring !== undefined) return;
  const { effects } = raft;
  effects.snapshotPieces = [...effects.snapshotPieces, { from, message }];
}

export function receiveSnapshotResponse(
  raft: RaftState,
  from: NodeId,
  { id, offset }: Extract<RaftMessage, { kind: 'snapshot-response' }>,
): void {
  const progress = raft.progress.get(from);
  if (progress === undefined) return;
  progress.lastContactMs = raft.nowMs;
  progress.answered = true;
  const { effects } = raft;
  effects.snapshotReplies = [...effects.snapshotReplies, { from, id, offset }];
}

export function receiveSnapshotSending(raft: RaftState, peer: NodeId, index: number): void {
  const progress = raft.progress.get(peer);
  if (progress?.state === 'snapshot') progress.snapshotIndex = index;
}

export function receiveSnapshotEnded(raft: RaftState, peer: NodeId): void {
  const progress = raft.progress.get(peer);
  if (progress?.state !== 'snapshot') return;
  progress.become('probe', progress.matchIndex + 1);
  // Not at once: the follower may be about to say that it has it.
  progress.probeSent = true;
}

/** A whole snapshot is on disk here. */
export function receiveStaged(raft: RaftState, base: LogBase): void {
  const { log } = raft;
  const decision = raft.rules.installDecision(base, raft.commitIndex, log.term(base.index));
  if (raft.role === 'leader' || raft.restoring !== undefined || decision === 'ignore') {
    raft.effects.discardStaged = true;
    return;
  }
  if (decision === 'reset-log') {
    log.reset(base);
    raft.resetTo = base;
    raft.configurations.reset(base);
    raft.unwrittenFrom = base.index + 1;
    // Nothing of the new log is durable until the reset is.
    raft.durableIndex = 0;
    raft.restoring = base;
    raft.restoreAfterSequence = raft.sequence + 1;
    raft.snapshotsInstalled += 1;
  } else {
    raft.effects.discardStaged = true;
  }
  raft.commitIndex = base.index;
  configurationMayDiffer(raft);
  oweAcknowledgement(raft, base.index);
}

export function receiveRestored(raft: RaftState, position: LogPosition): void {
  raft.restoring = undefined;
  raft.appliedIndex = Math.max(raft.appliedIndex, position.index);
}

/** Forgets entries that the machine would survive without, but for a tail and what is in use. */
export function compact(raft: RaftState, durablyApplied: number, tailEntries: number): void {
  const { log } = raft;
  invariant(durablyApplied <= raft.appliedIndex, 5, 'the machine is ahead of what was applied');
  let index = Math.min(durablyApplied, raft.durableIndex) - tailEntries;
  const timeoutMs = raft.options.electionTimeoutMs;
  for (const progress of raft.progress.values()) {
    const isActive = raft.nowMs - progress.lastContactMs < timeoutMs;
    // A follower that is being brought to `snapshotIndex` will need the entries after it.
    if (progress.state === 'snapshot' && isActive) index = Math.min(index, progress.snapshotIndex);
  }
  if (index <= log.baseIndex) return;
  log.compact(index);
  const { configuration } = raft.configurations.at(index);
  raft.configurations.compact(index);
  raft.compactTo = { index, term: log.baseTerm, configuration };
}
