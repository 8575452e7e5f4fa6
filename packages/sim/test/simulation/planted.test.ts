import { explore } from '@ds/sim';
import { describe, expect, it } from 'vitest';
import { hunt, plantedBugs, toys } from '../planted.ts';

describe('toy protocols', () => {
  for (const [name, run] of Object.entries(toys)) {
    it(`the ${name} keeps its promise in 200 seeds`, async () => {
      const { runs } = await explore({
        scenario: (seed, schedule) => run(seed, schedule),
        seeds: 200,
        environment: process.env,
        command: 'npx vitest run packages/sim/test/simulation/planted.test.ts',
      });
      expect(runs).toBeGreaterThan(0);
    });
  }
});

describe('a planted bug is found and its run made small', () => {
  const { signal } = new AbortController();
  it.each(plantedBugs)('$name', async (bug) => {
    const caught = await hunt(bug, { firstSeed: 1, seeds: 10_000, signal, progress: () => {} });
    expect(caught).toMatchObject({ caught: true });
    expect(caught.events).toBeLessThanOrEqual(50);
    expect(caught.shrunk?.minimal).toBe(true);
    expect(caught.shrunk?.trace.at(-1)?.kind).toBe('violated');
  });
});
