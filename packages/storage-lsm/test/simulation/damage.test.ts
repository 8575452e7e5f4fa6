/** Damage at rest, in every byte of every kind of file: the exact right data, or a report. */
import { damageEverywhere, type Leaving } from '@ds/sim/engines';
import { describe, expect, it } from 'vitest';
import { PLANTS } from '../planted.ts';
import { lsmEngine } from './lsm-engine.ts';

const engine = lsmEngine();
const FILES = ['current', 'log', 'manifest', 'table'];

const kindsIn = (counts: Readonly<Record<string, number>>): string[] =>
  [...new Set(Object.keys(counts).map((name) => name.split(':')[0] ?? ''))].sort();

const reportsIn = (counts: Readonly<Record<string, number>>): number =>
  Object.entries(counts).reduce((sum, [name, count]) => {
    return name.endsWith(': reported') ? sum + count : sum;
  }, 0);

describe('a flipped bit in any byte', () => {
  for (const leaving of ['closed', 'killed'] satisfies Leaving[]) {
    it(`of a ${leaving} store is reported or harmless`, async () => {
      const takes = (_: string, position: number): boolean =>
        leaving === 'closed' || position % 3 === 0;
      const counts = await damageEverywhere(engine, 'flipped bit', { leaving, takes });
      expect(kindsIn(counts)).toEqual(FILES);
      expect(reportsIn(counts)).toBeGreaterThan(500);
    }, 120_000);
  }

  it('is served as data where checksums are ignored (planted)', async () => {
    const planted = lsmEngine(PLANTS['checksums are not compared']);
    await expect(damageEverywhere(planted, 'flipped bit')).rejects.toThrow(/ is .* and not /);
  }, 60_000);
});

describe('a file', () => {
  it('cut short anywhere is reported or harmless', async () => {
    const counts = await damageEverywhere(engine, 'cut short');
    expect(kindsIn(counts)).toEqual(FILES);
  }, 60_000);

  it('that is missing is reported', async () => {
    const counts = await damageEverywhere(engine, 'missing');
    expect(kindsIn(counts)).toEqual(FILES);
    expect(Object.keys(counts).filter((name) => name.endsWith('harmless'))).toEqual([]);
  });
});
