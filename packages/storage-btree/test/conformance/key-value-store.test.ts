/** The rules of the KeyValueStore port, with room for everything and for almost nothing. */
import { SimDisk, seededRandom } from '@ds/sim';
import type { KeyValueStore } from '@ds/storage';
import { keyValueStoreConformance } from '@ds/storage/conformance';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { type BtreeStoreOptions, openBtreeStore } from '../../src/index.ts';
import { TINY } from '../tiny.ts';

interface Subject {
  store: KeyValueStore;
  readonly disk: SimDisk;
  close(): Promise<void>;
}

const PRESETS: Record<string, Partial<BtreeStoreOptions>> = {
  'with the defaults': {},
  'with room for almost nothing': TINY,
};

let seed = 1;

for (const [name, preset] of Object.entries(PRESETS)) {
  describe(name, () => {
    const { uncovered } = keyValueStoreConformance<Subject>({
      describe,
      it,
      expect,
      async create() {
        const disk = new SimDisk({ random: seededRandom(seed++) });
        const store = await openOn(disk, preset);
        const subject = { store, disk, close: () => subject.store.close() };
        return subject;
      },
      async reopen(subject) {
        await subject.store.close();
        subject.store = await openOn(subject.disk, preset);
        return subject.store;
      },
      async crash(subject) {
        subject.disk.crash();
        subject.store = await openOn(subject.disk, preset);
        return subject.store;
      },
      failNextSync({ disk }) {
        let isDue = true;
        disk.onCall(({ operation }) => {
          if (!isDue || operation !== 'datasync') return 'ok';
          isDue = false;
          return 'fail';
        });
      },
      async corrupt(subject) {
        await subject.store.close();
        const path = 'store/tree.data';
        const file = subject.disk.fileSystem().open(path, { mode: 'read' });
        for (let position = 8192 + 64; position < file.size(); position += 300) {
          subject.disk.flipBit({ path, position });
        }
        file.close();
        subject.store = await openOn(subject.disk, preset);
        return subject.store;
      },
    });

    it('covers every rule', () => expect(uncovered).toEqual([]));
  });
}

describe('in memory', () => {
  keyValueStoreConformance({
    describe,
    it,
    expect,
    steps: 1000,
    async create() {
      const fileSystem = new MemoryFileSystem();
      const store = await openBtreeStore({ fileSystem, directory: 'store' });
      return { store, close: () => store.close() };
    },
  });
});

function openOn(disk: SimDisk, preset: Partial<BtreeStoreOptions>): Promise<KeyValueStore> {
  return openBtreeStore({ ...preset, fileSystem: disk.fileSystem(), directory: 'store' });
}
