/** The subjects that the conformance suites are put to the test with, and how to run them. */
import { runSuite, type TestRunner } from '@ds/clock/conformance';
import type { FileSystem, KeyValueStore } from '@ds/storage';
import {
  type FileSystemAbilities,
  fileSystemConformance,
  type KeyValueStoreAbilities,
  keyValueStoreConformance,
} from '@ds/storage/conformance';
import { MemoryFileSystem } from '@ds/storage/memory';
import { seeded } from '../../src/conformance/seeded.ts';
import { ForgetfulFileSystem } from './forgetful-file-system.ts';
import { LOG } from './log-store.ts';

const ROOT = '/root';

export interface ForgetfulSubject {
  readonly fileSystem: FileSystem;
  readonly root: string;
  readonly forgetful: ForgetfulFileSystem;
  close(): void;
}

export type Wrap = (sound: ForgetfulFileSystem) => FileSystem;

export interface ForgetfulSuite extends FileSystemAbilities<ForgetfulSubject> {
  create(): ForgetfulSubject;
}

/** `wrap` may put a broken file system before the sound one, also before what survives a crash. */
export function forgetfulSuite(wrap: Wrap): ForgetfulSuite {
  return {
    create: (): ForgetfulSubject => {
      const live = new MemoryFileSystem({ maxBytes: 12_000_000 });
      const forgetful = new ForgetfulFileSystem(seeded(7), live);
      forgetful.mkdir(ROOT);
      forgetful.settle();
      return { fileSystem: wrap(forgetful), forgetful, root: ROOT, close: () => {} };
    },
    crash: ({ forgetful }: ForgetfulSubject) => wrap(latest(forgetful)),
    failNextDatasync: ({ forgetful }: ForgetfulSubject) => forgetful.failNextDatasync(),
    fill: ({ forgetful }: ForgetfulSubject) => fill(forgetful),
    lockAndDie: ({ fileSystem, forgetful }: ForgetfulSubject, path: string) => {
      if ('lockAndDie' in fileSystem) (fileSystem as ForgetfulFileSystem).lockAndDie(path);
      else forgetful.lockAndDie(path);
    },
    secondView: ({ forgetful }: ForgetfulSubject) => wrap(forgetful),
  };
}

const successors = new WeakMap<ForgetfulFileSystem, ForgetfulFileSystem>();

/** Cuts the power of the last in the row. */
function latest(first: ForgetfulFileSystem): ForgetfulFileSystem {
  let last = first;
  for (let next = successors.get(last); next; next = successors.get(last)) last = next;
  const survivor = last.crash();
  successors.set(last, survivor);
  return survivor;
}

/** Leaves less than 1 MiB. */
export function fill(fileSystem: FileSystem, root: string = ROOT): void {
  const file = fileSystem.open(`${root}/filler`, { mode: 'create' });
  for (let step = 1_000_000; step >= 1_000_000; ) {
    try {
      file.preallocate(file.size() + step);
    } catch {
      step = 0;
    }
  }
  file.close();
}

export async function fileSystemFailures(wrap: Wrap, beginning?: string): Promise<string[]> {
  return failures(
    (runner) => fileSystemConformance({ ...runner, ...forgetfulSuite(wrap) }),
    beginning,
  );
}

export type OpenStore = (fileSystem: FileSystem, directory: string) => KeyValueStore;

export interface StoreSubject {
  store: KeyValueStore;
  fileSystem: ForgetfulFileSystem;
  close(): Promise<void>;
}

export interface StoreSuite extends KeyValueStoreAbilities<StoreSubject> {
  create(): StoreSubject;
}

export function storeSuite(open: OpenStore): StoreSuite {
  return {
    create: (): StoreSubject => {
      const fileSystem = new ForgetfulFileSystem(seeded(11));
      fileSystem.mkdir(ROOT);
      open(fileSystem, ROOT);
      fileSystem.settle();
      const store = open(fileSystem, ROOT);
      const subject: StoreSubject = { store, fileSystem, close: () => subject.store.close() };
      return subject;
    },
    reopen: async (subject: StoreSubject) => {
      await subject.store.close();
      return (subject.store = open(subject.fileSystem, ROOT));
    },
    crash: async (subject: StoreSubject) => {
      subject.fileSystem = subject.fileSystem.crash();
      return (subject.store = open(subject.fileSystem, ROOT));
    },
    failNextSync: ({ fileSystem }: StoreSubject) => fileSystem.failNextDatasync(),
    corrupt: async (subject: StoreSubject) => {
      await subject.store.close();
      const file = subject.fileSystem.open(`${ROOT}/${LOG}`, { mode: 'write' });
      const position = Math.floor(file.size() / 2);
      const byte = new Uint8Array(1);
      file.read(position, byte);
      byte[0]! ^= 0x10;
      file.write(position, byte);
      file.close();
      return (subject.store = open(subject.fileSystem, ROOT));
    },
  };
}

export async function storeFailures(open: OpenStore, beginning?: string): Promise<string[]> {
  return failures(
    (runner) => keyValueStoreConformance({ ...runner, ...storeSuite(open), steps: 400 }),
    beginning,
  );
}

async function failures(define: (runner: TestRunner) => void, beginning = ''): Promise<string[]> {
  const results = await runSuite(define, (title) => title.startsWith(beginning));
  return results.filter(({ error }) => error !== undefined).map(({ title }) => title);
}
