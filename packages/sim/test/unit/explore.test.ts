import {
  chaos,
  collectFailures,
  drawFaults,
  explore,
  SimulationError,
  seededRandom,
  skewClocks,
  World,
} from '@ds/sim';
import { describe, expect, it } from 'vitest';

const failsAt =
  (...bad: number[]) =>
  (seed: number): number => {
    if (bad.includes(seed)) throw new Error(`broken by ${seed}`);
    return seed;
  };

describe('exploring seeds', () => {
  it('runs each seed once and tells of the progress', async () => {
    const seen: number[] = [];
    const progress: string[] = [];
    const { runs, failures } = await explore({
      scenario: failsAt(),
      seeds: 3,
      firstSeed: 5,
      onRun: (_, result) => seen.push(result),
      onProgress: ({ done, total }) => progress.push(`${done}/${total}`),
    });
    expect([runs, failures, seen]).toEqual([3, [], [5, 6, 7]]);
    expect(progress).toEqual(['1/3', '2/3', '3/3']);
  });

  it('fails with the one line that replays the first failure', async () => {
    const error = await explore({ scenario: failsAt(4), seeds: 9, command: 'npm test' }).catch(
      (thrown: unknown) => thrown as SimulationError,
    );
    expect(error).toBeInstanceOf(SimulationError);
    expect(error).toMatchObject({ code: 'SIM_SCENARIO_FAILED', seed: 4 });
    expect((error as SimulationError).message).toBe(
      '1 of 4 runs failed (seeds 4); replay with: DS_SEED=4 npm test\nseed 4: broken by 4',
    );
  });

  it('collects as many failures as it is told', async () => {
    const { runs, failures } = await collectFailures({
      scenario: failsAt(2, 3, 8, 9),
      seeds: 20,
      maxFailures: 3,
    });
    expect(runs).toBe(8);
    expect(failures.map(({ seed, replay }) => [seed, replay])).toEqual([
      [2, 'DS_SEED=2 npm test'],
      [3, 'DS_SEED=3 npm test'],
      [8, 'DS_SEED=8 npm test'],
    ]);
  });

  it('obeys DS_SEED, DS_SEEDS and DS_FIRST_SEED of the environment it is handed', async () => {
    const seen: number[] = [];
    const scenario = (seed: number): number => seen.push(seed);
    await explore({ scenario, seeds: 50, environment: { DS_SEED: '17' } });
    expect(seen.splice(0)).toEqual([17]);
    await explore({ scenario, seeds: 2, environment: { DS_SEEDS: '2' } });
    expect(seen.splice(0)).toEqual([1, 2, 3, 4]);
    await explore({ scenario, seeds: 50, environment: { DS_SEEDS: '.04', DS_FIRST_SEED: '70' } });
    expect(seen.splice(0)).toEqual([71, 72]);
    for (const DS_SEEDS of ['x', '0', '-1']) {
      await expect(explore({ scenario, environment: { DS_SEEDS } })).rejects.toThrow(RangeError);
    }
    await expect(explore({ scenario, seeds: 0 })).rejects.toThrow(RangeError);
  });

  it('ends when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(explore({ scenario: failsAt(), signal })).rejects.toThrow('enough');
  });
});

describe('swarm testing', () => {
  it('draws another mix for another seed, each kind now there and now absent', () => {
    const mixes = Array.from({ length: 200 }, (_, seed) => drawFaults(seededRandom(seed)));
    for (const kind of ['loss', 'duplicate', 'reorder'] as const) {
      const off = mixes.filter(({ network }) => network[kind] === 0).length;
      expect(off).toBeGreaterThan(60);
      expect(off).toBeLessThan(140);
    }
    const calm = mixes.filter(({ chaos: { crashEveryMs } }) => crashEveryMs === Infinity).length;
    expect(calm).toBeGreaterThan(60);
    expect(calm).toBeLessThan(140);
    for (const mix of mixes) new World({ seed: 1, network: mix.network, disk: mix.disk });
    expect(drawFaults(seededRandom(3))).toEqual(mixes[3]);
  });

  it('gives every node a wrong clock of its own', async () => {
    const world = new World({ seed: 1 });
    const clocks = ['a', 'b', 'c'].map((id) => world.addNode(id, ({ clock }) => clock).handle);
    skewClocks(world, { maxOffsetMs: 1_000, maxDriftPpm: 500 });
    await world.runFor(10_000);
    const readings = clocks.map((clock) => clock.monotonic());
    expect(new Set(readings).size).toBe(3);
    for (const reading of readings) expect(Math.abs(reading - 10_000)).toBeLessThanOrEqual(5);
  });
});

describe('chaos', () => {
  it('keeps a majority up by default, and leaves all well when it stops', async () => {
    const totals = { crashes: 0, pauses: 0, partitions: 0 };
    for (let seed = 0; seed < 20; seed += 1) {
      const world = new World({ seed, network: { loss: 0.5 } });
      const nodes = ['a', 'b', 'c', 'd', 'e'].map((id) => world.addNode(id, () => {}));
      const storm = chaos(world, { crashEveryMs: 50, pauseEveryMs: 50, durationMs: 3_000 });
      let most = 0;
      while (storm.active) {
        await world.runFor(10);
        most = Math.max(most, nodes.filter(({ state }) => state !== 'running').length);
      }
      expect(most).toBe(2);
      expect(nodes.map(({ state }) => state)).toEqual(nodes.map(() => 'running'));
      const counts = world.counts();
      expect(counts.restarts).toBe(counts.crashes);
      totals.crashes += counts.crashes;
      totals.pauses += counts.pauses;
      totals.partitions += counts.partitions;
      await world.runFor(200);
      for (const { transport } of nodes) expect([...transport!.peers()].length).toBe(4);
    }
    for (const total of Object.values(totals)) expect(total).toBeGreaterThan(20);
  });

  it('refuses settings that mean nothing', () => {
    const world = new World({ seed: 1 });
    expect(() => chaos(world, { crashEveryMs: 0 })).toThrow(RangeError);
    expect(() => chaos(world, { durationMs: Number.POSITIVE_INFINITY })).toThrow(RangeError);
  });
});
