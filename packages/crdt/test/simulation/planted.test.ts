import { describe, expect, it } from 'vitest';
import { hunt, plantedBugs } from '../planted.ts';

describe('the simulation notices that', () => {
  it.each(plantedBugs)(
    '$name',
    async (bug) => {
      const { caught } = await hunt(bug, {
        firstSeed: 1,
        seeds: 60,
        signal: new AbortController().signal,
        progress: () => {},
      });
      expect(caught).toBe(true);
    },
    300_000,
  );
});
