/** Deleted ranges against a sorted array, through flushes, merges, snapshots and reopening. */

import {
  coveringSequence,
  mergeFragments,
  newestVisible,
  RangeTombstones,
} from '@ds/storage/engine';
import { MemoryFileSystem } from '@ds/storage/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { type LsmStore, openLsmStore } from '../../src/index.ts';
import { openWithDecisions } from '../../src/open.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

type Contents = ReadonlyMap<string, string>;

interface Pair {
  readonly expected: Contents;
  readonly reader: Pick<LsmStore, 'get' | 'range'>;
  release(): void;
}

const KEYS = 40;
const keyOf = (index: number): string => `k${String(index).padStart(2, '0')}`;
const index = fc.integer({ min: 0, max: KEYS });
const bound = fc.option(index, { nil: undefined, freq: 8 });

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), key: index }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), key: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('deleteRange' as const), from: bound, to: bound }),
  },
);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.array(operation, { minLength: 1, maxLength: 6 }) },
  { weight: 2, arbitrary: fc.constant('fill' as const) },
  { weight: 1, arbitrary: fc.constant('snapshot' as const) },
  { weight: 1, arbitrary: fc.constant('iterator' as const) },
  { weight: 1, arbitrary: fc.constant('release' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
  { weight: 1, arbitrary: fc.constant('compact' as const) },
);

const OPTIONS = { ...TINY, memtableBytes: 1024, tableBytes: 1024, levelOneBytes: 2048 };

class Run {
  readonly #options = { ...OPTIONS, fileSystem: new MemoryFileSystem(), directory: 'd' };
  #store: LsmStore | undefined;
  #contents: Contents = new Map();
  #held: Pair[] = [];
  #written = 0;

  readonly #decisions: SafetyDecisions;

  constructor(decisions: SafetyDecisions = SAFE_DECISIONS) {
    this.#decisions = decisions;
  }

  async work(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) {
    this.#store = await openWithDecisions(this.#options, this.#decisions);
    for (const each of steps) {
      if (typeof each !== 'string') await this.#write(each);
      else if (each === 'fill') await this.#fill();
      else if (each === 'compact') await this.#store.compactRange();
      else if (each === 'snapshot') this.#hold(this.#store.snapshot());
      else if (each === 'iterator') this.#holdIterator();
      else if (each === 'release') this.#held.shift()?.release();
      else await this.#reopen();
      this.#check();
    }
    for (const { release } of this.#held.splice(0)) release();
    await this.#store.compactRange();
    this.#check();
    await this.#store.close();
  }

  async #write(batch: readonly (typeof operation extends fc.Arbitrary<infer O> ? O : never)[]) {
    const next = new Map(this.#contents);
    await this.#store!.write(
      batch.map((each) => {
        if (each.type === 'put') {
          const value = `${(this.#written += 1)} `.repeat(8);
          next.set(keyOf(each.key), value);
          return { type: 'put', key: text(keyOf(each.key)), value: text(value) };
        }
        if (each.type === 'delete') {
          next.delete(keyOf(each.key));
          return { type: 'delete', key: text(keyOf(each.key)) };
        }
        const { from = -1, to = KEYS + 1 } = each;
        for (let at = Math.max(from, 0); at < to; at += 1) next.delete(keyOf(at));
        return {
          type: 'deleteRange',
          gte: each.from === undefined ? undefined : text(keyOf(from)),
          lt: each.to === undefined ? undefined : text(keyOf(to)),
        };
      }),
    );
    this.#contents = next;
  }

  /** Enough for a flush. */
  async #fill(): Promise<void> {
    for (let key = 0; key < KEYS; key += 7) await this.#write([{ type: 'put', key }]);
  }

  #hold(snapshot: ReturnType<LsmStore['snapshot']>): void {
    const release = (): void => snapshot.release();
    this.#held.push({ expected: this.#contents, reader: snapshot, release });
  }

  /** A range that has been begun, and is read only when it is released. */
  #holdIterator(): void {
    const expected = this.#contents;
    const iterator = this.#store!.range()[Symbol.iterator]() as IterableIterator<never>;
    const release = (): void => expect(namesOf(iterator)).toEqual(sorted(expected));
    const range = (): Iterable<never> => [];
    this.#held.push({ expected: new Map(), reader: { get: () => undefined, range }, release });
  }

  async #reopen(): Promise<void> {
    for (const { release } of this.#held.splice(0)) release();
    await this.#store!.close();
    this.#store = await openWithDecisions(this.#options, this.#decisions);
  }

  #check(): void {
    const now = { expected: this.#contents, reader: this.#store!, release: () => {} };
    for (const { expected, reader } of [now, ...this.#held]) {
      const all = sorted(expected);
      expect(namesOf(reader.range())).toEqual(all);
      expect(namesOf(reader.range({ reverse: true }))).toEqual(all.reverse());
      const within = { gt: text(keyOf(7)), lte: text(keyOf(23)) };
      const some = sorted(expected).filter(([key]) => key > keyOf(7) && key <= keyOf(23));
      expect(namesOf(reader.range(within))).toEqual(some);
      for (let key = 0; key <= KEYS; key += 3) {
        const got = reader.get(text(keyOf(key)));
        expect(got && toText(got)).toBe(expected.get(keyOf(key)));
      }
    }
  }
}

function sorted(contents: Contents): [string, string][] {
  return [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
}

function namesOf(entries: Iterable<{ key: Uint8Array; value: Uint8Array }>): [string, string][] {
  return [...entries].map(({ key, value }) => [toText(key), toText(value)]);
}

describe('deleted ranges', () => {
  it('agree with a sorted array, whatever has been flushed, merged, held or reopened', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      await new Run().work(steps);
    });
    await fc.assert(property, { numRuns: 120 });
  }, 120_000);

  it('come back to life where one is dropped too early (planted)', async () => {
    const hasty: SafetyDecisions = {
      ...SAFE_DECISIONS,
      mayDropRangeTombstone: ({ seenByAllSnapshots }) => seenByAllSnapshots,
    };
    const careless = { ...SAFE_DECISIONS, mayDropRangeTombstone: () => true };
    for (const decisions of [hasty, careless]) {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        await new Run(decisions).work(steps);
      });
      const { failed } = await fc.check(property, { numRuns: 300, endOnFailure: true, seed: 1 });
      expect(failed).toBe(true);
    }
  }, 120_000);

  it('leave nothing behind once they have reached the lowest level', async () => {
    const options = { ...OPTIONS, fileSystem: new MemoryFileSystem(), directory: 'd' };
    await using store = await openLsmStore(options);
    for (let key = 0; key < 2000; key += 1) {
      const value = text('v'.repeat(50));
      await store.write([{ type: 'put', key: text(`key ${String(key).padStart(5, '0')}`), value }]);
    }
    await store.compactRange();
    expect(store.status().levels.reduce((sum, { tables }) => sum + tables, 0)).toBeGreaterThan(20);
    await store.write([{ type: 'deleteRange' }]);
    const progress: number[] = [];
    const onProgress = ({ tablesLeft }: { tablesLeft: number }): void => {
      progress.push(tablesLeft);
    };
    await store.compactRange({}, { onProgress });
    expect(store.status().levels.map(({ tables }) => tables)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(progress.at(-1)).toBe(0);
  });
});

describe('fragments', () => {
  const range = fc.tuple(index, index);

  it('answer for each key as the ranges would, with what snapshots need', () => {
    const property = fc.property(fc.array(range), fc.nat({ max: 20 }), (ranges, snapshot) => {
      const tombstones = new RangeTombstones();
      ranges.forEach(([from, to], i) => {
        const newestSnapshot = i + 1 > snapshot ? snapshot : 0;
        if (from < to) tombstones.add(text(keyOf(from)), text(keyOf(to)), i + 1, newestSnapshot);
      });
      const fragments = tombstones.view();
      fragments.forEach(({ start, end }, i) => {
        expect(toText(start) < toText(end)).toBe(true);
        if (i > 0) expect(toText(fragments[i - 1]!.end) <= toText(start)).toBe(true);
      });
      for (const sequence of [snapshot, ranges.length]) {
        for (let key = 0; key <= KEYS; key += 1) {
          const found = coveringSequence(fragments, text(keyOf(key)), sequence);
          expect(found).toBe(newestOver(ranges, key, sequence));
        }
      }
    });
    fc.assert(property);
  });

  it('of several sources, merged, answer as all of them', () => {
    const property = fc.property(fc.array(range), fc.array(range), (first, second) => {
      const [a, b] = [new RangeTombstones(), new RangeTombstones()];
      first.forEach(([from, to], i) => {
        if (from < to) a.add(text(keyOf(from)), text(keyOf(to)), 2 * i + 1, 0);
      });
      second.forEach(([from, to], i) => {
        if (from < to) b.add(text(keyOf(from)), text(keyOf(to)), 2 * i + 2, 0);
      });
      const merged = mergeFragments([a.view(), b.view()]);
      for (let key = 0; key <= KEYS; key += 1) {
        const bytes = text(keyOf(key));
        const each = [a, b].map((one) => coveringSequence(one.view(), bytes, 1000));
        expect(coveringSequence(merged, bytes, 1000)).toBe(Math.max(...each));
      }
      for (const { sequences } of merged) {
        expect(newestVisible(sequences, sequences.at(-1)!)).toBe(sequences.at(-1));
      }
    });
    fc.assert(property);
  });
});

function newestOver(ranges: readonly (readonly [number, number])[], key: number, sequence: number) {
  let newest = 0;
  ranges.forEach(([from, to], i) => {
    if (from <= key && key < to && i + 1 <= sequence) newest = i + 1;
  });
  return newest;
}
