/**
 * A change of members from beginning to end, as its leader carries it out (thesis 4.2.1): whoever
 * is to get a vote receives the log as a learner first, until it keeps up, since a voter that
 * lags holds up every commit; then the change itself, and the wait until it is complete.
 *
 * What is in the log stays there when the caller gives up or leadership is lost: a learner remains
 * a learner, and a joint configuration is left by whoever leads next.
 */
import type { Clock } from '@ds/clock';
import type { NodeId } from '@ds/transport';
import type { RaftCore } from '../core/core.ts';
import type { RaftError } from '../errors.ts';
import { type Configuration, isJoint, type MemberChange } from '../members/configuration.ts';
import type { Conditions } from './conditions.ts';

export interface MemberChangeContext {
  readonly core: RaftCore;
  readonly clock: Clock;
  readonly conditions: Conditions;
  readonly electionTimeoutMs: number;
  /** Resolves when the change has been committed and applied here. */
  readonly propose: (changes: readonly MemberChange[], signal?: AbortSignal) => Promise<unknown>;
  readonly notLeader: () => RaftError;
}

/** Resolves with the configuration once it is committed and no joint one is left. */
export async function changeMembers(
  context: MemberChangeContext,
  changes: readonly MemberChange[],
  signal: AbortSignal | undefined,
): Promise<Configuration> {
  const { core, conditions, propose } = context;
  const { voters, learners } = core.configuration;
  const promoted = newVoters(changes).filter((id) => !voters.includes(id));
  const strangers = promoted.filter((id) => !learners.includes(id));
  if (strangers.length > 0) {
    await propose(
      strangers.map((id) => ({ type: 'learner', id })),
      signal,
    );
  }
  for (const id of promoted) await caughtUp(context, id, signal);
  await propose(changes, signal);
  const isComplete = (): boolean =>
    !isJoint(core.configuration) && core.configurationIndex <= core.commitIndex;
  await conditions.wait(isComplete, signal);
  return core.configuration;
}

/** Of several changes for one member the last counts. */
function newVoters(changes: readonly MemberChange[]): NodeId[] {
  const last = new Map(changes.map((change) => [change.id, change.type]));
  return [...last].flatMap(([id, type]) => (type === 'voter' ? [id] : []));
}

/**
 * Waits in rounds: in each the learner is to reach what the log held when the round began. One that
 * takes no longer than an election timeout shows that it keeps up.
 */
async function caughtUp(
  { core, clock, conditions, electionTimeoutMs, notLeader }: MemberChangeContext,
  id: NodeId,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    const target = core.lastIndex;
    const startedMs = clock.monotonic();
    const hasReached = (): boolean => {
      const matchIndex = core.matchIndex(id);
      if (matchIndex === undefined) throw notLeader();
      return matchIndex >= target;
    };
    await conditions.wait(hasReached, signal);
    if (clock.monotonic() - startedMs <= electionTimeoutMs) return;
  }
}
