import { soak } from '@ds/sim';
import { describe, expect, it } from 'vitest';

describe('a soak', () => {
  const options = { firstSeed: 5, seeds: 4, signal: new AbortController().signal };

  it('runs every seed, keeps what failed, and sums up what the others covered', async () => {
    const words: string[] = [];
    const progress = (text: string): number => words.push(text);
    const result = await soak({ ...options, progress }, async (seed) => {
      if (seed === 6) throw new Error('broken');
      return { hash: 'x', crashes: seed, maxConcurrency: seed % 7 };
    });
    expect(result).toEqual({
      seeds: 4,
      failed: [{ seed: 6, message: 'broken' }],
      coverage: { crashes: 5 + 7 + 8, maxConcurrency: 5 },
    });
    expect(words).toEqual(['0 of 4 seeds, 0 failed']);
  });

  it('that is aborted tells what it has found so far', async () => {
    const controller = new AbortController();
    const { seeds, coverage } = await soak(
      { ...options, signal: controller.signal, progress: () => {} },
      async (seed) => {
        if (seed === 6) controller.abort();
        return { runs: 1 };
      },
    );
    expect([seeds, coverage]).toEqual([2, { runs: 2 }]);
  });
});
