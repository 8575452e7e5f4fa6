import { describe, expect, it } from 'vitest';
import { Meter, percentile } from '../../src/demo/meter.ts';

function meterAt(start = 0): { meter: Meter; at(ms: number): void } {
  let now = start;
  return {
    meter: new Meter(() => now),
    at(ms) {
      now = ms;
    },
  };
}

describe('the write gap after a leader was killed', () => {
  it('runs from the SIGKILL to the first acknowledged write sent after the process was gone', async () => {
    const { meter, at } = meterAt();
    const gap = meter.leaderKilled(1_000, 1_010);
    at(1_400);
    meter.put(1_200);
    expect(await gap).toBe(400);
    expect(meter.elections()).toEqual({ count: 1, p50Ms: 400, maxMs: 400 });
  });

  it('is not ended by an answer that was under way when the leader died', async () => {
    const { meter, at } = meterAt();
    const gap = meter.leaderKilled(1_000, 1_010);
    at(1_011);
    meter.put(990);
    meter.batch(1_005);
    expect(meter.elections().count).toBe(0);
    at(1_700);
    meter.batch(1_011);
    expect(await gap).toBe(700);
  });

  it('counts each of two leaders killed before writes went on', async () => {
    const { meter, at } = meterAt();
    const gaps = [meter.leaderKilled(1_000, 1_001), meter.leaderKilled(1_500, 1_501)];
    at(2_000);
    meter.put(1_400);
    at(2_300);
    meter.put(2_000);
    expect(await Promise.all(gaps)).toEqual([1_000, 800]);
    expect(meter.elections()).toEqual({ count: 2, p50Ms: 800, maxMs: 1_000 });
  });
});

describe('a sample', () => {
  it('holds rates per second and the percentiles of the puts of its tick alone', () => {
    const { meter, at } = meterAt();
    at(5);
    meter.put(0);
    at(500);
    expect(meter.tick()).toMatchObject({ atMs: 500, putsPerSecond: 2, putP50Ms: 5, putP99Ms: 5 });
    at(1_000);
    meter.read();
    expect(meter.tick()).toMatchObject({ putsPerSecond: 0, readsPerSecond: 2, putP50Ms: null });
  });

  it('is kept for two minutes', () => {
    const { meter, at } = meterAt();
    for (let tick = 1; tick <= 600; tick++) {
      at(tick * 500);
      meter.tick();
    }
    expect(meter.samples).toHaveLength(240);
    expect(meter.samples.at(-1)?.atMs).toBe(300_000);
  });
});

describe('a percentile', () => {
  it('is the nearest rank', () => {
    const sorted = [1, 2, 3, 4];
    expect([0.25, 0.5, 0.51, 0.99, 1].map((rank) => percentile(sorted, rank))).toEqual([
      1, 2, 3, 4, 4,
    ]);
    expect(percentile([], 0.5)).toBeUndefined();
  });
});
