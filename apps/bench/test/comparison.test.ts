import { describe, expect, it } from 'vitest';
import type { Bench, RoundReport } from '../src/bench.ts';
import { compare, isMet, median } from '../src/comparison.ts';
import { sumOfCalls } from '../src/sync-count.ts';
import { figure } from '../src/table.ts';

const bench: Bench = {
  package: 'sorting',
  ours: 'ours',
  peers: ['theirs'],
  measures: [
    { name: 'rate', unit: 'items/s', better: 'higher', target: 'ratio >= 2' },
    { name: 'cost', unit: 'us', better: 'lower', target: 'ours <= 3' },
    { name: 'only ours', unit: 'us', better: 'lower' },
  ],
};
const report = (name: string, figures: Record<string, number>): RoundReport => ({
  name,
  version: '1.0.0',
  configuration: '',
  figures,
});

describe('a comparison', () => {
  it('takes medians, and says how many times better ours is, whichever way is better', () => {
    const rows = compare(
      bench,
      new Map([
        ['ours', [30, 1_000, 20].map((rate) => report('us', { rate, cost: 4, 'only ours': 1 }))],
        ['theirs', [20, 10, 1].map((rate) => report('them', { rate, cost: 8 }))],
      ]),
    );
    expect(rows).toEqual([
      {
        ...{ name: 'rate', unit: 'items/s', ours: 30, peer: 10, peerName: 'them' },
        ...{ ratio: 3, target: 'ratio >= 2', met: true },
      },
      {
        ...{ name: 'cost', unit: 'us', ours: 4, peer: 8, peerName: 'them' },
        ...{ ratio: 2, target: 'ours <= 3', met: false },
      },
    ]);
  });

  it('meets a target at the bound itself', () => {
    expect(isMet('ours <= 3', { ours: 3, ratio: 0 })).toBe(true);
    expect(isMet('ours >= 3', { ours: 2.99, ratio: 9 })).toBe(false);
    expect(isMet('ratio >= 1.2', { ours: 0, ratio: 1.2 })).toBe(true);
  });

  it('has a median of even and odd counts, and none of nothing', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('what strace prints', () => {
  it('is summed over the calls that sync, with or without a column of errors', () => {
    const table = [
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      ' 90.00    0.100000         100      1000           fdatasync',
      ' 10.00    0.010000         100        12         2 fsync',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.110000         100      1012         2 total',
    ].join('\n');
    expect(sumOfCalls(table)).toBe(1_012);
    expect(sumOfCalls('')).toBe(0);
  });
});

describe('a figure', () => {
  it('has three significant digits', () => {
    expect([0, 0.01234, 5.678, 31.41, 1_234_567].map(figure)).toEqual([
      ...['0', '0.0123', '5.68', '31.4', '1,234,567'],
    ]);
  });
});
