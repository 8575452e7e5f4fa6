/** Transactions: seen by nobody until they commit, and by all at once then. */
import { SimDisk, seededRandom } from '@ds/sim';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { type BtreeStore, openBtreeStore } from '../../src/index.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

function open(fileSystem = new MemoryFileSystem()): Promise<BtreeStore> {
  return openBtreeStore({ ...TINY, fileSystem, directory: 'd' });
}

function keysOf(store: Pick<BtreeStore, 'range'>): string {
  return Array.from(store.range(), ({ key }) => toText(key)).join(' ');
}

const put = (key: string) => ({ type: 'put' as const, key: text(key), value: text(`of ${key}`) });

describe('a transaction', () => {
  it('sees what it writes, and nobody else does before it commits', async () => {
    await using store = await open();
    await store.write([put('a'), put('b'), put('c')]);
    const transaction = await store.begin();
    transaction.put(text('d'), text('4'));
    transaction.delete(text('a'));
    expect(keysOf(transaction)).toBe('b c d');
    expect([transaction.has(text('a')), transaction.has(text('d'))]).toEqual([false, true]);
    expect(transaction.countRange()).toBe(3);
    expect(toText(transaction.at(2)!.key)).toBe('d');
    expect(transaction.rank(text('d'))).toBe(2);
    expect(keysOf(store)).toBe('a b c');
    const before = store.snapshot();
    await transaction.commit({ durable: true });
    expect(keysOf(store)).toBe('b c d');
    expect(keysOf(before)).toBe('a b c');
    expect([before.countRange(), store.countRange()]).toEqual([3, 3]);
    before.release();
  });

  it('leaves nothing behind when it is rolled back, or dropped by its block', async () => {
    await using store = await open();
    await store.write([put('a')]);
    {
      using transaction = await store.begin();
      transaction.deleteRange();
      transaction.put(text('x'), text('y'));
      expect(keysOf(transaction)).toBe('x');
    }
    expect(keysOf(store)).toBe('a');
    const second = await store.begin();
    second.rollback();
    second.rollback();
    expect(() => second.get(text('a'))).toThrow(/rolled back/);
    await expect(second.commit()).rejects.toMatchObject({ code: 'STORAGE_CLOSED' });
  });

  it('goes back to a savepoint, and not forward again', async () => {
    await using store = await open();
    const transaction = await store.begin();
    transaction.put(text('a'), text('1'));
    const first = transaction.savepoint();
    transaction.put(text('b'), text('2'));
    const second = transaction.savepoint();
    transaction.deleteRange({ gte: text('a'), lt: text('b') });
    expect(keysOf(transaction)).toBe('b');
    transaction.rollbackTo(second);
    expect(keysOf(transaction)).toBe('a b');
    transaction.rollbackTo(first);
    expect([keysOf(transaction), transaction.countRange()]).toEqual(['a', 1]);
    expect(() => transaction.rollbackTo(second)).toThrow(RangeError);
    transaction.put(text('c'), text('3'));
    await transaction.commit();
    expect(keysOf(store)).toBe('a c');
  });

  it('has other writers wait, in the order in which they came', async () => {
    await using store = await open();
    const first = await store.begin();
    const order: string[] = [];
    const write = store.write([put('w')]).then(() => order.push('write'));
    const second = store.begin().then(async (transaction) => {
      order.push('second');
      expect(keysOf(transaction)).toBe('f w');
      await transaction.commit();
    });
    expect(keysOf(store)).toBe('');
    first.put(text('f'), text('1'));
    order.push('first');
    await first.commit();
    await Promise.all([write, second]);
    expect(order[0]).toBe('first');
    expect(order.length).toBe(3);
    expect(keysOf(store)).toBe('f w');
  });

  it('is not waited for by who gives up, and not begun again', async () => {
    await using store = await open();
    const first = await store.begin();
    const abort = new AbortController();
    const second = store.begin({ signal: abort.signal });
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    first.rollback();
    await store.write([put('a')]);
    expect(keysOf(store)).toBe('a');
  });

  it('is rolled back when the store closes, and what waited for it is written', async () => {
    const fileSystem = new MemoryFileSystem();
    const store = await open(fileSystem);
    const transaction = await store.begin();
    transaction.put(text('lost'), text('1'));
    const written = store.write([put('kept')]);
    const refused = store.begin();
    const closed = store.close();
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_CLOSED' });
    await Promise.all([written, closed]);
    expect(() => transaction.put(text('x'), text('y'))).toThrow(/closed/);
    await using again = await open(fileSystem);
    expect(keysOf(again)).toBe('kept');
  });

  it('shows a range as it was when it began, whatever it writes meanwhile', async () => {
    await using store = await open();
    await store.write([put('a'), put('c'), put('e')]);
    using transaction = await store.begin();
    transaction.put(text('d'), text('4'));
    const seen: string[] = [];
    for (const { key } of transaction.range()) {
      seen.push(toText(key));
      transaction.put(text(`${toText(key)}+`), text('later'));
      transaction.delete(text('e'));
    }
    expect(seen.join(' ')).toBe('a c d e');
    expect(keysOf(transaction)).toBe('a a+ c c+ d d+ e+');
  });

  it('is there whole or not at all after a power cut', async () => {
    const counts = new Set<number>();
    for (let seed = 1; seed <= 40; seed += 1) {
      const disk = new SimDisk({ random: seededRandom(seed) });
      const store = await openBtreeStore({
        ...TINY,
        fileSystem: disk.fileSystem(),
        directory: 'd',
      });
      await store.sync();
      const transaction = await store.begin();
      for (let i = 0; i < 50; i += 1) transaction.put(text(`key ${i}`), text('x'.repeat(30)));
      void transaction.commit({ durable: seed % 2 === 0 }).catch(() => {});
      for (let turn = 0; turn < seed % 12; turn += 1) await undefined;
      disk.crash();
      await store.close().catch(() => {});
      await using again = await openBtreeStore({
        ...TINY,
        fileSystem: disk.fileSystem(),
        directory: 'd',
      });
      counts.add(again.countRange());
    }
    expect([...counts].sort((a, b) => a - b)).toEqual([0, 50]);
  });
});
