/** What an engine owes at its end and in trouble: rules 9 and 10 of the port. */
import type { KeyValueStore } from '../key-value-store.ts';
import {
  CRASHES,
  del,
  type KeyValueStoreContext,
  put,
  textOf,
  texts,
} from './key-value-store-writes.ts';
import { ascii, codeOf, hex, later, pattern, rejectedCode, thrownCode } from './observe.ts';
import type { RuleTest } from './rule-test.ts';

export const failureTests: readonly RuleTest<KeyValueStoreContext>[] = [
  {
    title: 'rule 9: after close everything is STORAGE_CLOSED, except status and close',
    async run({ store, expect }) {
      await store.write([put('a', '1'), put('b', '2')]);
      const snapshot = store.snapshot();
      const iterator = store.range()[Symbol.iterator]();
      iterator.next();
      await store.close();
      for (const use of [
        () => store.get(ascii('a')),
        () => [...store.range()],
        () => store.snapshot(),
        () => iterator.next(),
        () => snapshot.get(ascii('a')),
        () => [...snapshot.range()],
      ]) {
        expect(thrownCode(use)).toBe('STORAGE_CLOSED');
      }
      expect(await rejectedCode(() => store.write([put('a', '2')]))).toBe('STORAGE_CLOSED');
      expect(await rejectedCode(() => store.sync())).toBe('STORAGE_CLOSED');
      expect(store.status().state).toBe('closed');
      snapshot.release();
    },
  },
  {
    title: 'rule 9: close is idempotent, also at once and by disposal',
    async run({ store, expect }) {
      expect(store.status().state).toBe('open');
      await store.write([put('a', '1')]);
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await store[Symbol.asyncDispose]();
      expect(store.status().state).toBe('closed');
    },
  },
  {
    title: 'rule 9: close waits for the writes that were pending, and they succeed',
    async run({ store, expect }) {
      const settled: string[] = [];
      for (let i = 0; i < 20; i += 1) {
        store.write([put(`k${i}`, 'x')], { durable: i % 2 === 0 }).then(
          () => settled.push('resolved'),
          (error: unknown) => settled.push(codeOf(error)),
        );
      }
      await store.close();
      expect(settled).toEqual(Array.from({ length: 20 }, () => 'resolved'));
    },
  },
  {
    title: 'rule 9: disposal closes',
    async run({ store, expect }) {
      await store[Symbol.asyncDispose]();
      expect(thrownCode(() => store.get(ascii('a')))).toBe('STORAGE_CLOSED');
    },
  },
  {
    title: 'rule 9: close syncs what was written',
    needs: ['crash'],
    async run({ store, expect, crash }) {
      let current = store;
      for (let round = 0; round < CRASHES; round += 1) {
        await current.write([put('a', `${round}`), put('b', '2')]);
        const pending = later(current.write([del('b')]));
        await current.close();
        await pending;
        current = await crash();
        expect(texts(current.range())).toEqual([`a=${round}`]);
      }
    },
  },
  {
    title: 'rule 9: close releases the medium, with snapshots and ranges left open',
    needs: ['reopen'],
    async run({ store, expect, reopen }) {
      await store.write([put('a', '1'), put('b', '2')]);
      store.snapshot();
      store.range({ views: true })[Symbol.iterator]().next();
      const again = await reopen();
      expect(again.status().snapshots).toBe(0);
      expect(texts(again.range())).toEqual(['a=1', 'b=2']);
    },
  },
  {
    title: 'rule 10: after a failed sync writes reject with STORAGE_FAILED and reads go on',
    needs: ['failNextSync'],
    async run({ store, expect, failNextSync }) {
      await store.write([put('a', '1')], { durable: true });
      failNextSync();
      const failure = await rejectedCode(() => store.write([put('b', '2')], { durable: true }));
      expect(failure.startsWith('STORAGE_')).toBe(true);
      for (const durable of [false, true, false]) {
        const code = await rejectedCode(() => store.write([put('c', '3')], { durable }));
        expect(code).toBe('STORAGE_FAILED');
      }
      expect(await rejectedCode(() => store.sync())).toBe('STORAGE_FAILED');
      expect(textOf(store, 'a')).toBe('1');
      expect(textOf(store, 'c')).toBe(undefined);
      expect(texts(store.range({ lt: ascii('b') }))).toEqual(['a=1']);
      expect(store.status().state).toBe('failed');
    },
  },
  {
    title: 'rule 10: a failed sync rejects every write that waited for it',
    needs: ['failNextSync'],
    async run({ store, expect, failNextSync }) {
      failNextSync();
      const pending = Array.from({ length: 10 }, (_, i) =>
        rejectedCode(() => store.write([put(`k${i}`, 'x')], { durable: true })),
      );
      for (const code of await Promise.all(pending)) {
        expect(code.startsWith('STORAGE_')).toBe(true);
      }
    },
  },
  {
    title: 'rule 10: reopened after a failed sync, a store has what was durable and writes again',
    needs: ['failNextSync', 'crash'],
    async run({ store, expect, failNextSync, crash }) {
      await store.write([put('a', '1')], { durable: true });
      failNextSync();
      await rejectedCode(() => store.write([put('b', '2')], { durable: true }));
      const again = await crash();
      expect(again.status().state).toBe('open');
      expect(textOf(again, 'a')).toBe('1');
      expect([undefined, '2'].includes(textOf(again, 'b'))).toBe(true);
      await again.write([put('c', '3')], { durable: true });
      expect(textOf(again, 'c')).toBe('3');
    },
  },
  {
    title: 'rule 10: damage is STORAGE_CORRUPT with file and offset, never wrong or missing data',
    needs: ['corrupt'],
    async run({ store, expect, corrupt }) {
      const entries = Array.from({ length: 300 }, (_, i) => ({
        key: ascii(`key-${i}`),
        value: pattern(100, i),
      }));
      await store.write(
        entries.map((entry) => ({ type: 'put', ...entry })),
        { durable: true },
      );
      const errors: unknown[] = [];
      const check = (read: () => void) => {
        try {
          read();
        } catch (error) {
          errors.push(error);
        }
      };
      let damaged: KeyValueStore | undefined;
      try {
        damaged = await corrupt();
      } catch (error) {
        errors.push(error);
      }
      if (damaged) {
        const reader = damaged;
        const wrong: string[] = [];
        for (const { key, value } of entries) {
          check(() => {
            if (hex(reader.get(key)) !== hex(value)) wrong.push(`get ${hex(key)}`);
          });
        }
        check(() => {
          const found = [...reader.range()];
          if (found.length !== entries.length) wrong.push(`a range of ${found.length} entries`);
        });
        expect(wrong).toEqual([]);
      }
      expect(errors.length > 0).toBe(true);
      for (const error of errors) {
        expect(codeOf(error)).toBe('STORAGE_CORRUPT');
        const { path, offset } = error as { path?: unknown; offset?: unknown };
        expect(typeof path).toBe('string');
        expect(typeof offset).toBe('number');
      }
    },
  },
];
