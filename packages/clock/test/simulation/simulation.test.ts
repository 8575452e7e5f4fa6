/** `DS_SEEDS=10` takes ten times the seeds, `DS_FIRST_SEED` is the first, `DS_SEED=7` alone. */
import { describe, expect, it } from 'vitest';
import { runHybrid } from './hybrid-scenario.ts';
import { scenarios } from './scenarios.ts';

const { DS_SEED, DS_SEEDS = '1', DS_FIRST_SEED = '1' } = process.env;
const SEEDS = 300;

function* seeds(): Iterable<number> {
  const first = Number(DS_SEED ?? DS_FIRST_SEED);
  const count = DS_SEED === undefined ? Math.ceil(SEEDS * Number(DS_SEEDS)) : 1;
  if (!Number.isSafeInteger(first + count)) throw new RangeError('DS_SEED and DS_SEEDS: numbers');
  for (let i = 0; i < count; i += 1) yield first + i;
}

describe('whatever the network and the clocks do', () => {
  it.each(Object.entries(scenarios))('%s', async (_name, run) => {
    let events = 0;
    let runs = 0;
    for (const seed of seeds()) {
      try {
        events += await run(seed);
      } catch (cause) {
        const replay = `replay with DS_SEED=${seed} npx vitest packages/clock/test/simulation`;
        throw new Error(`seed ${seed}: ${cause}; ${replay}`, { cause });
      }
      runs += 1;
    }
    // A run in which nothing happens proves nothing.
    expect(events / runs).toBeGreaterThan(5);
  });

  it('the same seed gives the same run', async () => {
    for (const seed of [3, 8, 21]) expect(await runHybrid(seed)).toBe(await runHybrid(seed));
  });
});
