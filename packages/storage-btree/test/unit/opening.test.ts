/** What a directory may look like, and what opening it says. */

import { crc32, StorageError } from '@ds/storage';
import { setU32 } from '@ds/storage/engine';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { openBtreeStore } from '../../src/index.ts';
import { text, toText } from '../text.ts';

async function codeOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
    return 'opened';
  } catch (error) {
    return error instanceof StorageError ? error.code : String(error);
  }
}

const SLOTS = [0, 4096];

describe('opening', () => {
  it('refuses a second owner, and lets one in after the first has closed', async () => {
    const options = { fileSystem: new MemoryFileSystem(), directory: 'd' };
    const store = await openBtreeStore(options);
    expect(await codeOf(openBtreeStore(options))).toBe('STORAGE_LOCKED');
    await store.close();
    expect(await codeOf(openBtreeStore(options))).toBe('opened');
  });

  it('refuses a directory that is a file', async () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.open('d', { mode: 'create' }).close();
    const code = await codeOf(openBtreeStore({ fileSystem, directory: 'd' }));
    expect(code).toBe('STORAGE_NOT_A_DIRECTORY');
  });

  it('refuses foreign and newer files by name, and damages nothing', async () => {
    const fileSystem = new MemoryFileSystem();
    const options = { fileSystem, directory: 'd' };
    const store = await openBtreeStore(options);
    await store.write([{ type: 'put', key: text('k'), value: text('v') }]);
    await store.close();
    const file = fileSystem.open('d/tree.data', { mode: 'write' });
    const before = new Uint8Array(4096);
    file.read(0, before);
    for (const slot of SLOTS) file.write(slot, text('some other file'));
    expect(await codeOf(openBtreeStore(options))).toBe('STORAGE_FORMAT');
    const newer = before.slice();
    newer[8] = 2;
    setU32(newer, 4092, crc32(newer, 0, 4092));
    for (const slot of SLOTS) file.write(slot, newer);
    expect(await codeOf(openBtreeStore(options))).toBe('STORAGE_FORMAT');
    for (const slot of SLOTS) file.write(slot, before);
    await using again = await openBtreeStore(options);
    expect(toText(again.get(text('k'))!)).toBe('v');
  });

  it('mends one damaged head by the other', async () => {
    for (const damaged of SLOTS) {
      const fileSystem = new MemoryFileSystem();
      const options = { fileSystem, directory: 'd' };
      const store = await openBtreeStore(options);
      await store.write([{ type: 'put', key: text('k'), value: text('v') }]);
      await store.close();
      const file = fileSystem.open('d/tree.data', { mode: 'write' });
      file.write(damaged, new Uint8Array(4096));
      await (await openBtreeStore(options)).close();
      file.write(4096 - damaged, new Uint8Array(4096));
      await using again = await openBtreeStore(options);
      expect(toText(again.get(text('k'))!)).toBe('v');
    }
  });

  it('goes on with the size of page that the file was made with', async () => {
    const fileSystem = new MemoryFileSystem();
    await (await openBtreeStore({ fileSystem, directory: 'd', pageBytes: 1024 })).close();
    await using store = await openBtreeStore({ fileSystem, directory: 'd', pageBytes: 4096 });
    expect(store.status().pageBytes).toBe(1024);
    expect(store.maxKeyBytes).toBe(232);
  });

  it('refuses settings out of range', async () => {
    const options = { fileSystem: new MemoryFileSystem(), directory: 'd' };
    for (const bad of [
      { pageBytes: 1000 },
      { pageBytes: 65_536 },
      { cacheBytes: -1 },
      { extentBytes: 1.5 },
      { bufferBytes: Number.POSITIVE_INFINITY },
      { logPreallocateBytes: -1 },
    ]) {
      await expect(openBtreeStore({ ...options, ...bad })).rejects.toThrow(RangeError);
    }
    await expect(openBtreeStore({ ...options, directory: '' })).rejects.toThrow(TypeError);
  });

  it('takes a value of 64 MiB and gives it back, also after opening again', async () => {
    const fileSystem = new MemoryFileSystem();
    const value = new Uint8Array(64 * 1024 * 1024).fill(7);
    value[12_345_678] = 9;
    const store = await openBtreeStore({ fileSystem, directory: 'd' });
    await store.write([{ type: 'put', key: text('large'), value }], { durable: true });
    expect(store.get(text('large'))![12_345_678]).toBe(9);
    await store.close();
    await using again = await openBtreeStore({ fileSystem, directory: 'd' });
    const found = again.get(text('large'))!;
    expect([found.length, found[0], found[12_345_678]]).toEqual([value.length, 7, 9]);
  });
});
