/** Whatever is done to a store, it holds what a sorted array would, and its file is in order. */
import { type Bounds, compareBytes, withinBounds } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BtreeStore, openBtreeStore } from '../../src/index.ts';
import { seedsFrom } from '../seeds.ts';
import { TINY } from '../tiny.ts';
import { Model } from './model.ts';

const key = fc.oneof(
  fc.integer({ min: 0, max: 400 }).map((n) => bytes(`key-${String(n).padStart(3, '0')}`)),
  fc.uint8Array({ minLength: 1, maxLength: 3 }),
  fc.integer({ min: 90, max: 104 }).map((length) => new Uint8Array(length).fill(107)),
);
const value = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3000 }).map((n) => new Uint8Array(n).fill(n)) },
);
const bound = fc.option(key, { nil: undefined });
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), key, value }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('deleteRange' as const), gte: key, lt: key }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('deleteRange' as const), gte: bound, lt: bound }),
  },
);
const run = fc.record({
  type: fc.constant('run' as const),
  from: fc.integer({ min: 0, max: 400 }),
  count: fc.integer({ min: 1, max: 120 }),
  length: fc.integer({ min: 0, max: 40 }),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.array(operation, { maxLength: 12 }).map((batch) => ({ batch })) },
  { weight: 3, arbitrary: run },
  { weight: 1, arbitrary: fc.constant({ type: 'sync' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'snapshot' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'release' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('range' as const), a: key, b: key, kind: fc.nat(8) }),
  },
);

describe('a store and a sorted array', () => {
  for (const seed of seedsFrom(1, 2)) {
    it(`agree on everything after any steps (seed ${seed})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          const subject = new Subject();
          await subject.open();
          for (const each of steps) await subject.take(each);
          await subject.checkAll();
          await subject.store.close();
        }),
        { seed, numRuns: 60 },
      );
    }, 120_000);
  }
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Subject {
  readonly #fileSystem = new MemoryFileSystem();
  readonly #snapshots: { snapshot: ReturnType<BtreeStore['snapshot']>; model: Model }[] = [];
  #model = new Model();
  #round = 0;
  store!: BtreeStore;

  async open(): Promise<void> {
    this.store = await openBtreeStore({ ...TINY, fileSystem: this.#fileSystem, directory: 'd' });
  }

  async take(each: Step): Promise<void> {
    if ('batch' in each) {
      await this.store.write(each.batch);
      this.#model = this.#model.with(each.batch);
    } else if (each.type === 'run') {
      const value = new Uint8Array(each.length).fill((this.#round += 1));
      const batch = Array.from({ length: each.count }, (_, i) => ({
        type: 'put' as const,
        key: bytes(`key-${String(each.from + i).padStart(3, '0')}`),
        value,
      }));
      await this.store.write(batch);
      this.#model = this.#model.with(batch);
    } else if (each.type === 'sync') {
      await this.store.sync();
      const { lastSequence, syncedSequence } = this.store.status();
      expect(syncedSequence).toBe(lastSequence);
    } else if (each.type === 'checkpoint') {
      await this.store.checkpoint();
    } else if (each.type === 'reopen') {
      this.#snapshots.length = 0;
      await this.store.close();
      await this.open();
    } else if (each.type === 'compact') {
      await this.store.compact();
      this.store.verify();
    } else if (each.type === 'snapshot') {
      this.#snapshots.push({ snapshot: this.store.snapshot(), model: this.#model });
    } else if (each.type === 'release') {
      this.#snapshots.shift()?.snapshot.release();
    } else {
      checkRange(this.store, this.#model, boundsOf(each.a, each.b, each.kind));
    }
  }

  async checkAll(): Promise<void> {
    checkContents(this.store, this.#model);
    for (const { snapshot, model } of this.#snapshots) checkContents(snapshot, model);
    await this.store.checkpoint();
    const { entries, leaves } = this.store.verify();
    expect(entries).toBe(this.#model.entries.length);
    expect(this.store.status().entriesInTree).toBe(entries);
    expect(leaves > 0).toBe(entries > 0);
  }
}

type Contents = Pick<BtreeStore, 'get' | 'range' | 'countRange' | 'rank' | 'at'>;

function checkContents(store: Contents, model: Model): void {
  checkRange(store, model, {});
  checkRange(store, model, { reverse: true, views: true });
  model.entries.forEach(({ key, value }, position) => {
    expect(hex(store.get(key))).toBe(hex(value));
    expect(store.rank(key)).toBe(position);
    expect(hex(store.at(position)?.key)).toBe(hex(key));
  });
  expect(store.at(model.entries.length)).toBe(undefined);
}

function checkRange(store: Contents, model: Model, bounds: Bounds): void {
  const found: string[] = [];
  for (const { key, value } of store.range(bounds)) found.push(`${hex(key)}=${hex(value)}`);
  const within = model.entries.filter(({ key }) => withinBounds(key, bounds));
  const expected = bounds.reverse ? [...within].reverse() : within;
  expect(found).toEqual(expected.map(({ key, value }) => `${hex(key)}=${hex(value)}`));
  expect(store.countRange(bounds)).toBe(within.length);
}

function boundsOf(a: Uint8Array, b: Uint8Array, kind: number): Bounds {
  const [low, high] = compareBytes(a, b) < 0 || kind === 8 ? [a, b] : [b, a];
  const lower = kind % 3 === 0 ? {} : kind % 3 === 1 ? { gt: low } : { gte: low };
  const upper = kind < 3 ? {} : kind < 6 ? { lt: high } : { lte: high };
  return { ...lower, ...upper, reverse: kind % 2 === 0 };
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function hex(data: Uint8Array | undefined): string {
  return data === undefined ? 'none' : Buffer.from(data).toString('hex');
}
