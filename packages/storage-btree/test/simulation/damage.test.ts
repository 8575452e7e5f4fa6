/** Damage at rest, in every byte of every kind of file: the exact right data, or a report. */
import { damageEverywhere, type Leaving } from '@ds/sim/engines';
import { describe, expect, it } from 'vitest';
import { PLANTS } from '../planted.ts';
import { btreeEngine } from './btree-engine.ts';

const engine = btreeEngine();
const HEAD_BYTES = 4096;

/** Of the thousands of zeros in the two heads only some. */
function takes(kind: string, position: number): boolean {
  const inHead = position % HEAD_BYTES;
  const isZero = kind === 'data' && position < 2 * HEAD_BYTES && inHead > 128 && inHead < 4090;
  return kind !== 'lock' && (!isZero || position % 16 === 0);
}

describe('a flipped bit in any byte', () => {
  for (const leaving of ['closed', 'killed'] satisfies Leaving[]) {
    it(`of a ${leaving} store is reported or harmless`, async () => {
      const counts = await damageEverywhere(engine, 'flipped bit', { leaving, takes });
      expect(counts['data: reported']).toBeGreaterThan(2000);
      // Either head may be damaged, as long as the other is whole.
      expect(counts['data: harmless']).toBeGreaterThan(500);
      expect(counts['log: reported']).toBeGreaterThan(20);
    }, 120_000);
  }

  it('is served as data where checksums are ignored (planted)', async () => {
    const planted = btreeEngine(PLANTS['checksums are not compared']);
    const inPages = (kind: string, position: number): boolean =>
      kind === 'data' && position >= 2 * HEAD_BYTES;
    await expect(damageEverywhere(planted, 'flipped bit', { takes: inPages })).rejects.toThrow();
  }, 60_000);
});

describe('a file', () => {
  for (const leaving of ['closed', 'killed'] satisfies Leaving[]) {
    it(`of a ${leaving} store, cut short anywhere, is reported or harmless`, async () => {
      // The log of a process that died may end anywhere.
      const isToldApart = (kind: string): boolean => leaving === 'closed' || kind === 'data';
      const counts = await damageEverywhere(engine, 'cut short', {
        leaving,
        takes: (kind, position) => isToldApart(kind) && position % 29 === 0,
      });
      expect(counts['data: reported']).toBeGreaterThan(100);
    }, 60_000);
  }

  it('that is missing is reported, unless it is a log that nothing needs', async () => {
    for (const leaving of ['closed', 'killed'] satisfies Leaving[]) {
      const counts = await damageEverywhere(engine, 'missing', { leaving });
      expect(counts).toMatchObject({ 'data: reported': 1 });
      expect(counts['data: harmless']).toBe(undefined);
    }
  });
});
