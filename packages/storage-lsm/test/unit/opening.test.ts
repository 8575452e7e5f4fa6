/** What a directory may look like, and what opening it says. */
import { crc32, StorageError } from '@ds/storage';
import { setU32 } from '@ds/storage/engine';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { openLsmStore } from '../../src/index.ts';
import { text, toText } from '../text.ts';

async function codeOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
    return 'opened';
  } catch (error) {
    return error instanceof StorageError ? error.code : String(error);
  }
}

function overwrite(fileSystem: MemoryFileSystem, name: string, bytes: Uint8Array): void {
  const file = fileSystem.open(`d/${name}`, { mode: 'write' });
  file.write(0, bytes);
  file.close();
}

describe('opening', () => {
  it('refuses a second owner, and lets one in after the first has closed', async () => {
    const fileSystem = new MemoryFileSystem();
    const options = { fileSystem, directory: 'd' };
    const store = await openLsmStore(options);
    expect(await codeOf(openLsmStore(options))).toBe('STORAGE_LOCKED');
    await store.close();
    expect(await codeOf(openLsmStore(options))).toBe('opened');
  });

  it('refuses a directory that is a file', async () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.open('d', { mode: 'create' }).close();
    const code = await codeOf(openLsmStore({ fileSystem, directory: 'd' }));
    expect(code).toBe('STORAGE_NOT_A_DIRECTORY');
  });

  it('makes the directories above it', async () => {
    const fileSystem = new MemoryFileSystem();
    await using store = await openLsmStore({ fileSystem, directory: '/a/b/c' });
    await store.write([{ type: 'put', key: text('k'), value: text('v') }], { durable: true });
    expect(fileSystem.list('/a/b')).toEqual(['c']);
  });

  it('refuses foreign and newer files by name, and damages nothing', async () => {
    const fileSystem = new MemoryFileSystem();
    const options = { fileSystem, directory: 'd' };
    const store = await openLsmStore(options);
    await store.write([{ type: 'put', key: text('k'), value: text('v') }]);
    await store.close();
    const log = fileSystem.list('d').find((name) => name.endsWith('.log'))!;
    const before = new Uint8Array(32);
    fileSystem.open(`d/${log}`, { mode: 'read' }).read(0, before);
    overwrite(fileSystem, log, text('some other file'));
    expect(await codeOf(openLsmStore(options))).toBe('STORAGE_FORMAT');
    const newer = before.slice();
    newer[8] = 2;
    setU32(newer, 28, crc32(newer, 0, 28));
    overwrite(fileSystem, log, newer);
    expect(await codeOf(openLsmStore(options))).toBe('STORAGE_FORMAT');
    overwrite(fileSystem, log, before);
    await using again = await openLsmStore(options);
    expect(toText(again.get(text('k'))!)).toBe('v');
  });

  it('leaves files that are not its own alone', async () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.mkdir('d');
    overwrite(fileSystem, 'notes.txt', text('mine'));
    await (await openLsmStore({ fileSystem, directory: 'd' })).close();
    await (await openLsmStore({ fileSystem, directory: 'd' })).close();
    expect(fileSystem.list('d')).toContain('notes.txt');
  });

  it('refuses settings out of range', async () => {
    const options = { fileSystem: new MemoryFileSystem(), directory: 'd' };
    for (const bad of [
      { memtableBytes: Number.POSITIVE_INFINITY },
      { blockCacheBytes: -1 },
      { tableBytes: 1.5 },
      { levelZeroStop: 1 },
    ]) {
      await expect(openLsmStore({ ...options, ...bad })).rejects.toThrow(RangeError);
    }
    await expect(openLsmStore({ ...options, directory: '' })).rejects.toThrow(TypeError);
  });

  it('takes a value of 64 MiB and gives it back, also after opening again', async () => {
    const fileSystem = new MemoryFileSystem();
    const value = new Uint8Array(64 * 1024 * 1024).fill(7);
    value[12_345_678] = 9;
    const store = await openLsmStore({ fileSystem, directory: 'd' });
    await store.write([{ type: 'put', key: text('large'), value }], { durable: true });
    expect(store.get(text('large'))![12_345_678]).toBe(9);
    await store.close();
    await using again = await openLsmStore({ fileSystem, directory: 'd' });
    const found = again.get(text('large'))!;
    expect([found.length, found[0], found[12_345_678]]).toEqual([value.length, 7, 9]);
  });
});

describe('reclaiming', () => {
  it('gives back the room of what was overwritten, not under a range that reads it', async () => {
    const fileSystem = new MemoryFileSystem();
    const small = { memtableBytes: 4096, tableBytes: 8192, levelOneBytes: 1024 };
    const limits = { ...small, levelZeroTrigger: 2, logPreallocateBytes: 0 };
    await using store = await openLsmStore({ fileSystem, directory: 'd', ...limits });
    const keys = Array.from({ length: 400 }, (_, i) => text(`key ${String(i).padStart(4, '0')}`));
    for (const key of keys) await store.write([{ type: 'put', key, value: text('v'.repeat(50)) }]);
    await store.sync();
    const tableBytes = (): number =>
      store.status().levels.reduce((sum, { bytes }) => sum + bytes, 0);
    const full = tableBytes();
    const iterator = store.range()[Symbol.iterator]();
    expect(toText(iterator.next().value.key)).toBe('key 0000');
    for (let round = 0; round < 20; round += 1) {
      const value = text(`round ${round} `.repeat(6));
      for (const key of keys) await store.write([{ type: 'put', key, value }]);
    }
    for (const key of keys) await store.write([{ type: 'delete', key }]);
    for (let turn = 0; turn < 20_000 && store.status().task !== 'idle'; turn += 1) await undefined;
    expect([...store.range()]).toEqual([]);
    let seen = 1;
    while (!iterator.next().done) seen += 1;
    expect(seen).toBe(keys.length);
    for (let turn = 0; turn < 20_000 && store.status().task !== 'idle'; turn += 1) await undefined;
    expect(tableBytes()).toBeLessThan(full * 2);
    const tables = store.status().levels.reduce((sum, level) => sum + level.tables, 0);
    const files = fileSystem.list('d').filter((name) => name.endsWith('.table')).length;
    expect(files).toBe(tables);
  });
});
