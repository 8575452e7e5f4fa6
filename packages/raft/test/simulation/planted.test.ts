import { describe, expect, it } from 'vitest';
import { hunt, MAX_EVENTS, plantedBugs } from '../planted.ts';
import { describeAction } from '../schedules/action.ts';

/** Seeds that bring a bug out. `npm run planted` searches from 1, and for all of them. */
const KNOWN: Readonly<Record<string, number>> = {
  'a vote is not persisted': 69,
  'a term is not persisted': 2,
  'an older term is committed by counting': 765,
  'an append is acknowledged before it is on disk': 2,
  'a deposed leader serves reads': 16,
  'a new leader serves reads before it has committed': 19,
  'a retried write is applied twice': 2,
  'session answers are lost on snapshot': 60,
  'a stale append truncates the log': 24,
  'a member votes twice in a term': 5,
  'a vote goes to an outdated log': 6,
  'a joint quorum is one of the new members alone': 332,
  'members change while a change is under way': 238,
  'a joint configuration is left before it is committed': 332,
  'a lease outlives a hand-over of leadership': 16,
  'a member that restarts forgets whom it heard from': 14,
};

/** Figure 8 takes three leaders of three terms: no shorter schedule has been found yet. */
const LONG: Readonly<Record<string, number>> = { 'an older term is committed by counting': 100 };

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
      expect(events, steps).toBeLessThanOrEqual(LONG[bug.name] ?? MAX_EVENTS);
    },
    600_000,
  );
});
