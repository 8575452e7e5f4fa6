import { type DiskFault, SimDisk, seededRandom } from '@ds/sim';
import type { StorageError } from '@ds/storage';
import { describe, expect, it } from 'vitest';

const newDisk = (): SimDisk => new SimDisk({ random: seededRandom(5) });

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'no error';
  } catch (error) {
    return (error as StorageError).code;
  }
}

/** A little program over the whole port. */
async function program(disk: SimDisk): Promise<void> {
  const fileSystem = disk.fileSystem();
  fileSystem.mkdir('d');
  fileSystem.lock('d/lock').release();
  const file = fileSystem.open('d/a', { mode: 'write' });
  file.preallocate(100);
  file.write(0, new Uint8Array(50).fill(1));
  file.truncate(60);
  file.read(0, new Uint8Array(10));
  file.size();
  await file.datasync();
  fileSystem.link('d/a', 'd/b');
  fileSystem.rename('d/a', 'd/c');
  fileSystem.remove('d/b');
  fileSystem.list('d');
  await fileSystem.syncDirectory('d');
}

async function callsOfProgram(): Promise<number> {
  const disk = newDisk();
  await program(disk);
  return disk.calls;
}

describe('at every call index', () => {
  it.each<[DiskFault, string]>([
    ['fail', 'STORAGE_IO'],
    ['full', 'STORAGE_FULL'],
    ['crash', 'STORAGE_CLOSED'],
  ])("a call told to '%s' throws %s, once", async (fault, code) => {
    const calls = await callsOfProgram();
    expect(calls).toBe(14);
    for (let index = 0; index < calls; index += 1) {
      const disk = newDisk();
      disk.failAt(index, fault);
      const error = await program(disk).catch((thrown: unknown) => thrown);
      expect((error as StorageError).code).toBe(code);
      expect(disk.calls).toBe(index + 1);
      expect(disk.status().crashes).toBe(fault === 'crash' ? 1 : 0);
      disk.fileSystem().list('/');
    }
  });
});

describe('after a crash', () => {
  it('the old view, its files and its locks are dead, and the new view works', async () => {
    const disk = newDisk();
    const before = disk.fileSystem();
    const file = before.open('a', { mode: 'create' });
    const syncing = file.datasync().catch((error: unknown) => error);
    before.lock('lock');
    disk.crash();
    expect(codeOf(() => file.size())).toBe('STORAGE_CLOSED');
    expect(codeOf(() => before.list('/'))).toBe('STORAGE_CLOSED');
    expect(((await syncing) as StorageError).code).toBe('STORAGE_CLOSED');
    disk.fileSystem().lock('lock');
  });

  it('a killed process loses nothing, and what it wrote is still not durable', () => {
    const found = new Set<number>();
    for (let seed = 0; seed < 40; seed += 1) {
      const disk = new SimDisk({ random: seededRandom(seed) });
      disk
        .fileSystem()
        .open('a', { mode: 'create' })
        .write(0, Uint8Array.of(1, 2, 3));
      disk.crash('process');
      expect(disk.fileSystem().open('a', { mode: 'read' }).size()).toBe(3);
      disk.crash();
      found.add(disk.fileSystem().list('/').length);
    }
    expect(found).toEqual(new Set([0, 1]));
  });
});

describe('a failed datasync', () => {
  it('reads back, stays lost although the next succeeds, and spares what came later', async () => {
    let lost = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      const disk = new SimDisk({ random: seededRandom(seed) });
      const file = disk.fileSystem().open('a', { mode: 'create' });
      await disk.fileSystem().syncDirectory('/');
      file.write(0, Uint8Array.of(1));
      disk.failAt(disk.calls, 'fail');
      await expect(file.datasync()).rejects.toMatchObject({ code: 'STORAGE_IO' });
      const seen = new Uint8Array(2);
      file.read(0, seen);
      expect(seen[0]).toBe(1);
      file.write(1, Uint8Array.of(2));
      await file.datasync();
      disk.crash();
      disk.fileSystem().open('a', { mode: 'read' }).read(0, seen);
      expect(seen[1]).toBe(2);
      if (seen[0] === 0) lost += 1;
    }
    expect(lost).toBeGreaterThan(5);
  });
});

describe('a disk', () => {
  it('flips the bit it is told to, for now and after a crash', async () => {
    const disk = newDisk();
    const file = disk.fileSystem().open('a', { mode: 'create' });
    file.write(0, Uint8Array.of(0, 0, 0));
    await file.datasync();
    await disk.fileSystem().syncDirectory('/');
    disk.flipBit({ path: 'a', position: 1, bit: 3 });
    const seen = new Uint8Array(3);
    file.read(0, seen);
    expect([...seen]).toEqual([0, 8, 0]);
    disk.crash();
    disk.fileSystem().open('a', { mode: 'read' }).read(0, seen);
    expect([...seen]).toEqual([0, 8, 0]);
    disk.flipBit();
    expect(() => newDisk().flipBit()).toThrow(RangeError);
  });

  it('is full at its capacity, and has room again after a removal', () => {
    const disk = new SimDisk({ random: seededRandom(1), capacityBytes: 1_000 });
    const fileSystem = disk.fileSystem();
    fileSystem.open('a', { mode: 'create' }).write(0, new Uint8Array(900));
    const second = fileSystem.open('b', { mode: 'create' });
    expect(codeOf(() => second.write(0, new Uint8Array(101)))).toBe('STORAGE_FULL');
    expect(codeOf(() => second.preallocate(101))).toBe('STORAGE_FULL');
    second.write(0, new Uint8Array(100));
    fileSystem.remove('a');
    second.write(100, new Uint8Array(900));
    expect(disk.status().bytes).toBe(1_000);
  });

  it('refuses settings that mean nothing', () => {
    const random = seededRandom(1);
    expect(() => new SimDisk({ random, failSync: 2 })).toThrow(RangeError);
    expect(() => new SimDisk({ random, capacityBytes: Number.POSITIVE_INFINITY })).toThrow(
      RangeError,
    );
    expect(() => new SimDisk({ random, sync: { minMs: 2, meanMs: 1, maxMs: 3 } })).toThrow(
      RangeError,
    );
  });
});
