import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { exploreInWorkers } from '@ds/sim/workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, compile } from './compiled.ts';

interface Outcome {
  readonly error?: string;
  readonly cause?: { readonly code?: string; readonly property?: string; readonly node?: string };
  readonly runs?: number;
  readonly seeds?: readonly number[];
  readonly results: readonly (readonly [number, { readonly hash: string }])[];
  readonly artifacts: readonly string[];
  readonly progress: number;
}

const PROGRAM = `
import { collectFailures, explore } from '@ds/sim';
import { collectFailuresInWorkers, exploreInWorkers } from '@ds/sim/workers';
import { scenario } from './lossy-scenario.js';

const { threads, collect, abortAfter, ...options } = JSON.parse(process.argv[2]);
const out = { results: [], artifacts: [], progress: 0 };
const controller = new AbortController();
const common = {
  ...options,
  signal: controller.signal,
  command: 'npm run it',
  onRun: (seed, result) => out.results.push([seed, result]),
  onArtifact: (name) => out.artifacts.push(name),
  onProgress: ({ done }) => {
    out.progress = done;
    if (done === abortAfter) controller.abort(new Error('enough'));
  },
};
const url = new URL('./lossy-scenario.js', import.meta.url);
try {
  const { runs, failures } =
    threads === 0
      ? await (collect ? collectFailures : explore)({ ...common, scenario })
      : await (collect ? collectFailuresInWorkers : exploreInWorkers)(
          { ...common, scenario: url, workers: threads });
  out.runs = runs;
  out.seeds = failures.map(({ seed }) => seed);
} catch (error) {
  out.error = error.message;
  const { code, property, node } = error.cause ?? {};
  out.cause = { code, property, node };
}
console.log(JSON.stringify(out));
`;

describe('exploring over worker threads', () => {
  let compiled: Compiled;
  let program: string;
  beforeAll(() => {
    compiled = compile();
    const scenario = new URL('./lossy-scenario.js', import.meta.url);
    compiled.add('lossy-scenario.js', readFileSync(scenario, 'utf8'));
    program = compiled.add('program.js', PROGRAM);
  });
  afterAll(() => compiled.dispose());

  const run = async (options: object): Promise<Outcome> => {
    const args = [program, JSON.stringify(options)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as Outcome;
  };

  it('finds what one thread finds, however many there are', async () => {
    const options = { seeds: 60, firstSeed: 11 };
    const alone = await run({ ...options, threads: 0 });
    expect(alone.error).toContain(
      '1 of 7 runs failed (seeds 17); replay with: DS_SEED=17 npm run it',
    );
    expect(alone.error).toContain('violated: never seven');
    expect(alone.error).toMatch(/shrunk from \d+ to 1 steps/);
    expect(alone.artifacts).toEqual(['seed-17.jsonl', 'seed-17.svg']);
    expect(alone.results.map(([seed]) => seed)).toEqual([11, 12, 13, 14, 15, 16]);
    for (const threads of [1, 3]) expect(await run({ ...options, threads })).toEqual(alone);
  });

  it('collects the failures with the lowest seeds', async () => {
    const options = { seeds: 60, firstSeed: 1, maxFailures: 3, collect: true };
    const alone = await run({ ...options, threads: 0 });
    expect(alone).toMatchObject({ runs: 27, seeds: [7, 17, 27], progress: 27 });
    expect(await run({ ...options, threads: 3 })).toEqual(alone);
  });

  it('ends a run that never ends, and goes on with the next seed', async () => {
    const options = { seeds: 4, firstSeed: 1_000, maxFailures: 4, maxRunMs: 2_000, threads: 2 };
    const { error, cause, results } = await run(options);
    expect(cause).toMatchObject({ code: 'SIM_ENDLESS' });
    expect(error).toContain('3 of 4 runs failed (seeds 1001, 1002, 1003)');
    expect(error).toContain('seed 1001 has not ended within 2000 ms of wall time');
    expect(results.map(([seed]) => seed)).toEqual([1_000]);
  });

  it('a run that ends its thread has failed, and so has a result that cannot be cloned', async () => {
    const [died, unclonable] = await Promise.all([
      run({ seeds: 1, firstSeed: 1_002, threads: 1 }),
      run({ seeds: 1, firstSeed: 1_003, threads: 1 }),
    ]);
    expect(died.error).toContain('ended its worker thread with code 3');
    expect(unclonable.error).toContain('could not be cloned');
  });

  it('ends when it is aborted', async () => {
    const { error, progress } = await run({
      seeds: 500,
      threads: 2,
      maxFailures: 500,
      abortAfter: 9,
    });
    expect(error).toBe('enough');
    expect(progress).toBeLessThan(500);
  });

  it('refuses what means nothing', async () => {
    const scenario = 'file:///nowhere.js';
    for (const wrong of [{ workers: 0 }, { workers: 1.5 }, { maxRunMs: 0 }, { seeds: 0 }]) {
      await expect(exploreInWorkers({ scenario, ...wrong })).rejects.toThrow(RangeError);
    }
    await expect(
      exploreInWorkers({ scenario, signal: AbortSignal.abort(new Error('no')) }),
    ).rejects.toThrow('no');
    // These are the sources, which no thread can load.
    await expect(exploreInWorkers({ scenario })).rejects.toThrow('no TypeScript');
  });
});
