/** The rules of the KeyValueStore port on real files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyValueStore } from '@ds/storage';
import { keyValueStoreConformance } from '@ds/storage/conformance';
import { nodeFileSystem } from '@ds/storage/node';
import { describe, expect, it } from 'vitest';
import { openBtreeStore } from '../../src/index.ts';
import { TINY } from '../tiny.ts';

interface Subject {
  store: KeyValueStore;
  readonly directory: string;
  close(): Promise<void>;
}

describe('on files', () => {
  keyValueStoreConformance<Subject>({
    describe,
    it,
    expect,
    steps: 500,
    async create() {
      const directory = mkdtempSync(join(tmpdir(), 'btree-rules-'));
      const store = await open(directory);
      const subject: Subject = {
        store,
        directory,
        async close() {
          await subject.store.close();
          rmSync(directory, { recursive: true });
        },
      };
      return subject;
    },
    async reopen(subject) {
      await subject.store.close();
      subject.store = await open(subject.directory);
      return subject.store;
    },
  });
});

function open(directory: string): Promise<KeyValueStore> {
  return openBtreeStore({ ...TINY, directory, fileSystem: nodeFileSystem() });
}
