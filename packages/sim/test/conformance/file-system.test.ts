import { type DiskCall, SimDisk, seededRandom, World } from '@ds/sim';
import type { FileSystem } from '@ds/storage';
import {
  type FileSystemConformance,
  type FileSystemUnderTest,
  fileSystemConformance,
} from '@ds/storage/conformance';
import { describe, expect, it } from 'vitest';

interface DiskUnderTest extends FileSystemUnderTest {
  readonly disk: SimDisk;
}

let seed = 0;

const abilities: Omit<FileSystemConformance<DiskUnderTest>, 'create'> = {
  describe,
  it,
  expect,
  crash({ disk }) {
    disk.crash();
    return disk.fileSystem();
  },
  failNextDatasync({ disk }) {
    disk.onCall(({ operation }: DiskCall) => {
      if (operation !== 'datasync') return 'ok';
      disk.onCall(undefined);
      return 'fail';
    });
  },
  fill({ disk }) {
    disk.configure({ capacityBytes: disk.status().bytes + 1_000 });
  },
  async lockAndDie({ disk }, path) {
    disk.fileSystem().lock(path);
    disk.crash('process');
  },
  secondView: ({ disk }) => disk.fileSystem(),
};

describe('a simulated disk by itself', () => {
  const { uncovered } = fileSystemConformance({
    ...abilities,
    async create(): Promise<DiskUnderTest> {
      const disk = new SimDisk({ random: seededRandom(seed++) });
      const fileSystem = disk.fileSystem();
      await makeRoot(fileSystem);
      return { disk, fileSystem: currentView(disk), root: '/data', close: () => {} };
    },
  });
  it('is put through every rule', () => expect(uncovered).toEqual([]));
});

describe('the disk of a node', () => {
  // A crash ends the node and with it its syncs; its disk is judged by itself above.
  const { crash, lockAndDie, ...living } = abilities;
  fileSystemConformance({
    ...living,
    async create(): Promise<DiskUnderTest> {
      const world = new World({ seed: seed++, disk: { sync: { minMs: 0, meanMs: 0, maxMs: 0 } } });
      const { disk, handle } = world.addNode('a', ({ fileSystem }) => ({ fileSystem }));
      const made = makeRoot(handle.fileSystem);
      await world.runFor(1);
      await made;
      // Syncs take virtual time, which has to go on while a test awaits them.
      const going = new AbortController();
      const ended = keepRunning(world, going.signal);
      return {
        disk,
        fileSystem: currentView(disk),
        root: '/data',
        async close() {
          going.abort();
          await ended;
          await world.close();
        },
      };
    },
  });
});

async function makeRoot(fileSystem: FileSystem): Promise<void> {
  fileSystem.mkdir('/data');
  await fileSystem.syncDirectory('/data');
}

/** The disk's present file system, also after its owner died. */
function currentView(disk: SimDisk): FileSystem {
  const now = (): FileSystem => disk.fileSystem();
  return {
    open: (path, options) => now().open(path, options),
    rename: (from, to) => now().rename(from, to),
    link: (existing, added) => now().link(existing, added),
    remove: (path) => now().remove(path),
    list: (directory) => now().list(directory),
    mkdir: (directory) => now().mkdir(directory),
    lock: (path) => now().lock(path),
    syncDirectory: (directory) => now().syncDirectory(directory),
  };
}

async function keepRunning(world: World, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await world.runFor(1);
}
