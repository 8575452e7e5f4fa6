/**
 * Stories that bring a group to where one decision of the protocol matters, each from the paper,
 * the thesis, or the description of a mistake that was made. They know what Raft is, as a nemesis
 * may, and nothing of how it is implemented; a story whose cast is not there is not told.
 */
import type { MemberChange } from '../../src/members/configuration.ts';
import { majority } from '../../src/members/quorum.ts';
import {
  type Cast,
  cut,
  join,
  once,
  persist,
  restart,
  rounds,
  type Step,
  type StoryContext,
  takeOver,
  talk,
  wake,
} from './story-steps.ts';

function votersOf({ world }: StoryContext, leader: string): readonly string[] {
  return world.nodes.get(leader)!.core.configuration.voters;
}

function strangersTo({ world }: StoryContext, leader: string): string[] {
  const { core } = world.nodes.get(leader)!;
  const { voters, learners } = core.configuration;
  return [...world.nodes.keys()].filter((id) => ![...voters, ...learners].includes(id));
}

export function splitVote(_context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const voters = nodes.filter((id) => id !== leader && id !== successor);
  return [
    // Nobody remembers a leader, so the round before the vote goes well for both.
    ...nodes.map(restart),
    ...[successor, leader].flatMap((id) => [wake(id), ...rounds(id, voters)]),
    ...rounds(successor, voters),
    ...voters.map(restart),
    ...rounds(leader, voters),
  ];
}

/** Figure 8 of the paper, with as few members as there are. */
export function figure8(_context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const others = nodes.filter((id) => id !== leader && id !== successor);
  return [
    ...cut(...others),
    once({ do: 'propose', node: leader }),
    persist(leader),
    ...cut(leader),
    ...join(...others),
    ...takeOver(successor, others),
    persist(successor),
    // What it is about to tell the others is lost.
    ...cut(successor),
    ...join(leader),
    ...takeOver(leader, others, 2),
    wake(leader),
    // Elected, told where the logs part, and given the entry of the older term.
    ...rounds(leader, others, 5),
    ...cut(leader),
    ...join(successor),
    ...takeOver(successor, others, 2),
    wake(successor),
    ...rounds(successor, others, 3),
  ];
}

/** Two learners and a leader are three of five, but not a majority of three voters. */
export function learnerQuorum(context: StoryContext, cast: Cast): Step[] {
  const strangers = strangersTo(context, cast.leader);
  const changes = strangers.map((id) => ({ type: 'learner', id }) as const);
  return strangers.length < 2 ? [] : withoutTheOld(context, cast, changes);
}

/** All voters but the leader are to be others: the old ones have a say until that is complete. */
export function replacedVoters(context: StoryContext, cast: Cast): Step[] {
  const strangers = strangersTo(context, cast.leader);
  const old = votersOf(context, cast.leader).filter((id) => id !== cast.leader);
  const changes = [
    ...strangers.map((id) => ({ type: 'voter', id }) as const),
    ...old.map((id) => ({ type: 'remove', id }) as const),
  ];
  return strangers.length < 2 ? [] : withoutTheOld(context, cast, changes);
}

/** A leader makes a change with the newcomers alone; the voters of before elect another leader. */
function withoutTheOld(
  context: StoryContext,
  { leader, successor }: Cast,
  changes: readonly MemberChange[],
): Step[] {
  const voters = votersOf(context, leader).filter((id) => id !== leader);
  if (!voters.includes(successor)) return [];
  const others = voters.filter((id) => id !== successor);
  const newcomers = [leader, ...strangersTo(context, leader)];
  const thorough = { ...context, isThorough: true };
  return [
    ...cut(...voters),
    once({ do: 'change', node: leader, changes }),
    talk(thorough, newcomers, 30),
    once({ do: 'propose', node: leader }),
    talk(thorough, newcomers, 20),
    ...cut(leader),
    ...join(...voters),
    ...takeOver(successor, others),
    wake(successor),
    ...rounds(successor, others, 3),
  ];
}

/**
 * Two leaders change the members, each from the configuration before, to majorities that have
 * nobody in common (Ongaro, "bug in single-server membership changes", raft-dev, 2015).
 */
export function unconfirmedChange(context: StoryContext, { leader, successor }: Cast): Step[] {
  const voters = votersOf(context, leader).filter((id) => id !== leader && id !== successor);
  const [stranger] = strangersTo(context, leader);
  const [loyal, ...others] = voters;
  if (stranger === undefined || loyal === undefined || others.length !== 1) return [];
  return [
    once({ do: 'change', node: leader, changes: [{ type: 'voter', id: stranger }] }),
    persist(leader),
    ...cut(leader),
    ...[successor, ...others, loyal].map(restart),
    wake(successor),
    ...rounds(successor, [...others, loyal]),
    // Back in time to hear who is elected, and no more than that.
    ...join(leader),
    ...rounds(successor, [...others, loyal]),
    once({ do: 'deliver', from: successor, to: leader }),
    once({ do: 'change', node: successor, changes: [{ type: 'remove', id: leader }] }),
    ...cut(loyal),
    ...rounds(successor, others, 5),
    ...cut(successor, ...others),
    ...join(loyal),
    ...takeOver(leader, [loyal, stranger]),
  ];
}

/** The clocks of a quorum run faster than the one by which the leader's lease ends. */
export function slowClock(context: StoryContext, { leader }: Cast): Step[] {
  const { world } = context;
  const voters = votersOf(context, leader);
  const quick = voters
    .filter((id) => id !== leader)
    .sort((a, b) => world.rateOf(b) - world.rateOf(a))
    .slice(0, majority(voters.length));
  const successor = quick.at(-1);
  if (quick.length < majority(voters.length) || successor === undefined) return [];
  if (world.rateOf(leader) >= world.rateOf(successor)) return [];
  const others = quick.filter((id) => id !== successor);
  return [
    // It waits as short as it may.
    restart(successor),
    wake(leader),
    ...rounds(leader, quick, 2),
    wake(leader),
    ...rounds(leader, quick, 2),
    ...cut(leader),
    wake(successor),
    ...rounds(successor, others, 4),
    once({ do: 'propose', node: successor }),
    ...rounds(successor, others, 3),
    once({ do: 'read', node: leader }),
  ];
}

/**
 * A follower with a slow disk holds an entry that a new leader replaces; when the write before the
 * replacement is reported, an entry of that index is on its disk, and it is the old one.
 */
export function overtakenWrite(context: StoryContext, { leader, successor }: Cast): Step[] {
  const voters = votersOf(context, leader).filter((id) => id !== leader && id !== successor);
  const slow = voters.find((id) => context.world.isSlow(id));
  const [first, second] = voters.filter((id) => id !== slow);
  if (slow === undefined || first === undefined || second === undefined) return [];
  return [
    once({ do: 'propose', node: leader }),
    once({ do: 'deliver', from: leader, to: slow }),
    ...[leader, slow].map((id) => persist(id)),
    ...cut(leader, slow),
    ...[successor, first, second].map(restart),
    wake(successor),
    ...rounds(successor, [first, second]),
    // Back in time to hear who is elected.
    ...join(leader, slow),
    ...rounds(successor, [first, second]),
    once({ do: 'deliver', from: successor, to: leader }),
    // The new term, and the entry that replaces the old one: of the two writes one is finished.
    ...[1, 2].map(() => once({ do: 'deliver', from: successor, to: slow })),
    persist(slow, 1),
    ...[1, 2, 3].map(() => once({ do: 'deliver', from: slow, to: successor })),
    ...rounds(successor, [first], 3),
    once({ do: 'crash', node: slow, kept: 0 }),
    ...takeOver(leader, [slow, second]),
  ];
}

/**
 * A follower is sent a snapshot, and while that goes to its disk, entries beyond it by a leader of
 * the next term, who counts on them.
 */
export function lateSnapshot(context: StoryContext, { leader, successor }: Cast): Step[] {
  const { world } = context;
  const voters = votersOf(context, leader).filter((id) => id !== leader && id !== successor);
  const [late, ...others] = voters;
  if (late === undefined || others.length > 0 || !world.isSlow(late)) return [];
  return [
    ...cut(late),
    once({ do: 'propose', node: leader }),
    ...rounds(leader, [successor]),
    once({ do: 'compact', node: leader }),
    ...cut(successor),
    ...join(late),
    wake(leader),
    ...rounds(leader, [late], 5),
    ...cut(leader),
    ...join(successor),
    restart(successor),
    wake(successor),
    ...rounds(successor, [late]),
    // Back in time to hear who is elected, and no more than that.
    ...join(leader),
    ...rounds(successor, [late]),
    once({ do: 'deliver', from: successor, to: leader }),
    // The entries from where the logs part.
    ...rounds(successor, [late], 6),
    once({ do: 'stage', node: late }),
    persist(late),
    ...cut(successor),
    ...takeOver(leader, [late]),
  ];
}
