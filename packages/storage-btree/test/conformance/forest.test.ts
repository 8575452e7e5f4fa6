/** A tree of a forest is a store like any other; and what forests are for. */
import { keyValueStoreConformance } from '@ds/storage/conformance';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { openBtreeForest } from '../../src/index.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

const put = (key: string) => ({ type: 'put' as const, key: text(key), value: text(`of ${key}`) });

describe('a tree between two others', () => {
  keyValueStoreConformance({
    describe,
    it,
    expect,
    steps: 1000,
    async create() {
      const fileSystem = new MemoryFileSystem();
      const forest = await openBtreeForest({ ...TINY, fileSystem, directory: 'd' });
      const first = await forest.tree('first');
      const store = await forest.tree('tested');
      const last = await forest.tree('last');
      for (const each of [first, last]) await each.write([put('a'), put('\u00ff\u00ff')]);
      const close = async (): Promise<void> => {
        await store.close();
        expect([first.countRange(), last.countRange()]).toEqual([2, 2]);
        await forest.close();
      };
      return { store, close };
    },
  });
});

describe('a forest', () => {
  it('keeps trees apart, counts in each, and finds them again', async () => {
    const fileSystem = new MemoryFileSystem();
    const options = { ...TINY, fileSystem, directory: 'd' };
    const forest = await openBtreeForest(options);
    const [users, orders] = await Promise.all([forest.tree('users'), forest.tree('orders')]);
    expect(await forest.tree('users')).toBe(users);
    await users.write([put('a'), put('b'), put('c')]);
    await orders.write([put('b')]);
    expect([users.countRange(), orders.countRange()]).toEqual([3, 1]);
    expect([users.rank(text('c')), orders.rank(text('c'))]).toEqual([2, 1]);
    expect([users.at(1), orders.at(1)].map((each) => each && toText(each.key))).toEqual([
      'b',
      undefined,
    ]);
    await orders.write([{ type: 'deleteRange' }]);
    expect([users.countRange(), orders.countRange()]).toEqual([3, 0]);
    await forest.close();
    await using again = await openBtreeForest(options);
    expect(again.names()).toEqual(['orders', 'users']);
    expect(toText((await again.tree('users')).get(text('c'))!)).toBe('of c');
    again.store.verify();
  });

  it('changes several trees in one batch, or in one transaction, or none of them', async () => {
    await using forest = await openBtreeForest({
      ...TINY,
      fileSystem: new MemoryFileSystem(),
      directory: 'd',
    });
    const [a, b] = await Promise.all([forest.tree('a'), forest.tree('b')]);
    await forest.write([
      { tree: a, ...put('1') },
      { tree: b, ...put('1') },
    ]);
    const invalid = forest.write([
      { tree: a, ...put('2') },
      { tree: b, type: 'delete', key: new Uint8Array(0) },
    ]);
    await expect(invalid).rejects.toMatchObject({ code: 'STORAGE_INVALID_KEY' });
    expect([a.countRange(), b.countRange()]).toEqual([1, 1]);
    const transaction = await forest.begin();
    transaction.tree(a).delete(text('1'));
    const savepoint = transaction.savepoint();
    transaction.tree(b).deleteRange();
    transaction.rollbackTo(savepoint);
    transaction.tree(b).put(text('2'), text('of a'));
    expect(transaction.tree(b).countRange()).toBe(2);
    expect([a.countRange(), b.countRange()]).toEqual([1, 1]);
    await transaction.commit();
    expect([a.countRange(), b.countRange()]).toEqual([0, 2]);
  });

  it('drops a tree with all that is in it, and its handle with it', async () => {
    await using forest = await openBtreeForest({
      ...TINY,
      fileSystem: new MemoryFileSystem(),
      directory: 'd',
    });
    const old = await forest.tree('t');
    await old.write([put('x')]);
    await forest.drop('t', { durable: true });
    await forest.drop('t');
    expect(forest.names()).toEqual([]);
    expect(() => old.get(text('x'))).toThrow(/closed/);
    expect((await forest.tree('t')).countRange()).toBe(0);
    await expect(forest.tree('')).rejects.toThrow(RangeError);
  });
});
