/**
 * How a leader changes who takes part (paper section 6, thesis chapter 4).
 *
 * A change that needs more than one step goes through a joint configuration, which the leader, or
 * the next one, leaves as soon as it is committed. A leader that is no voter any more goes on until
 * that configuration is committed, counting everybody but itself; then it hands over and follows.
 *
 * Members that were removed and do not know it ask for votes in vain: who hears from a leader does
 * not answer (election.ts). Members not known here may lead or be voted for, since their log may
 * have the entry that made them members, and this one not yet.
 */

import { RaftError } from '../errors.ts';
import {
  leaveJoint,
  type MemberChange,
  nextConfiguration,
  refused,
} from '../members/configuration.ts';
import { encodeConfiguration } from '../members/configuration-codec.ts';
import { resign } from './hand-over.ts';
import { appendConfiguration } from './own-entries.ts';
import type { RaftState } from './raft-state.ts';

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
