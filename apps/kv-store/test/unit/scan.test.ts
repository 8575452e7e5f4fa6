import { MemoryStore } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { endOfPrefix, MAX_PAGE_BYTES, readPage } from '../../src/scan.ts';

async function storeOf(entries: Record<string, Uint8Array>): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const [key, value] of Object.entries(entries)) {
    const stored = Buffer.concat([Uint8Array.of(7), value]);
    await store.write([{ type: 'put', key: Buffer.from(key, 'latin1'), value: stored }]);
  }
  return store;
}

const keysOf = (page: ReturnType<typeof readPage>): string[] =>
  page.entries.map(({ key }) => Buffer.from(key).toString('latin1'));

describe('a page of a scan', () => {
  it('holds the keys under the prefix, in order, and says whether there are more', async () => {
    const value = Uint8Array.of(1);
    const store = await storeOf({ a: value, 'b/1': value, 'b/2': value, 'b/3': value, c: value });
    const prefix = Buffer.from('b/');
    const first = readPage(store, { prefix, limit: 2 });
    expect([keysOf(first), first.more]).toEqual([['b/1', 'b/2'], true]);
    const second = readPage(store, { prefix, limit: 2, after: first.entries[1]!.key });
    expect([keysOf(second), second.more]).toEqual([['b/3'], false]);
    expect(first.entries[0]).toMatchObject({ version: 7, value });
    expect(keysOf(readPage(store, { prefix, after: Buffer.from('a') }))).toHaveLength(3);
    expect(keysOf(readPage(store, { prefix, after: Buffer.from('z') }))).toEqual([]);
  });

  it('reaches keys made of the highest bytes', async () => {
    const value = Uint8Array.of(1);
    const store = await storeOf({ '\xfe': value, '\xff': value, '\xff\xff': value });
    expect(endOfPrefix(Uint8Array.of(0xff, 0xff))).toBeUndefined();
    expect(endOfPrefix(Uint8Array.of(1, 0xff))).toEqual(Uint8Array.of(2));
    expect(keysOf(readPage(store, { prefix: Uint8Array.of(0xff) }))).toEqual(['\xff', '\xff\xff']);
  });

  it('ends early when its values are large, but never before the first', async () => {
    const big = new Uint8Array(MAX_PAGE_BYTES - 100);
    const store = await storeOf({ a: big, b: big });
    const page = readPage(store, {});
    expect([keysOf(page), page.more]).toEqual([['a'], true]);
  });

  it('has at most 1,000 entries', async () => {
    const store = await storeOf({});
    for (const limit of [0, -1, 1_001, 1.5, Number.NaN]) {
      expect(() => readPage(store, { limit })).toThrow('limit is 1 to 1000');
    }
  });
});
