/**
 * The whole store in the simulator. `DS_SEEDS` sets how many seeds, `DS_SEED` one to replay; by
 * default fresh ones, as many as fit into about a minute on two cores.
 */
import { describe, expect, it } from 'vitest';
import { buildPrograms, Program, removePrograms } from '../process/programs.ts';
import { runStore } from './run-store.ts';

const SEEDS = Number(process.env.DS_SEEDS ?? 80);
const ONE = process.env.DS_SEED;
const first = ONE === undefined ? Math.floor(Math.random() * 2 ** 40) : Number(ONE);

describe('the whole store under faults', () => {
  const seeds = Array.from({ length: ONE === undefined ? SEEDS : 1 }, (_, i) => first + i);
  it(`is linearizable, loses nothing and recovers: ${seeds.length} seeds`, async () => {
    for (const seed of seeds) {
      const { failure } = await runStore({ seed });
      const replay = `replay: DS_SEED=${seed} npx vitest run apps/kv-store/test/simulation`;
      expect(failure, `${failure}\n${replay}`).toBeUndefined();
    }
  }, 3_600_000);

  it('the same seed is the same run', async () => {
    for (const seed of [1, 2, 3]) {
      const [one, two] = [await runStore({ seed }), await runStore({ seed })];
      expect(two.traceHash).toBe(one.traceHash);
      expect(two.counts).toEqual(one.counts);
    }
    expect((await runStore({ seed: 1 })).traceHash).not.toBe(
      (await runStore({ seed: 2 })).traceHash,
    );
  });

  it('the same seed is the same run in another process, and another seed is another', async () => {
    await buildPrograms();
    const elsewhere = await new Program('trace-hash', ['1']).ended;
    const [one, two] = [await runStore({ seed: 1 }), await runStore({ seed: 2 })];
    removePrograms();
    expect(elsewhere).toMatchObject({ code: 0, out: `${one.traceHash}\n` });
    expect(two.traceHash).not.toBe(one.traceHash);
  });
});
