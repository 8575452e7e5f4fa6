import { describe, expect, it } from 'vitest';
import { hunt, MAX_EVENTS, plantedBugs } from '../planted.ts';
import { describeAction } from '../schedules/action.ts';

/** Seeds that bring a bug out. `npm run planted` searches from 1. */
const KNOWN: Readonly<Record<string, number>> = {
  'a vote is not persisted': 40,
  'a term is not persisted': 3,
  'an older term is committed by counting': 67,
  'an append is acknowledged before it is on disk': 30,
  'a deposed leader serves reads': 13,
  'a new leader serves reads before it has committed': 78,
  'a retried write is applied twice': 2,
  'session answers are lost on snapshot': 56,
  'a stale append truncates the log': 189,
  'an append is acknowledged by index (ABA)': 30,
  'a snapshot replaces a newer log': 196,
  'a member votes twice in a term': 1,
  'a vote goes to an outdated log': 4,
  'a joint quorum is one of the new members alone': 28,
  'learners count': 586,
  'members change before the leader has committed in its term': 118,
  'a configuration counts only once it is committed': 17,
  'members change while a change is under way': 118,
  'a joint configuration is left before it is committed': 28,
  'a lease does not allow for clocks that drift': 13,
  'a lease outlives a hand-over of leadership': 293,
  'a member that restarts forgets whom it heard from': 156,
};

/** How many seeds from there on, should a change to the search have moved the runs. */
const BUDGET = 300;

it('a seed is known for each of them', () => {
  expect(plantedBugs.map(({ name }) => name).sort()).toEqual(Object.keys(KNOWN).sort());
});

describe('the search through schedules notices, and shows in few steps, that', () => {
  it.each(plantedBugs)(
    '$name',
    async (bug) => {
      const { caught, events, shrunk } = await hunt(bug, {
        firstSeed: KNOWN[bug.name]!,
        seeds: BUDGET,
        signal: new AbortController().signal,
        progress: () => {},
      });
      expect(caught).toBe(true);
      const steps = shrunk?.actions.map(describeAction).join('\n');
      expect(events, steps).toBeLessThanOrEqual(MAX_EVENTS);
    },
    600_000,
  );
});
