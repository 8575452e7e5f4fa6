/** What abstract-level's suite does not ask: durability, ownership, errors, the calls to the store. */
import { type Batch, StorageError, type WriteOptions } from '@ds/storage';
import { MemoryStore } from '@ds/storage/memory';
import type { AbstractPutOptions } from 'abstract-level';
import { describe, expect, it } from 'vitest';
import { StoreLevel, StoreLevelError, type SyncOption } from '../../src/index.ts';

class Recorder extends MemoryStore {
  readonly writes: { batch: Batch; durable: boolean }[] = [];

  override write(batch: Batch, { durable = false }: WriteOptions = {}): Promise<void> {
    this.writes.push({ batch, durable });
    return super.write(batch);
  }
}

describe('durability', () => {
  it('a write with sync waits until it would survive a power cut, another does not', async () => {
    const store = new Recorder();
    const db = new StoreLevel(store);
    const sync = { sync: true };
    await db.put('a', '1', sync);
    await db.del('a', sync);
    await db.batch([{ type: 'put', key: 'b', value: '2' }], sync);
    await db.batch().put('c', '3').write(sync);
    await db.clear(sync);
    await db.clear({ limit: 1, ...sync });
    expect(store.writes.every(({ durable }) => durable)).toBe(true);
    store.writes.length = 0;
    await db.put('a', '1');
    await db.batch().del('a').write();
    expect(store.writes.map(({ durable }) => durable)).toEqual([false, false]);
  });

  it('a database with sync is durable unless a write says otherwise', async () => {
    const store = new Recorder();
    const db = new StoreLevel(store, { sync: true });
    await db.put('a', '1');
    await db.sublevel('s').put('b', '2');
    await db.put('c', '3', { sync: false });
    expect(store.writes.map(({ durable }) => durable)).toEqual([true, true, false]);
  });

  it('sync reaches the store through sublevels', async () => {
    const store = new Recorder();
    const people = new StoreLevel(store).sublevel('people').sublevel('staff');
    const options: AbstractPutOptions<string, string> & SyncOption = { sync: true };
    await people.put('ada', '1', options);
    expect(store.writes.map(({ durable }) => durable)).toEqual([true]);
  });
});

describe('ownership', () => {
  it('a store that was handed over open stays open, and serves the next open', async () => {
    const store = new MemoryStore();
    const db = new StoreLevel(store);
    await db.put('a', '1');
    await db.close();
    expect(store.status().state).toBe('open');
    await db.open();
    expect(await db.get('a')).toBe('1');
    expect(db.store).toBe(store);
    await db.close();
  });

  it('a store that the database opened is closed with it', async () => {
    const stores: MemoryStore[] = [];
    const db = new StoreLevel(async () => {
      stores.push(new MemoryStore());
      return stores.at(-1)!;
    });
    await db.put('a', '1');
    await db.close();
    await db.open();
    expect(stores.map((store) => store.status().state)).toEqual(['closed', 'open']);
    await db.close();
  });

  it('closing gives up the snapshots of iterators and snapshots left open', async () => {
    const store = new MemoryStore();
    const db = new StoreLevel(store);
    await db.open();
    const iterator = db.iterator();
    db.keys();
    db.snapshot();
    expect(store.status().snapshots).toBe(3);
    await iterator.close();
    expect(store.status().snapshots).toBe(2);
    await db.close();
    expect(store.status().snapshots).toBe(0);
  });

  it('a store that fails to close says so once and can be opened again', async () => {
    class Stubborn extends MemoryStore {
      override async close(): Promise<void> {
        await super.close();
        throw new StorageError('STORAGE_IO', 'the device is gone');
      }
    }
    const db = new StoreLevel(() => new Stubborn());
    await db.open();
    await expect(db.close()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_CLOSED',
      cause: { code: 'LEVEL_IO_ERROR', cause: { code: 'STORAGE_IO' } },
    });
    await expect(db.get('a')).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' });
    await db.close();
    await db.open();
    expect(await db.get('a')).toBeUndefined();
  });
});

describe('clearing', () => {
  it('is one operation, whatever the bounds', async () => {
    const store = new Recorder();
    const db = new StoreLevel<Uint8Array, string>(store, { keyEncoding: 'view' });
    await db.clear();
    await db.clear({ gt: Uint8Array.of(5), lte: Uint8Array.of(7) });
    await db.clear({ gte: Uint8Array.of(), lt: Uint8Array.of(9), reverse: true });
    expect(store.writes.map(({ batch }) => batch)).toEqual([
      [{ type: 'deleteRange', gte: undefined, lt: undefined }],
      [{ type: 'deleteRange', gte: Uint8Array.of(5, 0), lt: Uint8Array.of(7, 0) }],
      [{ type: 'deleteRange', gte: Uint8Array.of(0), lt: Uint8Array.of(9) }],
    ]);
  });

  it('by a limit or a snapshot takes what was there, in bounded batches', async () => {
    const store = new Recorder();
    const db = new StoreLevel(store);
    const name = (i: number): string => String(i).padStart(4, '0');
    const puts = Array.from({ length: 2_500 }, (_, i) => ({
      type: 'put' as const,
      key: name(i),
      value: 'x',
    }));
    await db.batch(puts);
    const snapshot = db.snapshot();
    await db.put('later', 'x');
    store.writes.length = 0;
    await db.clear({ limit: 1_200, reverse: true, lt: name(2_400) });
    await db.clear({ snapshot });
    expect(await db.keys().all()).toEqual(['later']);
    expect(store.writes.map(({ batch }) => batch.length)).toEqual([1000, 200, 1000, 1000, 500]);
    await db.close();
  });
});

describe('reading', () => {
  it('many keys are asked for at once where the store can', async () => {
    class Many extends MemoryStore {
      readonly asked: string[] = [];
      has(key: Uint8Array): boolean {
        this.asked.push('has');
        return this.get(key) !== undefined;
      }
      getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
        this.asked.push('getMany');
        return keys.map((key) => this.get(key));
      }
    }
    const store = new Many();
    const db = new StoreLevel(store);
    await db.put('a', '1');
    expect(await db.getMany(['a', 'b'])).toEqual(['1', undefined]);
    expect(await db.has('a')).toBe(true);
    expect(await db.hasMany(['b', 'a'])).toEqual([false, true]);
    expect(store.asked).toEqual(['getMany', 'has', 'has', 'has']);
  });

  it('what an iterator returned is not changed by its next step', async () => {
    const db = new StoreLevel<Uint8Array, Uint8Array>(new MemoryStore(), {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    for (const byte of [1, 2]) await db.put(Uint8Array.of(byte), Uint8Array.of(byte));
    for (const iterator of [db.keys(), db.values()]) {
      const first = (await iterator.next())!;
      first[0] = 9;
      await iterator.next();
      expect(first).toEqual(Uint8Array.of(9));
      await iterator.close();
    }
    expect(await db.get(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
  });

  it('an iterator keeps its bounds although the caller reuses their buffer', async () => {
    const db = new StoreLevel<Uint8Array, string>(new MemoryStore(), { keyEncoding: 'buffer' });
    for (const byte of [1, 2, 3]) await db.put(Buffer.of(byte), String(byte));
    const from = Buffer.of(2);
    const values = db.values({ gte: from });
    from[0] = 3;
    expect(await values.all()).toEqual(['2', '3']);
    const sought = db.values();
    from[0] = 2;
    sought.seek(from);
    from[0] = 3;
    expect(await sought.all()).toEqual(['2', '3']);
  });

  it('an abort ends a long read in the middle', async () => {
    const db = new StoreLevel(new MemoryStore());
    const keys = Array.from({ length: 2_500 }, (_, i) => `${i}`);
    await db.batch(keys.map((key) => ({ type: 'put', key, value: key })));
    const controller = new AbortController();
    const reason = new Error('enough');
    const all = db.keys({ signal: controller.signal }).all();
    controller.abort(reason);
    await expect(all).rejects.toMatchObject({ code: 'LEVEL_ABORTED', cause: reason });
    await expect(all).rejects.toBeInstanceOf(StoreLevelError);
  });
});
