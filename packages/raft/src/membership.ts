/**
 * Who takes part, as the log says (paper section 6, thesis chapter 4): what a member does when the
 * configuration of its log changes, and how a leader moves from one to the next.
 *
 * A change that needs more than one step goes through a joint configuration, which the leader, or
 * the next one, leaves as soon as it is committed. A leader that is no voter any more goes on until
 * that configuration is committed, counting everybody but itself; then it hands over and follows.
 *
 * Members that were removed and do not know it ask for votes in vain: who hears from a leader does
 * not answer (election.ts). Members not known here may lead or be voted for, since their log may
 * have the entry that made them members, and this one not yet.
 */
import {
  type Configuration,
  leaveJoint,
  type MemberChange,
  nextConfiguration,
  refused,
} from './configuration.ts';
import { decodeConfiguration, encodeConfiguration } from './configuration-codec.ts';
import { becomeFollower } from './election.ts';
import type { LogEntry } from './entry.ts';
import { RaftError } from './errors.ts';
import { Progress } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { appendOwn, broadcastHeartbeat, furthest } from './replication.ts';

/** An entry has been appended to this log. */
export function noteAppended(raft: RaftState, { kind, index, command }: LogEntry): void {
  if (kind !== 'configuration') return;
  raft.configurations.append({ index, configuration: decodeConfiguration(command) });
  configurationMayDiffer(raft);
}

/** The log, or what is committed of it, has changed: another configuration may count. */
export function configurationMayDiffer(raft: RaftState): void {
  if (!raft.updateConfiguration()) return;
  if (raft.role === 'leader') followProgress(raft);
  else if (raft.mayStand !== Number.isFinite(raft.electionDeadlineMs)) raft.resetElectionTimer();
}

/** A leader knows the progress of exactly the other members. */
export function followProgress(raft: RaftState): void {
  const { peers, progress } = raft;
  for (const peer of progress.keys()) if (!peers.includes(peer)) progress.delete(peer);
  for (const peer of peers) {
    if (!progress.has(peer)) {
      progress.set(peer, new Progress(peer, raft.log.lastIndex + 1, raft.nowMs));
    }
  }
  if (raft.transfer !== undefined && !progress.has(raft.transfer.to)) raft.transfer = undefined;
  raft.commitMayAdvance = true;
}

/** The configuration to propose for `changes`, or why there is none. */
export function changeMembers(
  raft: RaftState,
  changes: readonly MemberChange[],
): Uint8Array | RaftError {
  const { configuration, configurationIndex, commitIndex, rules } = raft;
  try {
    const knows = rules.knowsCommitIndex(raft.log.term(commitIndex), raft.term);
    if (!rules.mayChangeMembers(configurationIndex, commitIndex, knows)) {
      throw knows
        ? refused('uncommitted', 'a change is under way: wait until it is complete')
        : refused('new-leader', 'the leader is new: ask again when it has committed an entry');
    }
    return encodeConfiguration(nextConfiguration(configuration, changes));
  } catch (error) {
    if (error instanceof RaftError) return error;
    throw error;
  }
}

/** What a leader owes to a configuration that is committed. */
export function settleConfiguration(raft: RaftState): void {
  const { configuration, configurationIndex, commitIndex, rules } = raft;
  if (configuration.outgoing.length > 0) {
    const mayLeave = configuration.autoLeave && raft.transfer === undefined;
    if (mayLeave && rules.mayLeaveJoint(configurationIndex, commitIndex)) {
      appendConfiguration(raft, leaveJoint(configuration));
    }
    return;
  }
  if (!raft.isVoter && configurationIndex <= commitIndex) resign(raft);
}

export function appendConfiguration(raft: RaftState, configuration: Configuration): void {
  const command = encodeConfiguration(configuration);
  appendOwn(raft, { kind: 'configuration', command, tag: undefined });
}

/** Tells everybody what is committed, asks the furthest to stand at once, and follows. */
function resign(raft: RaftState): void {
  broadcastHeartbeat(raft);
  const successor = furthest(raft);
  if (successor !== undefined) {
    // It follows at once, and so holds no lease that the successor could break.
    raft.send(successor.peer, { kind: 'timeout-now', term: raft.term });
  }
  becomeFollower(raft, undefined);
}
