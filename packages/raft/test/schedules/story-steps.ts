/** What stories are made of: single actions, exchanges of messages, restarts. */
import type { Random } from '@ds/sim';
import type { Action } from './action.ts';
import type { ScheduleWorld } from './schedule-world.ts';

/** Gives the next action, or nothing when it is over. */
export type Step = () => Action | undefined;

export interface StoryContext {
  readonly random: Random;
  readonly world: ScheduleWorld;
  readonly change: (node: string) => Action;
  /** Nobody's disk is left out. */
  readonly isThorough?: boolean;
}

/** Who leads, who is to lead next, and everybody, those two among them. */
export interface Cast {
  readonly leader: string;
  readonly successor: string;
  readonly nodes: readonly string[];
}

export function drawOne<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

export function once(action: Action): Step {
  const left = [action];
  return () => left.pop();
}

export function sometimes(random: Random, chance: number, ...steps: readonly Step[]): Step[] {
  return random() < chance ? [...steps] : [];
}

export function wake(node: string): Step {
  return once({ do: 'wake', node, random: 0 });
}

/** Nothing that was written is lost, all that is only remembered is. */
export function restart(node: string): Step {
  return once({ do: 'crash', node, kept: 9 });
}

export function cut(...nodes: readonly string[]): Step[] {
  return nodes.map((node) => once({ do: 'cut', node }));
}

export function join(...nodes: readonly string[]): Step[] {
  return nodes.map((node) => once({ do: 'join', node }));
}

export function persist(node: string, writes = 100): Step {
  return once({ do: 'persist', node, writes });
}

/** One message from a node to each of the others, and one from each back; some times over. */
export function rounds(from: string, others: readonly string[], times = 1): Step[] {
  const round = (): Step[] => [
    ...others.map((to) => once({ do: 'deliver', from, to })),
    ...others.flatMap((to) => [persist(to), once({ do: 'deliver', from: to, to: from })]),
    persist(from),
  ];
  return Array.from({ length: times }, round).flat();
}

/**
 * `id` asks the `voters` for their votes, all started anew, so that nobody waits for a leader of
 * before. One that was away for a term learns that term by asking, and has to ask again.
 */
export function takeOver(id: string, voters: readonly string[], times = 1): Step[] {
  const ask = (): Step[] => [wake(id), ...rounds(id, voters, 2)];
  return [...[id, ...voters].map(restart), ...Array.from({ length: times }, ask).flat()];
}

/** Messages among these nodes arrive and their disks catch up, but for one that may be lazy. */
export function talk(context: StoryContext, nodes: readonly string[], steps: number): Step {
  const { random, world, isThorough = false } = context;
  const lazy = !isThorough && random() < 0.5 ? drawOne(random, nodes) : undefined;
  let left = steps;
  return () => {
    if (left === 0) return undefined;
    left -= 1;
    const links = world.busyLinks().filter((link) => link.every((id) => nodes.includes(id)));
    const disks = nodes.filter((id) => id !== lazy && world.nodes.get(id)!.isWriting);
    const arriving = nodes.filter((id) => id !== lazy && world.nodes.get(id)!.isStaging);
    if (arriving.length > 0 && random() < 0.2) {
      return { do: 'stage', node: drawOne(random, arriving) };
    }
    if (disks.length > 0 && (links.length === 0 || random() < 0.4)) {
      return { do: 'persist', node: drawOne(random, disks), writes: drawOne(random, [1, 100]) };
    }
    if (links.length === 0) return undefined;
    const [from, to] = drawOne(random, links);
    return { do: 'deliver', from, to };
  };
}
