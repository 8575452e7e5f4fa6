/** What an engine owes those who read: rules 5 to 8 of the port. */
import type { Batch, Bounds, KeyValueStore, Reader } from '../key-value-store.ts';
import { del, type KeyValueStoreContext, put, textOf, texts } from './key-value-store-writes.ts';
import { ascii, hex, pattern, rejectedCode, thrownCode } from './observe.ts';
import type { RuleTest } from './rule-test.ts';

const LETTERS = ['a', 'b', 'c', 'd', 'e'];

async function letters(store: KeyValueStore): Promise<void> {
  await store.write(LETTERS.map((letter) => put(letter, letter.toUpperCase())));
}

/** Starts a range and takes its first entry. */
function started(reader: Reader, bounds: Bounds = {}): { rest(): string[] } {
  const iterator = reader.range(bounds)[Symbol.iterator]();
  const first = texts([iterator.next().value]);
  return { rest: () => [...first, ...texts({ [Symbol.iterator]: () => iterator })] };
}

export const readingTests: readonly RuleTest<KeyValueStoreContext>[] = [
  {
    title: 'rule 5: what get returns is a copy',
    async run({ store, expect }) {
      await store.write([put('a', 'value')]);
      const copy = store.get(ascii('a'))!;
      copy.fill(0);
      expect(textOf(store, 'a')).toBe('value');
      const kept = store.get(ascii('a'))!;
      await store.write([put('a', 'other')]);
      expect(textOf(store, 'a')).toBe('other');
      expect(hex(kept)).toBe(hex(ascii('value')));
    },
  },
  {
    title: 'rule 5: what a range yields are copies, each of its own',
    async run({ store, expect }) {
      await letters(store);
      const entries = [...store.range()];
      expect(texts(entries)).toEqual(['a=A', 'b=B', 'c=C', 'd=D', 'e=E']);
      for (const { key, value } of store.range()) {
        key.fill(0);
        value.fill(0);
      }
      for (const { key, value } of store.snapshot().range({ reverse: true })) {
        key.fill(0);
        value.fill(0);
      }
      expect(texts(entries)).toEqual(['a=A', 'b=B', 'c=C', 'd=D', 'e=E']);
      expect(texts(store.range())).toEqual(['a=A', 'b=B', 'c=C', 'd=D', 'e=E']);
    },
  },
  {
    title: "rule 5: a view holds until the iterator's next step, whatever is written meanwhile",
    async run({ store, expect }) {
      await letters(store);
      for (const reverse of [false, true]) {
        const wanted = reverse ? [...LETTERS].reverse() : LETTERS;
        const seen: string[] = [];
        for (const { key, value } of store.range({ views: true, reverse })) {
          const letter = wanted[seen.length]!;
          await store.write([put(letter, 'overwritten'), put('f', '')], { durable: true });
          await store.write([del(letter), put(letter, letter.toUpperCase())]);
          seen.push(...texts([{ key, value }]));
        }
        await store.write([del('f')]);
        expect(seen).toEqual(wanted.map((letter) => `${letter}=${letter.toUpperCase()}`));
      }
    },
  },
  {
    title: 'rule 6: a range shows the store as it was when it was started',
    async run({ store, expect }) {
      await letters(store);
      const forward = started(store);
      const backward = started(store, { reverse: true });
      const some = started(store, { gt: ascii('a'), limit: 3, views: true });
      await store.write([put('aa', 'x'), put('c', 'x'), del('d'), put('f', 'x')]);
      for (let i = 0; i < 300; i += 1) await store.write([put(`c${i}`, 'x')]);
      expect(forward.rest()).toEqual(['a=A', 'b=B', 'c=C', 'd=D', 'e=E']);
      expect(backward.rest()).toEqual(['e=E', 'd=D', 'c=C', 'b=B', 'a=A']);
      expect(some.rest().slice(1)).toEqual(['c=C', 'd=D']);
      expect(textOf(store, 'c')).toBe('x');
      expect(textOf(store, 'd')).toBe(undefined);
    },
  },
  {
    title: 'rule 6: deleting what a range yields does not disturb it',
    async run({ store, expect }) {
      await letters(store);
      const seen: string[] = [];
      for (const entry of store.range()) {
        seen.push(...texts([entry]));
        await store.write(LETTERS.map(del));
      }
      expect(seen).toEqual(['a=A', 'b=B', 'c=C', 'd=D', 'e=E']);
      expect(texts(store.range())).toEqual([]);
    },
  },
  {
    title: 'rule 7: a snapshot shows the store as it was when it was taken',
    async run({ store, expect }) {
      await letters(store);
      const before = store.snapshot();
      await store.write([put('a', 'new'), del('b'), put('bb', 'new')]);
      const between = store.snapshot();
      await store.write(LETTERS.map(del), { durable: true });
      expect(texts(before.range())).toEqual(['a=A', 'b=B', 'c=C', 'd=D', 'e=E']);
      expect(texts(before.range({ reverse: true, limit: 2, views: true })).length).toBe(2);
      expect(textOf(before, 'a')).toBe('A');
      expect(textOf(before, 'bb')).toBe(undefined);
      expect(texts(between.range({ lt: ascii('d') }))).toEqual(['a=new', 'bb=new', 'c=C']);
      expect(textOf(between, 'b')).toBe(undefined);
      before.release();
      expect(textOf(between, 'e')).toBe('E');
      between.release();
      expect(texts(store.range())).toEqual(['bb=new']);
    },
  },
  {
    title: 'rule 7: a released snapshot is counted no more and reads no more',
    async run({ store, expect }) {
      await letters(store);
      expect(store.status().snapshots).toBe(0);
      const first = store.snapshot();
      const second = store.snapshot();
      expect(store.status().snapshots).toBe(2);
      const iterator = first.range()[Symbol.iterator]();
      iterator.next();
      first.release();
      first.release();
      expect(store.status().snapshots).toBe(1);
      expect(thrownCode(() => first.get(ascii('a')))).toBe('STORAGE_CLOSED');
      expect(thrownCode(() => [...first.range()])).toBe('STORAGE_CLOSED');
      expect(thrownCode(() => iterator.next())).toBe('STORAGE_CLOSED');
      expect(textOf(second, 'a')).toBe('A');
      second[Symbol.dispose]();
      expect(store.status().snapshots).toBe(0);
      expect(thrownCode(() => second.get(ascii('a')))).toBe('STORAGE_CLOSED');
    },
  },
  {
    title: 'rule 8: a bad key is STORAGE_INVALID_KEY, and one at the limit is good',
    async run({ store, expect }) {
      const longest = pattern(store.maxKeyBytes);
      const tooLong = new Uint8Array(store.maxKeyBytes + 1);
      await store.write([{ type: 'put', key: longest, value: ascii('x') }]);
      expect(hex(store.get(longest))).toBe(hex(ascii('x')));
      const snapshot = store.snapshot();
      for (const key of [new Uint8Array(0), tooLong, 'text', [1], undefined, null]) {
        const bad = key as Uint8Array;
        expect(thrownCode(() => store.get(bad))).toBe('STORAGE_INVALID_KEY');
        expect(thrownCode(() => snapshot.get(bad))).toBe('STORAGE_INVALID_KEY');
        for (const type of ['put', 'delete']) {
          const batch = [{ type, key: bad, value: ascii('x') }] as Batch;
          expect(await rejectedCode(() => store.write(batch))).toBe('STORAGE_INVALID_KEY');
        }
      }
      snapshot.release();
    },
  },
  {
    title: 'rule 8: a bad value is STORAGE_INVALID_VALUE, and an empty one is good',
    async run({ store, expect }) {
      const tooLong = new Uint8Array(store.maxValueBytes + 1);
      for (const value of [tooLong, 'text', [1], undefined, null]) {
        const batch = [{ type: 'put', key: ascii('a'), value }] as unknown as Batch;
        expect(await rejectedCode(() => store.write(batch))).toBe('STORAGE_INVALID_VALUE');
      }
      expect(textOf(store, 'a')).toBe(undefined);
      await store.write([put('a', '')]);
      expect(textOf(store, 'a')).toBe('');
      expect(texts(store.range())).toEqual(['a=']);
    },
  },
  {
    title: 'rule 8: a value at the limit is stored',
    async run({ store, expect }) {
      // Beyond a few MiB the test would measure memory more than the rule.
      const value = pattern(Math.min(store.maxValueBytes, 4_194_304));
      await store.write([{ type: 'put', key: ascii('a'), value }]);
      expect(hex(store.get(ascii('a')))).toBe(hex(value));
    },
  },
  {
    title: 'rule 8: bad bounds are STORAGE_INVALID_RANGE',
    async run({ store, expect }) {
      await letters(store);
      const a = ascii('a');
      const snapshot = store.snapshot();
      for (const bounds of [
        { gt: a, gte: a },
        { lt: a, lte: a },
        { limit: -1 },
        { limit: 1.5 },
        { limit: Number.NaN },
        { limit: Number.POSITIVE_INFINITY },
        { gt: 'text' },
        { lte: [1] },
      ] as Bounds[]) {
        expect(thrownCode(() => [...store.range(bounds)])).toBe('STORAGE_INVALID_RANGE');
        expect(thrownCode(() => [...snapshot.range(bounds)])).toBe('STORAGE_INVALID_RANGE');
      }
      snapshot.release();
    },
  },
  {
    title: 'rule 8: bounds lie anywhere between keys, and a range without entries is empty',
    async run({ store, expect }) {
      await letters(store);
      const range = (bounds: Bounds) => texts(store.range(bounds)).join(' ');
      const at = (text: string) => ascii(text);
      const beyond = new Uint8Array(store.maxKeyBytes + 9).fill(0xff);
      const empty = new Uint8Array(0);
      expect(range({ gte: at('b'), lte: at('d') })).toBe('b=B c=C d=D');
      expect(range({ gt: at('b'), lt: at('d') })).toBe('c=C');
      expect(range({ gte: at('b'), lte: at('d'), reverse: true, limit: 2 })).toBe('d=D c=C');
      expect(range({ gt: at('bb'), lt: at('dd') })).toBe('c=C d=D');
      expect(range({ gt: empty, lt: beyond, limit: 2 })).toBe('a=A b=B');
      expect(range({ gte: empty, lte: beyond, reverse: true, limit: 1 })).toBe('e=E');
      for (const bounds of [
        { gt: at('d'), lt: at('b') },
        { gte: at('d'), lte: at('b'), reverse: true },
        { gt: at('c'), lte: at('c') },
        { gte: at('bb'), lt: at('c') },
        { lte: empty },
        { gte: beyond },
        { limit: 0 },
      ] as Bounds[]) {
        expect(range(bounds)).toBe('');
      }
      expect(range({ gte: at('c'), lte: at('c') })).toBe('c=C');
    },
  },
];
