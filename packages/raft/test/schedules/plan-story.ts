/**
 * Stories that chance alone seldom tells: several actions that belong together, each decided in its
 * moment. They know what Raft is, as a nemesis may, and nothing of how it is implemented.
 */
import {
  figure8,
  lateSnapshot,
  learnerQuorum,
  overtakenWrite,
  replacedVoters,
  slowClock,
  splitVote,
  unconfirmedChange,
} from './directed-stories.ts';
import {
  type Cast,
  drawOne,
  once,
  type Step,
  type StoryContext,
  sometimes,
  talk,
} from './story-steps.ts';

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
  | 'figure-8'
  /** Learners have what the voters have not, and the voters elect another leader. */
  | 'learner-quorum'
  /** A leader and the voters to be decide without those that there are. */
  | 'replaced-voters'
  /** A leader changes the members and falls silent; the next one changes them otherwise. */
  | 'unconfirmed-change'
  /** A leader whose clock is slow reads when others have elected another. */
  | 'slow-clock'
  /** An entry is written over while the write of another is reported. */
  | 'overtaken-write'
  /** A snapshot is whole on a follower's disk when its log has gone beyond it. */
  | 'late-snapshot';

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
    'learner-quorum': learnerQuorum,
    'replaced-voters': replacedVoters,
    'unconfirmed-change': unconfirmedChange,
    'slow-clock': slowClock,
    'overtaken-write': overtakenWrite,
    'late-snapshot': lateSnapshot,
  };
  const told = stories[story](context, cast);
  if (told.length === 0) return [];
  // Most often from a quiet beginning: what is still on its way comes before what is sent now.
  return [...sometimes(random, 0.7, talk({ ...context, isThorough: true }, nodes, 60)), ...told];
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
