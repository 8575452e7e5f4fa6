import { ManualClock } from '@ds/clock/memory';
import { expect, it } from 'vitest';
import { LatencyWindow } from '../../src/latency-window.ts';

it('percentiles are at most 9% too high and never too low', () => {
  const window = new LatencyWindow(new ManualClock());
  for (let ms = 1; ms <= 100; ms += 1) window.record(ms);
  const { p50Ms, p99Ms } = window.percentiles();
  expect(p50Ms).toBeGreaterThanOrEqual(50);
  expect(p50Ms).toBeLessThan(50 * 1.1);
  expect(p99Ms).toBeGreaterThanOrEqual(99);
  expect(p99Ms).toBeLessThan(99 * 1.1);
});

it('samples leave the window after ten seconds', () => {
  const clock = new ManualClock();
  const window = new LatencyWindow(clock);
  window.record(5_000);
  clock.advance(5_000);
  window.record(1);
  expect(window.percentiles().p99Ms).toBeGreaterThan(4_000);
  clock.advance(5_000);
  expect(window.percentiles().p99Ms).toBeLessThan(2);
  clock.advance(60_000);
  expect(window.percentiles()).toEqual({ p50Ms: null, p99Ms: null });
});
