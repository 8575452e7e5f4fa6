import { type DiskOptions, SimDisk, seededRandom, World } from '@ds/sim';
import type { File, StorageError } from '@ds/storage';
import { describe, expect, it } from 'vitest';

const newDisk = (seed: number, options: Partial<DiskOptions> = {}): SimDisk =>
  new SimDisk({ random: seededRandom(seed), ...options });

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'no error';
  } catch (error) {
    return (error as StorageError).code;
  }
}

function contentOf(disk: SimDisk, path = 'a'): Uint8Array {
  const file = disk.fileSystem().open(path, { mode: 'read' });
  const content = new Uint8Array(file.size());
  file.read(0, content);
  return content;
}

/** A file that a power cut leaves as it is. */
async function synced(disk: SimDisk, content: Uint8Array, path = 'a'): Promise<File> {
  const file = disk.fileSystem().open(path, { mode: 'create' });
  file.write(0, content);
  await file.datasync();
  await disk.fileSystem().syncDirectory('/');
  return file;
}

describe('a short write', () => {
  it('throws, and leaves a beginning of itself that is neither nothing nor all', async () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 50; seed += 1) {
      const disk = newDisk(seed);
      const file = disk.fileSystem().open('a', { mode: 'create' });
      disk.failNext('write', 'short');
      expect(codeOf(() => file.write(0, Uint8Array.of(1, 2, 3, 4)))).toBe('STORAGE_IO');
      const content = contentOf(disk);
      expect([...content]).toEqual([1, 2, 3, 4].slice(0, content.length));
      lengths.add(content.length);
      file.write(0, Uint8Array.of(1, 2, 3, 4));
      expect(contentOf(disk)).toHaveLength(4);
    }
    expect(lengths).toEqual(new Set([1, 2, 3]));
  });

  it('is also what a disk makes of a write for which there is too little space', () => {
    const disk = newDisk(1, { capacityBytes: 10 });
    const file = disk.fileSystem().open('a', { mode: 'create' });
    expect(codeOf(() => file.write(0, new Uint8Array(16).fill(7)))).toBe('STORAGE_FULL');
    expect([...contentOf(disk)]).toEqual(new Array(10).fill(7));
    expect(codeOf(() => file.write(10, Uint8Array.of(1)))).toBe('STORAGE_FULL');
    file.write(0, Uint8Array.of(8));
  });
});

describe('a disk that is full', () => {
  it('has room again when its capacity is raised', async () => {
    const disk = newDisk(1, { capacityBytes: 100 });
    const file = await synced(disk, new Uint8Array(100));
    expect(codeOf(() => file.write(100, Uint8Array.of(1)))).toBe('STORAGE_FULL');
    disk.configure({ capacityBytes: 101 });
    file.write(100, Uint8Array.of(1));
    expect(codeOf(() => file.write(101, Uint8Array.of(1)))).toBe('STORAGE_FULL');
    expect(disk.status()).toMatchObject({ bytes: 101, capacityBytes: 101 });
    expect(disk.status().reached['no space left']).toBe(2);
  });
});

describe('the tail of a file that grew before the power went', () => {
  /** What may lie there: every value that was found in the new part, over many power cuts. */
  async function found(staleTail: number, prepare: (disk: SimDisk) => void): Promise<Set<number>> {
    const values = new Set<number>();
    for (let seed = 0; seed < 200; seed += 1) {
      const disk = newDisk(seed, { staleTail });
      await synced(disk, new Uint8Array(2_000).fill(9), 'gone');
      await synced(disk, new Uint8Array(4).fill(1));
      disk.fileSystem().remove('gone');
      await disk.fileSystem().syncDirectory('/');
      prepare(disk);
      disk.crash();
      for (const value of contentOf(disk).subarray(4)) values.add(value);
    }
    return values;
  }

  const preallocate = (disk: SimDisk): void =>
    disk.fileSystem().open('a', { mode: 'write' }).preallocate(1_000);
  const append = (disk: SimDisk): void =>
    disk.fileSystem().open('a', { mode: 'write' }).write(4, new Uint8Array(1_500).fill(2));

  it('holds zeros where the bytes never came', async () => {
    expect(await found(0, preallocate)).toEqual(new Set([0]));
    expect(await found(0, append)).toEqual(new Set([0, 2]));
  });

  it('holds bytes of removed files on a device that recycles space', async () => {
    expect(await found(1, preallocate)).toEqual(new Set([9]));
    expect(await found(0.5, append)).toEqual(new Set([0, 2, 9]));
  });

  it('holds bytes of its own past when it had been cut', async () => {
    const values = new Set<number>();
    for (let seed = 0; seed < 100; seed += 1) {
      const disk = newDisk(seed, { staleTail: 1 });
      const file = await synced(disk, new Uint8Array(1_000).fill(5));
      file.truncate(0);
      await file.datasync();
      file.preallocate(1_000);
      disk.crash();
      for (const value of contentOf(disk)) values.add(value);
    }
    expect(values).toEqual(new Set([5]));
  });

  it('holds zeros for certain once the growth was synced', async () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const disk = newDisk(seed, { staleTail: 1 });
      await synced(disk, new Uint8Array(500).fill(9), 'gone');
      disk.fileSystem().remove('gone');
      const file = await synced(disk, new Uint8Array(0));
      file.preallocate(400);
      await file.datasync();
      disk.crash();
      expect([...contentOf(disk)]).toEqual(new Array(400).fill(0));
    }
  });
});

describe('latent bit rot', () => {
  it('changes one bit of what a read asks for, for good', async () => {
    for (let seed = 0; seed < 30; seed += 1) {
      const disk = newDisk(seed);
      const file = await synced(disk, new Uint8Array(100));
      disk.failNext('read', 'rot');
      const part = new Uint8Array(10);
      file.read(40, part);
      const bits = (bytes: Uint8Array): number =>
        bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
      expect(bits(part)).toBe(1);
      disk.crash();
      expect([...contentOf(disk).subarray(40, 50)]).toEqual([...part]);
      expect(bits(contentOf(disk))).toBe(1);
      expect(disk.status().reached['read rot']).toBe(1);
    }
  });

  it('prefers what was synced to what the next sync would mend', async () => {
    for (let seed = 0; seed < 30; seed += 1) {
      const disk = newDisk(seed);
      const file = await synced(disk, new Uint8Array(100));
      file.write(0, new Uint8Array(50));
      disk.flipBit({ path: 'a' });
      await file.datasync();
      disk.crash();
      expect(contentOf(disk).some((byte) => byte !== 0)).toBe(true);
    }
  });
});

describe('a misdirected write', () => {
  it('reads back until the power goes; then its place is as before and another one is damaged', async () => {
    for (let seed = 0; seed < 30; seed += 1) {
      const disk = newDisk(seed);
      const file = await synced(disk, new Uint8Array(4_096).fill(1));
      disk.failNext('write', 'misdirect');
      file.write(1_024, new Uint8Array(512).fill(2));
      expect([...contentOf(disk).subarray(1_024, 1_536)]).toEqual(new Array(512).fill(2));
      await file.datasync();
      disk.crash();
      const content = contentOf(disk);
      expect(content).toHaveLength(4_096);
      expect(content[1_024]).toBe(1);
      const at = content.indexOf(2);
      expect(at % 512).toBe(0);
      expect(content.filter((byte) => byte === 2)).toHaveLength(512);
    }
  });

  it('into a file of one sector is lost', async () => {
    const disk = newDisk(1);
    const file = await synced(disk, Uint8Array.of(1, 1));
    disk.failNext('write', 'misdirect');
    file.write(1, Uint8Array.of(2, 2));
    await file.datasync();
    disk.crash();
    expect([...contentOf(disk)]).toEqual([1, 1, 0]);
  });
});

describe('a disk that takes its time', () => {
  async function syncMs(options: Partial<DiskOptions>, bytes: number): Promise<number> {
    const sync = { kind: 'constant', ms: 2 } as const;
    const world = new World({ seed: 1, disk: { sync, ...options } });
    const { handle } = world.addNode('a', ({ fileSystem }) => fileSystem);
    const file = handle.open('a', { mode: 'create' });
    file.write(0, new Uint8Array(bytes));
    let atMs = Number.NaN;
    void file.datasync().then(() => {
      atMs = world.now;
    });
    await world.runFor(10_000);
    return atMs;
  }

  it('takes longer for a sync of more bytes', async () => {
    expect(await syncMs({}, 50_000)).toBe(2);
    expect(await syncMs({ bytesPerMs: 1_000 }, 50_000)).toBe(52);
  });

  it('takes a multiple of it all when it limps', async () => {
    expect(await syncMs({ bytesPerMs: 1_000, slowdown: 20 }, 50_000)).toBe(1_040);
  });
});

describe('a lost disk', () => {
  it('comes back empty, synced or not', async () => {
    const disk = newDisk(1);
    await synced(disk, Uint8Array.of(1));
    disk.crash('lost');
    expect(disk.fileSystem().list('/')).toEqual([]);
    const world = new World({ seed: 1 });
    const node = world.addNode('a', async ({ fileSystem }) => {
      const before = fileSystem.list('/').length;
      fileSystem.mkdir('d');
      await fileSystem.syncDirectory('/d');
      return before;
    });
    await world.runFor(20);
    world.crash('a');
    world.restart('a');
    await world.runFor(20);
    expect(node.handle).toBe(1);
    world.crash('a', { disk: 'lost' });
    world.restart('a');
    await world.runFor(20);
    expect(node.handle).toBe(0);
  });
});

describe('a crash during recovery', () => {
  it('can strike at every call of it, and of the recovery after that', async () => {
    /** Appends a record; at the start it cuts off what is no whole record. */
    const open = async (disk: SimDisk): Promise<File> => {
      const fileSystem = disk.fileSystem();
      const file = fileSystem.open('log', { mode: 'write' });
      await fileSystem.syncDirectory('/');
      const whole = file.size() - (file.size() % 4);
      const records = new Uint8Array(whole);
      file.read(0, records);
      const bad = records.findIndex((byte, at) => byte !== records[at - (at % 4)] || byte === 0);
      file.truncate(bad < 0 ? whole : bad - (bad % 4));
      await file.datasync();
      return file;
    };
    let points = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      const calls = 7;
      for (let first = 0; first < calls; first += 1) {
        const disk = newDisk(seed);
        const file = await open(disk);
        file.write(0, Uint8Array.of(1, 1, 1, 1));
        await file.datasync();
        file.write(4, Uint8Array.of(2, 2, 2, 2));
        disk.crash();
        for (const at of [first, calls - 1 - first]) {
          disk.failAt(disk.calls + at, 'crash');
          const error = await open(disk).catch((thrown: StorageError) => thrown);
          if ((error as StorageError).code === 'STORAGE_CLOSED') points += 1;
        }
        disk.clearFaults();
        const recovered = await open(disk);
        const first4 = new Uint8Array(4);
        recovered.read(0, first4);
        expect([...first4]).toEqual([1, 1, 1, 1]);
      }
    }
    expect(points).toBeGreaterThan(40 * 10);
  });
});

describe('what was reached', () => {
  it('is counted by kind of call, and by the fault it met', async () => {
    const disk = newDisk(1);
    const file = await synced(disk, Uint8Array.of(1));
    disk.failNext('datasync', 'fail');
    await file.datasync().catch(() => {});
    disk.failNext('write', 'crash');
    expect(codeOf(() => file.write(0, Uint8Array.of(1)))).toBe('STORAGE_CLOSED');
    expect(disk.status().reached).toEqual({
      open: 1,
      write: 2,
      'write crash': 1,
      datasync: 2,
      'datasync fail': 1,
      syncDirectory: 1,
    });
  });
});
