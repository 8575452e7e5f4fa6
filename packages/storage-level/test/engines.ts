/** The engines that all of Level has to run on; another one is one line in `ENGINES`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSystem } from '@ds/storage';
import { MemoryFileSystem, MemoryStore } from '@ds/storage/memory';
import { nodeFileSystem } from '@ds/storage/node';
import { openBtreeStore } from '@ds/storage-btree';
import { openLsmStore } from '@ds/storage-lsm';
import { StoreLevel, type StoreLevelOptions, type StoreSource } from '../src/index.ts';

/** Databases on one engine, each on a place of its own. */
export interface Engine {
  create(options?: object): StoreLevel;
  /** Removes what the databases have left. */
  dispose(): void;
}

type OpenStore = (place: { fileSystem: FileSystem; directory: string }) => StoreSource;

const openLsm: OpenStore = (place) => () => openLsmStore(place);
const openBtree: OpenStore = (place) => () => openBtreeStore(place);

/** How many assertions the suite makes on memory-level 3.1 and on classic-level 3.0. */
const ON_MEMORY_LEVEL = 5_120;
const ON_CLASSIC_LEVEL = 5_168;

interface Subject {
  open(): Engine;
  /** At least as many does it have to make here. */
  readonly assertions: number;
}

export const ENGINES: Readonly<Record<string, Subject>> = {
  MemoryStore: { open: inMemory, assertions: ON_MEMORY_LEVEL },
  'the LSM tree in memory': { open: () => inFileSystem(openLsm), assertions: ON_CLASSIC_LEVEL },
  'the LSM tree on files': { open: () => onFiles(openLsm), assertions: ON_CLASSIC_LEVEL },
  'the B+tree in memory': { open: () => inFileSystem(openBtree), assertions: ON_CLASSIC_LEVEL },
  'the B+tree on files': { open: () => onFiles(openBtree), assertions: ON_CLASSIC_LEVEL },
};

function inMemory(): Engine {
  return {
    create: (options) => new StoreLevel(new MemoryStore(), { permanence: false, ...options }),
    dispose() {},
  };
}

function inFileSystem(open: OpenStore): Engine {
  return onFileSystem(new MemoryFileSystem(), 'data', open);
}

function onFiles(open: OpenStore): Engine {
  const directory = mkdtempSync(join(tmpdir(), 'ds-level-'));
  const engine = onFileSystem(nodeFileSystem(), directory, open);
  return { ...engine, dispose: () => rmSync(directory, { recursive: true }) };
}

function onFileSystem(fileSystem: FileSystem, root: string, open: OpenStore): Engine {
  let databases = 0;
  fileSystem.mkdir(root);
  return {
    create(options: StoreLevelOptions = {}) {
      databases += 1;
      const name = `database-${databases}`;
      const exists = (): boolean => fileSystem.list(root).includes(name);
      const source = open({ fileSystem, directory: `${root}/${name}` });
      return new StoreLevel(source, { exists, ...options });
    },
    dispose() {},
  };
}
