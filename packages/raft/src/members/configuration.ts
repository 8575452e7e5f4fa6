/**
 * Who takes part in a group, and how that may change: pure data and the rules of joint consensus.
 *
 * A change of one voter keeps every majority of the old set in common with every majority of the
 * new one, so it is made in one step. A change of more goes through a joint configuration, in
 * which decisions need a majority of the `outgoing` voters and one of the incoming `voters`;
 * leaving it is a step of its own. Learners receive the log and have no vote. A voter that is to
 * become a learner keeps its outgoing vote until the joint configuration is left: until then it is
 * in `learnersNext`.
 *
 * Invariants: there is a voter; `voters`, `learners` and `learnersNext` have no member in common;
 * `learnersNext` is part of `outgoing`, and no learner is; `outgoing` is empty unless the
 * configuration is joint, and then `learnersNext` and `autoLeave` may be set, else they are not.
 * Each list is sorted, so that equal configurations have equal encodings.
 *
 * Cost: O(members) per change. Source: section 6 of the extended Raft paper; chapter 4 of Ongaro's
 * dissertation (2014).
 */
import type { NodeId } from '@ds/transport';
import { type ChangeRefusal, RaftError } from '../errors.ts';
import type { VoterSets } from './quorum.ts';

/** The most members a group has, those on their way in and out included. */
export const MAX_MEMBERS = 64;

export interface Configuration extends VoterSets {
  /** Those with a vote; while joint, those that will have one. */
  readonly voters: readonly NodeId[];
  /** While joint, those that had a vote before; else empty. */
  readonly outgoing: readonly NodeId[];
  /** Those that receive the log without a vote. */
  readonly learners: readonly NodeId[];
  /** Outgoing voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** The leader leaves the joint configuration by itself as soon as it is committed. */
  readonly autoLeave: boolean;
}

/** One member's part in a change; of several for one member the last counts. */
export type MemberChange =
  | { readonly type: 'voter'; readonly id: NodeId }
  | { readonly type: 'learner'; readonly id: NodeId }
  | { readonly type: 'remove'; readonly id: NodeId };

/** The configuration of a new group. */
export function initialConfiguration(voters: readonly NodeId[]): Configuration {
  return {
    voters: sorted(new Set(voters)),
    outgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
}

export function isJoint({ outgoing }: Configuration): boolean {
  return outgoing.length > 0;
}

/** Everybody who receives the log, sorted. */
export function membersOf(configuration: Configuration): NodeId[] {
  const { voters, outgoing, learners } = configuration;
  return sorted(new Set([...voters, ...outgoing, ...learners]));
}

export function isVoter({ voters, outgoing }: VoterSets, id: NodeId): boolean {
  return voters.includes(id) || outgoing.includes(id);
}

/**
 * A change of any number of learners and at most one voter, in one step.
 * @throws {RaftError} `RAFT_UNSAFE_CHANGE`
 */
export function changeSimply(
  configuration: Configuration,
  changes: readonly MemberChange[],
): Configuration {
  if (isJoint(configuration)) {
    throw refused('joint-in-progress', 'a change is under way: wait until it is complete');
  }
  const changed = applied(configuration, changes, false);
  if (differing(configuration.voters, changed.voters) > 1) {
    throw refused(
      'too-many-voters',
      'more than one voter would change in one step: go through a joint configuration',
    );
  }
  return changed;
}

/**
 * The joint configuration on the way to `changes`, however many.
 * @throws {RaftError} `RAFT_UNSAFE_CHANGE`
 */
export function enterJoint(
  configuration: Configuration,
  changes: readonly MemberChange[],
  { autoLeave }: { readonly autoLeave: boolean },
): Configuration {
  if (isJoint(configuration)) {
    throw refused('already-joint', 'a change is under way: wait until it is complete');
  }
  if (configuration.voters.length === 0) {
    throw refused('no-voters', 'a group without voters cannot decide to change');
  }
  return applied({ ...configuration, outgoing: configuration.voters }, changes, autoLeave);
}

/**
 * The configuration after a joint one.
 * @throws {RaftError} `RAFT_UNSAFE_CHANGE`
 */
export function leaveJoint(configuration: Configuration): Configuration {
  if (!isJoint(configuration)) throw refused('not-joint', 'no change is under way');
  const { voters, learners, learnersNext } = configuration;
  return {
    voters,
    outgoing: [],
    learners: sorted(new Set([...learners, ...learnersNext])),
    learnersNext: [],
    autoLeave: false,
  };
}

/**
 * The configuration to go to for `changes`: the one wanted when a single step is safe, else the
 * joint one on the way, which is left by itself.
 * @throws {RaftError} `RAFT_UNSAFE_CHANGE`
 */
export function nextConfiguration(
  configuration: Configuration,
  changes: readonly MemberChange[],
): Configuration {
  if (!isJoint(configuration)) {
    const changed = applied(configuration, changes, false);
    if (differing(configuration.voters, changed.voters) <= 1) return changed;
  }
  return enterJoint(configuration, changes, { autoLeave: true });
}

/** Makes `changes` one after another. Changing what is so already changes nothing. */
function applied(
  configuration: Configuration,
  changes: readonly MemberChange[],
  autoLeave: boolean,
): Configuration {
  const { outgoing } = configuration;
  const voters = new Set(configuration.voters);
  const learners = new Set(configuration.learners);
  const learnersNext = new Set(configuration.learnersNext);
  for (const { type, id } of changes) {
    voters.delete(id);
    learners.delete(id);
    learnersNext.delete(id);
    if (type === 'voter') voters.add(id);
    else if (type === 'learner') (outgoing.includes(id) ? learnersNext : learners).add(id);
  }
  if (voters.size === 0) throw refused('no-voters-left', 'no voter would be left');
  if (new Set([...voters, ...learners, ...outgoing]).size > MAX_MEMBERS) {
    throw refused('too-many-members', `a group has at most ${MAX_MEMBERS} members`);
  }
  return {
    voters: sorted(voters),
    outgoing,
    learners: sorted(learners),
    learnersNext: sorted(learnersNext),
    autoLeave,
  };
}

/** How many are in one of the two and not in the other. */
function differing(before: readonly NodeId[], after: readonly NodeId[]): number {
  const removed = before.filter((id) => !after.includes(id)).length;
  return removed + after.filter((id) => !before.includes(id)).length;
}

/** In the order of their UTF-16 units, which is the same everywhere. */
function sorted(ids: ReadonlySet<NodeId>): NodeId[] {
  return [...ids].sort();
}

export function refused(refusal: ChangeRefusal, message: string): RaftError {
  return new RaftError('RAFT_UNSAFE_CHANGE', message, { refusal });
}
