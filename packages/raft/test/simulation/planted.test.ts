import { describe, expect, it } from 'vitest';
import { hunt, plantedBugs } from '../planted.ts';

/** Seeds that bring a bug out; the rest is found within a few. `npm run planted` searches from 1. */
const KNOWN: Readonly<Record<string, number>> = {
  'a vote is not persisted': 2268,
  'an older term is committed by counting': 1248,
  'a deposed leader serves reads': 198,
  'session answers are lost on snapshot': 32,
  'an append is acknowledged by index (ABA)': 457,
  'a snapshot replaces a newer log': 135,
};

/** How many seeds from there on, should a change to the scenario have moved the runs. */
const BUDGET = 300;

describe('the simulation notices that', () => {
  it.each(plantedBugs)(
    '$name',
    async (bug) => {
      const { caught } = await hunt(bug, {
        firstSeed: KNOWN[bug.name] ?? 1,
        seeds: BUDGET,
        signal: new AbortController().signal,
        progress: () => {},
      });
      expect(caught).toBe(true);
    },
    600_000,
  );
});
