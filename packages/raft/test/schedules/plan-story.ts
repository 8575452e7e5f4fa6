/**
 * Stories that chance alone seldom tells: several actions that belong together, each decided in its
 * moment. They know what Raft is, as a nemesis may, and nothing of how it is implemented.
 */
import type { Random } from '@ds/sim';
import type { Action } from './action.ts';
import type { ScheduleWorld } from './schedule-world.ts';

/** Gives the next action, or nothing when it is over. */
export type Step = () => Action | undefined;

export type Story =
  /** Some nodes talk for a while, and nothing else happens. */
  | 'exchange'
  /** A leader, perhaps with entries that few have, falls silent, and another takes over. */
  | 'coup'
  /** Two nodes lead in turns, each with entries that the other does not know. */
  | 'turns'
  /** A node that its leader has not reached is elected by one that restarted. */
  | 'usurpation'
  /** Leadership is handed over, and the old leader does not hear what comes of it. */
  | 'hand-over'
  /** Two ask for votes in one term, and all the others restart between their two answers. */
  | 'split-vote'
  /** Figure 8 of the paper: what a majority has of an older term is overwritten by a newer one. */
  | 'figure-8';

export interface StoryContext {
  readonly random: Random;
  readonly world: ScheduleWorld;
  readonly change: (node: string) => Action;
  /** Nobody's disk is left out. */
  readonly isThorough?: boolean;
}

export function drawOne<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

export function planStory(story: Story, context: StoryContext): Step[] {
  const { random, world } = context;
  const nodes = [...world.nodes.keys()];
  if (story === 'exchange') {
    const isLeftOut = drawOne(random, [0, 0.3, 0.5]);
    const talking = nodes.filter(() => random() >= isLeftOut);
    return [talk(context, talking, drawOne(random, [5, 10, 30]))];
  }
  const leaders = nodes.filter((id) => world.nodes.get(id)!.core.role === 'leader');
  if (leaders.length === 0 || nodes.length < 2) return [];
  const leader = drawOne(random, leaders);
  const successor = drawOne(
    random,
    nodes.filter((id) => id !== leader),
  );
  const cast = { leader, successor, nodes };
  const stories = {
    coup,
    turns,
    usurpation,
    'hand-over': handOver,
    'split-vote': splitVote,
    'figure-8': figure8,
  };
  const told = stories[story](context, cast);
  // Most often from a quiet beginning: what is still on its way comes before what is sent now.
  return [...sometimes(random, 0.7, talk({ ...context, isThorough: true }, nodes, 60)), ...told];
}

interface Cast {
  readonly leader: string;
  readonly successor: string;
  readonly nodes: readonly string[];
}

function once(action: Action): Step {
  const left = [action];
  return () => left.pop();
}

function sometimes(random: Random, chance: number, ...steps: readonly Step[]): Step[] {
  return random() < chance ? [...steps] : [];
}

function coup(context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const { random, change } = context;
  const others = nodes.filter((id) => id !== leader && random() < 0.9);
  return [
    ...sometimes(random, 0.4, once({ do: 'propose', node: leader })),
    ...sometimes(random, 0.3, once(change(leader))),
    ...sometimes(random, 0.3, talk(context, [leader, drawOne(random, nodes)], 3)),
    once({ do: 'cut', node: leader }),
    ...sometimes(random, 0.3, once({ do: 'crash', node: leader, kept: drawOne(random, [0, 9]) })),
    once({ do: 'wake', node: successor, random: 0 }),
    // About as long as it takes to be elected, to find where the logs meet, or to commit.
    talk(context, [successor, ...others], drawOne(random, [4, 4, 5, 6, 8, 8, 9, 10, 12, 25])),
    ...sometimes(random, 0.3, once(change(successor))),
    ...sometimes(random, 0.3, talk(context, [successor, ...others], 6)),
    ...sometimes(random, 0.7, once({ do: 'join', node: leader })),
  ];
}

function turns(context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const { random, change } = context;
  const others = nodes.filter((id) => id !== leader && id !== successor && random() < 0.9);
  const act = (node: string): Step[] => [
    ...sometimes(random, 0.5, once({ do: 'propose', node })),
    ...sometimes(random, 0.2, once(change(node))),
  ];
  const steps = act(leader);
  let [from, to] = [leader, successor];
  for (let left = drawOne(random, [2, 3, 3, 4]); left > 0; left -= 1) {
    // To be elected takes four messages for each of the others; to have an entry taken, ten.
    const exact = drawOne(random, [4, 4, 5, 10, 10, 11, 12]) * Math.max(1, others.length);
    steps.push(
      once({ do: 'cut', node: from }),
      // It follows again, whatever it was.
      once({ do: 'crash', node: to, kept: 9 }),
      once({ do: 'join', node: to }),
      once({ do: 'wake', node: to, random: 0 }),
      talk(context, [to, ...others], exact),
      ...act(to),
    );
    [from, to] = [to, from];
  }
  return steps;
}

function usurpation(context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const { random } = context;
  const loyal = [leader, ...nodes.filter((id) => id !== leader && id !== successor)];
  const rebels = nodes.filter((id) => id !== leader);
  const beats = Array.from({ length: drawOne(random, [2, 5, 12]) }, () => [
    once({ do: 'wake', node: leader, random: 0 } as const),
    talk(context, loyal, 4),
  ]);
  return [
    ...beats.flat(),
    ...loyal.map((node) => once({ do: 'crash', node, kept: 9 })).slice(1),
    once({ do: 'wake', node: successor, random: 0 }),
    talk(context, rebels, 12),
    once({ do: 'propose', node: successor }),
    talk(context, rebels, 6),
    once({ do: 'read', node: leader }),
  ];
}

function handOver(context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const { random } = context;
  const others = nodes.filter((id) => id !== leader);
  return [
    once({ do: 'wake', node: leader, random: 0 }),
    talk(context, nodes, 8),
    once({ do: 'transfer', node: leader }),
    talk(context, [leader, successor], drawOne(random, [1, 2, 4])),
    talk(context, others, 12),
    once({ do: 'propose', node: successor }),
    talk(context, others, 6),
    once({ do: 'read', node: leader }),
  ];
}

function splitVote(_context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const voters = nodes.filter((id) => id !== leader && id !== successor);
  return [
    // Nobody remembers a leader, so the round before the vote goes well for both.
    ...nodes.map(restart),
    ...[successor, leader].flatMap((id) => [once(wake(id)), ...round(id, voters)]),
    ...round(successor, voters),
    ...voters.map(restart),
    ...round(leader, voters),
  ];
}

function figure8(_context: StoryContext, { leader, successor, nodes }: Cast): Step[] {
  const others = nodes.filter((id) => id !== leader && id !== successor);
  const takeOver = (id: string): Step[] => [
    ...[id, ...others].map(restart),
    ...others.flatMap((to) => Array.from({ length: 6 }, () => once({ do: 'drop', from: id, to }))),
    once(wake(id)),
    ...round(id, others),
    ...round(id, others),
  ];
  const again = (id: string): Step[] => [...takeOver(id), once(wake(id)), ...round(id, others)];
  return [
    once({ do: 'propose', node: leader }),
    once({ do: 'persist', node: leader, writes: 100 }),
    ...takeOver(successor),
    once({ do: 'persist', node: successor, writes: 100 }),
    // Elected, told where the logs part, and given the entry of the older term.
    ...again(leader),
    ...Array.from({ length: 3 }, () => round(leader, others)).flat(),
    ...again(successor),
    ...round(successor, others),
  ];
}

function wake(node: string): Action {
  return { do: 'wake', node, random: 0 };
}

/** Nothing that was written is lost, all that is only remembered is. */
function restart(node: string): Step {
  return once({ do: 'crash', node, kept: 9 });
}

/** One message from a node to each of the others, and one from each back. */
function round(from: string, others: readonly string[]): Step[] {
  return [
    ...others.map((to) => once({ do: 'deliver', from, to })),
    ...others.flatMap((to) => [
      once({ do: 'persist', node: to, writes: 100 }),
      once({ do: 'deliver', from: to, to: from }),
    ]),
  ];
}

/** Messages among these nodes arrive and their disks catch up, but for one that may be lazy. */
function talk(context: StoryContext, nodes: readonly string[], steps: number): Step {
  const { random, world, isThorough = false } = context;
  const lazy = !isThorough && random() < 0.5 ? drawOne(random, nodes) : undefined;
  let left = steps;
  return () => {
    if (left === 0) return undefined;
    left -= 1;
    const links = world.busyLinks().filter((link) => link.every((id) => nodes.includes(id)));
    const disks = nodes.filter((id) => id !== lazy && world.nodes.get(id)!.isWriting);
    if (disks.length > 0 && (links.length === 0 || random() < 0.4)) {
      return { do: 'persist', node: drawOne(random, disks), writes: drawOne(random, [1, 100]) };
    }
    if (links.length === 0) return undefined;
    const [from, to] = drawOne(random, links);
    return { do: 'deliver', from, to };
  };
}
