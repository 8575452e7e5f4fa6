/** What an engine owes those who write: rules 1 to 4 of the port. */
import type { Expectation } from '@ds/clock/conformance';
import type { Batch, Entry, KeyValueStore, Operation, Reader } from '../key-value-store.ts';
import { ascii, hex, later, pattern, rejectedCode } from './observe.ts';
import type { RuleTest } from './rule-test.ts';

export interface KeyValueStoreContext {
  readonly store: KeyValueStore;
  expect(actual: unknown): Expectation;
  reopen(): Promise<KeyValueStore>;
  crash(): Promise<KeyValueStore>;
  failNextSync(): void;
  corrupt(): Promise<KeyValueStore>;
}

export const put = (key: string, value: string): Operation => ({
  type: 'put',
  key: ascii(key),
  value: ascii(value),
});

export const del = (key: string): Operation => ({ type: 'delete', key: ascii(key) });

/** Without an end: from the first key, or to the last. */
export const delRange = (gte?: string, lt?: string): Operation => ({
  type: 'deleteRange',
  ...(gte !== undefined && { gte: ascii(gte) }),
  ...(lt !== undefined && { lt: ascii(lt) }),
});

/** The value of an ASCII key, as text; `undefined` when absent. */
export function textOf(reader: Reader, key: string): string | undefined {
  const value = reader.get(ascii(key));
  return value && String.fromCharCode(...value);
}

/** Entries as `key=value` texts. */
export function texts(entries: Iterable<Entry>): string[] {
  return Array.from(
    entries,
    ({ key, value }) => `${String.fromCharCode(...key)}=${String.fromCharCode(...value)}`,
  );
}

/** What a power cut takes is up to chance: tests that need its worst cut it this often. */
export const CRASHES = 12;

const keyOf = (i: number): string => `k${String(i).padStart(6, '0')}`;

/** As Node's Buffer: its `slice` shares memory, where that of a Uint8Array copies. */
class SharingBytes extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
  }
}

/** The batch that round `round` writes: every key of one group gets the same value. */
function roundBatch(round: number, size: number): Batch {
  return Array.from({ length: size }, (_, i) => put(keyOf(i), `round ${round}`));
}

export const writingTests: readonly RuleTest<KeyValueStoreContext>[] = [
  {
    title: 'rule 1: a write to an idle store is visible when the call returns',
    async run({ store, expect }) {
      const first = later(store.write([put('a', '1')]));
      expect(textOf(store, 'a')).toBe('1');
      await first;
      const second = later(store.write([put('a', '2'), del('b')], { durable: true }));
      expect(textOf(store, 'a')).toBe('2');
      await second;
      const third = later(store.write([del('a')]));
      expect(textOf(store, 'a')).toBe(undefined);
      await third;
    },
  },
  {
    title: 'rule 1: a batch is seen whole or not at all, and by all means once it resolved',
    async run({ store, expect }) {
      const size = 200;
      await store.write(roundBatch(0, size));
      for (let round = 1; round <= 10; round += 1) {
        const durable = round % 2 === 0;
        const pending = later(store.write(roundBatch(round, size), { durable }));
        for (let turn = 0; turn < 8; turn += 1) {
          const seen = new Set(texts(store.range()).map((entry) => entry.split('=')[1]));
          expect(seen.size).toBe(1);
          await Promise.resolve();
        }
        await pending;
        expect(textOf(store, keyOf(0))).toBe(`round ${round}`);
        expect(textOf(store, keyOf(size - 1))).toBe(`round ${round}`);
      }
    },
  },
  {
    title: 'rule 1: batches become visible in the order of their calls, durable or not',
    async run({ store, expect }) {
      const pending: Promise<void>[] = [];
      for (let i = 0; i < 200; i += 1) {
        const batch = [put('last', String(i)), put(keyOf(i), String(i))];
        pending.push(later(store.write(batch, { durable: i % 3 === 0 })));
        const last = Number(textOf(store, 'last') ?? -1);
        const seen = texts(store.range({ gte: ascii('k0') })).filter((t) => t.startsWith('k'));
        expect(seen.length).toBe(last + 1);
      }
      await Promise.all(pending);
      expect(textOf(store, 'last')).toBe('199');
    },
  },
  {
    title: 'rule 1: within a batch the later operation on a key wins',
    async run({ store, expect }) {
      await store.write([put('a', '1'), del('a'), put('b', '1'), put('b', '2'), del('c')]);
      await store.write([put('c', '1'), del('c'), put('c', '2'), put('d', '1'), del('d')]);
      expect(texts(store.range())).toEqual(['b=2', 'c=2']);
      await store.write([]);
      expect(texts(store.range())).toEqual(['b=2', 'c=2']);
    },
  },
  {
    title: 'rule 1: deleting a range deletes the keys in it, its start included, its end not',
    async run({ store, expect }) {
      const all = ['a', 'b', 'bb', 'c', 'd'];
      const deletions: [Operation, string][] = [
        [delRange('b', 'c'), 'a c d'],
        [delRange('b', 'b0'), 'a bb c d'],
        [delRange(undefined, 'bb'), 'bb c d'],
        [delRange('bb'), 'a b'],
        [delRange(''), ''],
        [delRange(), ''],
        [delRange('e', 'z'), 'a b bb c d'],
        [delRange('c', 'b'), 'a b bb c d'],
        [delRange('b', 'b'), 'a b bb c d'],
        [delRange(undefined, ''), 'a b bb c d'],
      ];
      for (const [deletion, left] of deletions) {
        await store.write(all.map((key) => put(key, '1')));
        await store.write([deletion]);
        const keys = Array.from(store.range(), ({ key }) => String.fromCharCode(...key));
        expect(keys.join(' ')).toBe(left);
        const found = all.filter((key) => textOf(store, key) !== undefined);
        expect(found.join(' ')).toBe(left);
        const back = Array.from(store.range({ reverse: true }), ({ key }) => key.length);
        expect(back.length).toBe(keys.length);
      }
    },
  },
  {
    title: 'rule 1: deleting a range leaves what its batch puts there afterwards, not before',
    async run({ store, expect }) {
      await store.write([put('a', '1'), put('b', '1'), put('c', '1'), put('d', '1')]);
      await store.write([put('bb', '2'), delRange('b', 'd'), put('c', '3'), delRange('d')]);
      expect(texts(store.range())).toEqual(['a=1', 'c=3']);
      await store.write([put('b', '4')]);
      expect(texts(store.range())).toEqual(['a=1', 'b=4', 'c=3']);
    },
  },
  {
    title: 'rule 1: deleting a range is kept by reopening, and by a crash once durable',
    needs: ['reopen', 'crash'],
    async run({ store, expect, reopen, crash }) {
      await store.write([put('a', '1'), put('b', '1'), put('c', '1'), put('d', '1')]);
      await store.write([delRange('b', 'd'), put('c', '2')]);
      const again = await reopen();
      expect(texts(again.range())).toEqual(['a=1', 'c=2', 'd=1']);
      await again.write([delRange(undefined, 'd')], { durable: true });
      expect(texts((await crash()).range())).toEqual(['d=1']);
    },
  },
  {
    title: 'rule 1: after a crash there is a prefix of the batches, each one whole',
    needs: ['crash'],
    async run({ store, expect, crash }) {
      let current = store;
      let durableRound = -1;
      for (let round = 0; round < 24; round += 1) {
        const durable = round % 8 === 3;
        const pending = later(current.write(roundBatch(round, 40), { durable }));
        if (durable || round % 2 === 0) await pending;
        if (durable) durableRound = round;
        if (round % 6 !== 5) continue;
        current = await crash();
        const entries = texts(current.range());
        const rounds = new Set(entries.map((entry) => Number(entry.split(' ')[1])));
        expect(rounds.size <= 1).toBe(true);
        expect([0, 40].includes(entries.length)).toBe(true);
        const survived = rounds.size === 0 ? -1 : [...rounds][0]!;
        expect(survived >= durableRound && survived <= round).toBe(true);
        durableRound = survived;
      }
    },
  },
  {
    title: 'rule 2: a durable write survives a crash, and every earlier one with it',
    needs: ['crash'],
    async run({ store, expect, crash }) {
      let current = store;
      for (let round = 0; round < CRASHES; round += 1) {
        await current.write([put('a', `${round}`)]);
        const borrowed = later(current.write([put('b', `${round}`), del('d')]));
        await current.write([put('c', `${round}`)], { durable: true });
        await borrowed;
        current = await crash();
        expect(texts(current.range())).toEqual([`a=${round}`, `b=${round}`, `c=${round}`]);
        await current.write([put('d', 'gone')], { durable: true });
      }
    },
  },
  {
    title: 'rule 2: many durable writes at once each survive from the moment they resolve',
    needs: ['crash'],
    async run({ store, expect, crash }) {
      let current = store;
      for (let round = 0; round < CRASHES; round += 1) {
        const writer = current;
        const acknowledged: string[] = [];
        const pending = Array.from({ length: 64 }, async (_, i) => {
          // Some come while a sync is running, which does not cover them.
          for (let turn = i % 16; turn > 0; turn -= 1) await Promise.resolve();
          await writer.write([put(keyOf(i), `${round}`)], { durable: true });
          acknowledged.push(keyOf(i));
        });
        // After the crash the others may stay unanswered for ever.
        pending.forEach(later);
        await pending[round * 5];
        const promised = [...acknowledged];
        current = await crash();
        expect(promised.length > 0).toBe(true);
        const found = promised.map((key) => `${key} ${textOf(current, key)}`);
        expect(found).toEqual(promised.map((key) => `${key} ${round}`));
      }
    },
  },
  {
    title: 'rule 2: sync makes all that was written before it survive a crash',
    needs: ['crash'],
    async run({ store, expect, crash }) {
      let current = store;
      for (let round = 0; round < CRASHES; round += 1) {
        await current.write([put('a', '1')]);
        const pending = later(current.write([put('b', `${round}`), del('a')]));
        await current.sync();
        await pending;
        current = await crash();
        expect(texts(current.range())).toEqual([`b=${round}`]);
        await current.sync();
      }
    },
  },
  {
    title: 'rule 2: what was written is there after closing and opening again',
    needs: ['reopen'],
    async run({ store, expect, reopen }) {
      await store.write([put('a', '1'), put('b', ''), put('c', '3')]);
      await store.write([del('c')], { durable: true });
      const again = await reopen();
      expect(texts(again.range())).toEqual(['a=1', 'b=']);
      await again.write([put('d', '4')]);
      expect(texts((await reopen()).range())).toEqual(['a=1', 'b=', 'd=4']);
    },
  },
  {
    title: 'rule 3: write rejects and never throws',
    async run({ store, expect }) {
      const empty = new Uint8Array(0);
      expect(await rejectedCode(() => store.write([{ type: 'delete', key: empty }]))).toBe(
        'STORAGE_INVALID_KEY',
      );
      const odd = [{ type: 'put', key: 'text', value: empty }] as unknown as Batch;
      expect(await rejectedCode(() => store.write(odd))).toBe('STORAGE_INVALID_KEY');
      const noBatch = await rejectedCode(() => store.write(undefined as unknown as Batch));
      expect(noBatch.startsWith('thrown')).toBe(false);
      expect(noBatch === 'it resolved').toBe(false);
      await store.close();
      expect(await rejectedCode(() => store.write([put('a', '1')]))).toBe('STORAGE_CLOSED');
    },
  },
  {
    title: 'rule 3: an invalid batch changes nothing, wherever its fault is',
    async run({ store, expect }) {
      await store.write([put('a', 'old'), put('z', 'old')]);
      const long = new Uint8Array(store.maxKeyBytes + 1);
      const faults: unknown[] = [
        { type: 'put', key: new Uint8Array(0), value: ascii('x') },
        { type: 'delete', key: long },
        { type: 'put', key: ascii('b'), value: 'text' },
        { type: 'merge', key: ascii('b'), value: ascii('x') },
        { type: 'deleteRange', gte: 'text' },
      ];
      for (const fault of faults) {
        const batch = [put('a', 'new'), fault, put('y', 'new'), del('z')] as Batch;
        const code = await rejectedCode(() => store.write(batch, { durable: true }));
        expect(code.startsWith('STORAGE_INVALID_')).toBe(true);
        expect(texts(store.range())).toEqual(['a=old', 'z=old']);
      }
      await store.write([put('b', 'new')]);
      expect(texts(store.range())).toEqual(['a=old', 'b=new', 'z=old']);
    },
  },
  {
    title: 'rule 4: once a write has resolved its buffers belong to the caller again',
    async run({ store, expect }) {
      const key = SharingBytes.from(ascii('key-1'));
      const value = SharingBytes.from(pattern(5_000));
      const batch: Operation[] = [{ type: 'put', key, value }];
      for (let i = 1; i <= 9; i += 1) {
        key[4] = 0x30 + i;
        value[0] = i;
        await store.write(batch, { durable: i % 2 === 0 });
      }
      key.fill(0xff);
      value.fill(0xff);
      batch.length = 0;
      const entries = [...store.range()];
      expect(entries.length).toBe(9);
      const expected = pattern(5_000);
      entries.forEach((entry, i) => {
        expected[0] = i + 1;
        expect(hex(entry.key)).toBe(hex(ascii(`key-${i + 1}`)));
        expect(hex(entry.value)).toBe(hex(expected));
        expect(hex(store.get(entry.key))).toBe(hex(expected));
      });
    },
  },
  {
    title: 'rule 4: so do the bounds of a range that was deleted',
    async run({ store, expect }) {
      const keys = ['a', 'b', 'c', 'd', 'e'];
      await store.write(keys.map((key) => put(key, key)));
      const gte = SharingBytes.from(ascii('b'));
      const lt = SharingBytes.from(ascii('d'));
      await store.write([{ type: 'deleteRange', gte, lt }], { durable: true });
      gte.fill(0x61);
      lt.fill(0x7a);
      expect([...store.range()].map(({ key }) => hex(key))).toEqual(
        ['a', 'd', 'e'].map((key) => hex(ascii(key))),
      );
      for (const key of keys) {
        const isDeleted = key === 'b' || key === 'c';
        expect(hex(store.get(ascii(key)))).toBe(isDeleted ? 'absent' : hex(ascii(key)));
      }
    },
  },
];
