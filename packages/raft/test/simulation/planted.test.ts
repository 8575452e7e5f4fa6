import { describe, expect, it } from 'vitest';
import { hunt, MAX_EVENTS, plantedBugs } from '../planted.ts';
import { describeAction } from '../schedules/action.ts';

/** Seeds that bring a bug out. `npm run planted` searches from 1, and for all of them. */
const KNOWN: Readonly<Record<string, number>> = {
  'a term is not persisted': 3,
  'an append is acknowledged before it is on disk': 1,
  'a deposed leader serves reads': 29,
  'a new leader serves reads before it has committed': 54,
  'a retried write is applied twice': 2,
  'session answers are lost on snapshot': 78,
  'a member votes twice in a term': 4,
  'a vote goes to an outdated log': 14,
  'a lease does not allow for clocks that drift': 156,
  'a lease outlives a hand-over of leadership': 85,
};

/** How many seeds from there on, should a change to the search have moved the runs. */
const BUDGET = 300;

/** The others take longer than a test may: `npm run planted -- raft` looks for them. */
const quick = plantedBugs.filter(({ name }) => name in KNOWN);

it('the seeds known are of bugs that there are', () => {
  expect(quick.map(({ name }) => name).sort()).toEqual(Object.keys(KNOWN).sort());
});

describe('the search through schedules notices, and shows in few steps, that', () => {
  it.each(quick)(
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
