import { StorageError, type StorageErrorCode } from '@ds/storage';
import { MemoryFileSystem, MemoryStore } from '@ds/storage/memory';
import { openLsmStore } from '@ds/storage-lsm';
import { describe, expect, it } from 'vitest';
import { StoreLevel } from '../../src/index.ts';

class Failing extends MemoryStore {
  readonly error: Error;

  constructor(error: Error) {
    super();
    this.error = error;
  }

  override get(): never {
    throw this.error;
  }
  override range(): never {
    throw this.error;
  }
  override async write(): Promise<never> {
    throw this.error;
  }
  override snapshot(): ReturnType<MemoryStore['snapshot']> {
    return {
      get: () => this.get(),
      range: () => this.range(),
      release() {},
      [Symbol.dispose]() {},
    };
  }
}

const CASES: readonly [StorageErrorCode, string][] = [
  ['STORAGE_CORRUPT', 'LEVEL_CORRUPTION'],
  ['STORAGE_IO', 'LEVEL_IO_ERROR'],
  ['STORAGE_FULL', 'LEVEL_IO_ERROR'],
  ['STORAGE_FAILED', 'LEVEL_IO_ERROR'],
  ['STORAGE_CLOSED', 'LEVEL_DATABASE_NOT_OPEN'],
];

describe.each(CASES)('%s', (code, levelCode) => {
  it(`is ${levelCode} wherever it comes up, with its cause`, async () => {
    const error = new StorageError(code, 'as the store says it');
    const db = new StoreLevel(new Failing(error));
    await db.open();
    const expected = { code: levelCode, message: error.message, cause: error };
    await expect(db.get('a')).rejects.toMatchObject(expected);
    await expect(db.getMany(['a'])).rejects.toMatchObject(expected);
    await expect(db.has('a')).rejects.toMatchObject(expected);
    await expect(db.put('a', '1')).rejects.toMatchObject(expected);
    await expect(db.clear()).rejects.toMatchObject(expected);
    await expect(db.clear({ limit: 1 })).rejects.toMatchObject(expected);
    await expect(db.iterator().all()).rejects.toMatchObject(expected);
    expect(() => db.getSync('a')).toThrow(expect.objectContaining(expected));
    await db.close();
  });
});

it('an error that is not of the store stays what it is', async () => {
  const error = new RangeError('a mistake of the program');
  const db = new StoreLevel(new Failing(error));
  await expect(db.get('a')).rejects.toBe(error);
});

it('a key or value beyond the limits of the store is invalid', async () => {
  const db = new StoreLevel(new MemoryStore({ maxKeyBytes: 4, maxValueBytes: 4 }));
  await expect(db.put('12345', '')).rejects.toMatchObject({ code: 'LEVEL_INVALID_KEY' });
  await expect(db.put('1', '12345')).rejects.toMatchObject({ code: 'LEVEL_INVALID_VALUE' });
});

describe('opening', () => {
  it('a place that another database has open is locked', async () => {
    const fileSystem = new MemoryFileSystem();
    const open = () => openLsmStore({ fileSystem, directory: 'data' });
    const first = new StoreLevel(open);
    await first.open();
    await expect(new StoreLevel(open).open()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { code: 'LEVEL_LOCKED', cause: { code: 'STORAGE_LOCKED' } },
    });
    await first.close();
  });

  it('a closed store is not opened', async () => {
    const store = new MemoryStore();
    await store.close();
    await expect(new StoreLevel(store).open()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { code: 'LEVEL_DATABASE_NOT_OPEN' },
    });
  });

  it('what is no store is refused at once, or where it is opened', async () => {
    expect(() => new StoreLevel({} as MemoryStore)).toThrow(TypeError);
    const db = new StoreLevel(() => ({}) as MemoryStore);
    await expect(db.open()).rejects.toMatchObject({ cause: expect.any(TypeError) });
  });

  it('whether it must or must not exist is refused where nobody can tell', async () => {
    for (const options of [{ createIfMissing: false }, { errorIfExists: true }]) {
      const db = new StoreLevel(new MemoryStore(), options);
      expect(db.supports.createIfMissing || db.supports.errorIfExists).toBe(false);
      await expect(db.open()).rejects.toMatchObject({ cause: { code: 'LEVEL_NOT_SUPPORTED' } });
    }
  });
});

it('a snapshot of another database is refused', async () => {
  const db = new StoreLevel(new MemoryStore());
  const other = new StoreLevel(new MemoryStore());
  await Promise.all([db.open(), other.open()]);
  const foreign = { ref() {}, unref() {} } as unknown as ReturnType<typeof db.snapshot>;
  for (const snapshot of [other.snapshot(), foreign]) {
    await expect(db.get('a', { snapshot })).rejects.toThrow(TypeError);
    expect(() => db.iterator({ snapshot })).toThrow(TypeError);
  }
});
