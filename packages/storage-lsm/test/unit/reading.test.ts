/** Reading beyond a single get: many keys, presence, memory, statistics, bad input. */
import { StorageError } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { openLsmStore } from '../../src/index.ts';
import { text, toText } from '../text.ts';
import { DIRECTORY, filledStore, keyText } from './filled.ts';

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'fine';
  } catch (error) {
    return error instanceof StorageError ? error.code : String(error);
  }
};

describe('reading', () => {
  it('of many keys, and of presence, agrees with reading one by one', async () => {
    const { store, contents } = await filledStore();
    await using _ = store;
    const keys = Array.from({ length: 330 }, (_, i) => keyText(i));
    keys.push(`${keyText(7)} gone`, 'zzz', '');
    keys.pop();
    const found = store.getMany(keys.map(text)).map((value) => value && toText(value));
    expect(found).toEqual(keys.map((key) => contents.get(key)));
    expect(keys.map((key) => store.has(text(key)))).toEqual(keys.map((key) => contents.has(key)));
    expect(store.getMany([])).toEqual([]);
  });

  it('gives copies that nobody else holds', async () => {
    const { store, contents } = await filledStore();
    await using _ = store;
    const keys = [...contents.keys()].map(text);
    const copies = store.getMany(keys);
    for (const copy of copies) copy?.fill(0);
    for (const { value } of store.range()) value.fill(1);
    const found = [...store.range()].map(({ key, value }) => [toText(key), toText(value)]);
    expect(found).toEqual([...contents]);
    expect(copies.every((copy) => copy?.every((byte) => byte === 0))).toBe(true);
  });

  it('keeps to its bounds, whatever becomes of the arrays they were given in', async () => {
    const { store } = await filledStore();
    await using _ = store;
    const gte = Buffer.from(keyText(10));
    const lt = Buffer.from(keyText(13));
    const range = store.range({ gte, lt })[Symbol.iterator]();
    gte.fill(0xff);
    lt.fill(0);
    const found = Array.from({ length: 4 }, () => range.next());
    const keys = found.map(({ done, value }) => (done ? undefined : toText(value.key)));
    expect(keys).toEqual([keyText(10), keyText(11), keyText(12), undefined]);
  });

  it('through a cache too small for anything is as right, and sees the memory of no other', async () => {
    for (const blockCacheBytes of [0, 700, 2000]) {
      const { store, contents } = await filledStore({ blockCacheBytes, maxOpenTables: 2 });
      await using _ = store;
      const iterator = store.range({ views: true })[Symbol.iterator]();
      for (const [key, value] of contents) {
        const entry = iterator.next().value;
        const other = text(keyText((key.charCodeAt(7) * 37) % contents.size));
        expect(store.get(other)).toBeDefined();
        expect([toText(entry.key), toText(entry.value)]).toEqual([key, value]);
      }
      expect(iterator.next().done).toBe(true);
      expect(store.status().cachedBytes).toBeLessThanOrEqual(blockCacheBytes);
    }
  });

  it('keeps no more tables open than allowed, and opens none before they are read', async () => {
    const { store, options, contents } = await filledStore({ tableBytes: 1024 }, 600);
    await store.close();
    await using again = await openLsmStore(options);
    const tables = again.status().levels.reduce((sum, level) => sum + level.tables, 0);
    expect(tables).toBeGreaterThan(20);
    let most = again.status().openTables;
    expect(most).toBeLessThanOrEqual(4);
    for (const [key, value] of contents) {
      expect(toText(again.get(text(key))!)).toBe(value);
      most = Math.max(most, again.status().openTables);
    }
    expect(most).toBe(4);
  });

  it('counts what it costs', async () => {
    const { store, contents } = await filledStore();
    await using _ = store;
    const before = store.status();
    for (const key of contents.keys()) store.get(text(key));
    for (let i = 0; i < 300; i += 1) store.get(text(`${keyText(i)} absent`));
    const after = store.status();
    expect(after.cacheHits + after.cacheMisses).toBeGreaterThan(
      before.cacheHits + before.cacheMisses + 200,
    );
    expect(after.filterRejections - before.filterRejections).toBeGreaterThan(250);
    expect(after.tableBytesRead).toBeGreaterThan(before.tableBytesRead);
    expect(after.tableBytesWritten).toBeGreaterThan(0);
    expect(after.writeAmplification).toBeCloseTo(
      1 + after.tableBytesWritten / after.logBytesWritten,
    );
  });

  it('says how much a range takes, about', async () => {
    const { store, contents } = await filledStore({}, 600);
    await using _ = store;
    const all = store.approximateSize();
    const tables = store.status().levels.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(all).toBe(tables);
    const half = store.approximateSize({ lt: text(keyText(contents.size / 2)) });
    expect(half / all).toBeGreaterThan(0.35);
    expect(half / all).toBeLessThan(0.65);
    expect(store.approximateSize({ gte: text('x') })).toBe(0);
    expect(store.approximateSize({ gte: text('b'), lt: text('a') })).toBe(0);
  });
});

describe('bad input', () => {
  it('is refused with a code and changes nothing', async () => {
    const { store, contents } = await filledStore({ maxValueBytes: 1000 });
    const empty = new Uint8Array(0);
    const long = new Uint8Array(1025);
    for (const key of [empty, long, 'text' as unknown as Uint8Array]) {
      expect(codeOf(() => store.get(key))).toBe('STORAGE_INVALID_KEY');
      expect(codeOf(() => store.has(key))).toBe('STORAGE_INVALID_KEY');
      expect(codeOf(() => store.getMany([text('a'), key]))).toBe('STORAGE_INVALID_KEY');
      const batch = [
        { type: 'put', key: text('first'), value: empty } as const,
        { type: 'put', key, value: empty } as const,
      ];
      await expect(store.write(batch)).rejects.toMatchObject({ code: 'STORAGE_INVALID_KEY' });
    }
    const value = new Uint8Array(1001);
    await expect(store.write([{ type: 'put', key: text('k'), value }])).rejects.toMatchObject({
      code: 'STORAGE_INVALID_VALUE',
    });
    const bounds = { gt: text('a'), gte: text('a') };
    expect(codeOf(() => store.range(bounds))).toBe('STORAGE_INVALID_RANGE');
    expect(codeOf(() => store.approximateSize(bounds))).toBe('STORAGE_INVALID_RANGE');
    expect(codeOf(() => store.range({ limit: 1.5 }))).toBe('STORAGE_INVALID_RANGE');
    expect([...store.range()].length).toBe(contents.size);
    await store.close();
    for (const call of [
      () => store.get(text('a')),
      () => store.has(text('a')),
      () => store.getMany([]),
      () => store.approximateSize(),
      () => store.range(),
      () => store.snapshot(),
    ]) {
      expect(codeOf(call)).toBe('STORAGE_CLOSED');
    }
    for (const pending of [store.verify(), store.checkpoint('e'), store.sync()]) {
      await expect(pending).rejects.toMatchObject({ code: 'STORAGE_CLOSED' });
    }
  });

  it('is not a key at the limit, nor one of any bytes', async () => {
    await using store = await openLsmStore({
      fileSystem: new MemoryFileSystem(),
      directory: DIRECTORY,
    });
    const keys = [
      new Uint8Array(16 * 1024).fill(0xff),
      Uint8Array.of(0),
      Uint8Array.of(0, 0),
      Uint8Array.from({ length: 256 }, (_, i) => i),
    ];
    for (const key of keys) await store.write([{ type: 'put', key, value: key.subarray(0, 9) }]);
    for (const key of keys) expect(store.get(key)).toEqual(key.slice(0, 9));
    const order = [...store.range()].map(({ key }) => key.length);
    expect(order).toEqual([1, 2, 256, 16 * 1024]);
  });
});
