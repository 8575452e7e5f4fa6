import { type Latency, seededRandom, World } from '@ds/sim';
import { describe, expect, it } from 'vitest';
import { drawLatency } from '../../src/network/latency.ts';

function draws(latency: Latency, count = 20_000): number[] {
  const random = seededRandom(11);
  return Array.from({ length: count }, () => drawLatency(random, latency)).sort((x, y) => x - y);
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.floor(q * sorted.length)]!;

describe('a distribution of delays', () => {
  it('constant: is always the same', () => {
    expect(new Set(draws({ kind: 'constant', ms: 7 }))).toEqual(new Set([7]));
  });

  it('uniform: is spread evenly between its bounds', () => {
    const sorted = draws({ kind: 'uniform', minMs: 10, maxMs: 20 });
    expect(sorted[0]).toBeGreaterThanOrEqual(10);
    expect(sorted.at(-1)).toBeLessThanOrEqual(20);
    for (const q of [0.1, 0.5, 0.9]) expect(quantile(sorted, q)).toBeCloseTo(10 + 10 * q, 0);
  });

  it('exponential: has its mean and its median, from its minimum on', () => {
    const sorted = draws({ kind: 'exponential', minMs: 5, meanMs: 15, maxMs: 10_000 });
    expect(sorted[0]).toBeGreaterThanOrEqual(5);
    expect(quantile(sorted, 0.5)).toBeCloseTo(5 + 10 * Math.LN2, 0);
    expect(sorted.reduce((sum, each) => sum + each) / sorted.length).toBeCloseTo(15, 0);
  });

  it('log-normal: has its median, and one in a hundred is ten times as long at sigma 1', () => {
    const sorted = draws({ kind: 'log-normal', medianMs: 10, sigma: 1, maxMs: 1e6 });
    expect(quantile(sorted, 0.5)).toBeGreaterThan(9.5);
    expect(quantile(sorted, 0.5)).toBeLessThan(10.5);
    expect(quantile(sorted, 0.99)).toBeGreaterThan(10 * 10 * 0.9);
    expect(quantile(sorted, 0.99)).toBeLessThan(10 * 10 * 1.15);
  });

  it('Pareto: one in a hundred is a hundred times as long at shape 1', () => {
    const sorted = draws({ kind: 'pareto', minMs: 2, shape: 1, maxMs: 1e6 });
    expect(sorted[0]).toBeGreaterThanOrEqual(2);
    expect(quantile(sorted, 0.5)).toBeCloseTo(4, 0);
    expect(quantile(sorted, 0.99)).toBeGreaterThan(150);
    expect(quantile(sorted, 0.99)).toBeLessThan(260);
  });

  it('never exceeds its bound', () => {
    for (const kind of [
      { kind: 'exponential', minMs: 1, meanMs: 20, maxMs: 30 },
      { kind: 'log-normal', medianMs: 10, sigma: 2, maxMs: 30 },
      { kind: 'pareto', minMs: 2, shape: 0.5, maxMs: 30 },
    ] as const) {
      expect(draws(kind).at(-1)).toBe(30);
    }
  });

  it('is refused when it is out of order, negative or endless', () => {
    const wrong = [
      { kind: 'constant', ms: -1 },
      { kind: 'constant', ms: Number.NaN },
      { kind: 'uniform', minMs: 2, maxMs: 1 },
      { kind: 'log-normal', medianMs: 1, sigma: 1, maxMs: Number.POSITIVE_INFINITY },
      { kind: 'log-normal', medianMs: 1, sigma: 11, maxMs: 2 },
      { kind: 'pareto', minMs: 1, shape: 0, maxMs: 2 },
      { minMs: 1, meanMs: 5, maxMs: 4 },
      { kind: 'weibull', minMs: 1 },
    ];
    for (const delay of wrong) {
      expect(() => new World({ seed: 1, network: { delay: delay as Latency } })).toThrow(
        RangeError,
      );
    }
  });
});
