/** A store in memory with tables on several levels, a log, deletions; and what it holds. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { type LsmStore, type LsmStoreOptions, openLsmStore } from '../../src/index.ts';
import { text } from '../text.ts';
import { TINY } from '../tiny.ts';

export const DIRECTORY = 'd';

export interface Filled {
  readonly fileSystem: MemoryFileSystem;
  readonly options: LsmStoreOptions;
  readonly store: LsmStore;
  /** Keys ascending. */
  readonly contents: ReadonlyMap<string, string>;
}

export const keyText = (i: number): string => `key ${String(i).padStart(4, '0')}`;

export async function filledStore(
  changed: Partial<LsmStoreOptions> = {},
  count = 300,
): Promise<Filled> {
  const fileSystem = new MemoryFileSystem();
  const options: LsmStoreOptions = { ...TINY, ...changed, fileSystem, directory: DIRECTORY };
  const store = await openLsmStore(options);
  const contents = new Map<string, string>();
  for (let i = 0; i < count; i += 1) {
    const value = `value ${i} `.repeat(8);
    contents.set(keyText(i), value);
    await store.write([
      { type: 'put', key: text(keyText(i)), value: text(value) },
      { type: 'put', key: text(`${keyText(i)} gone`), value: text('soon') },
      { type: 'delete', key: text(`${keyText(i)} gone`) },
    ]);
  }
  await settled(store);
  return { fileSystem, options, store, contents };
}

/** Lets the background finish: each of its turns is a promise's. */
export async function settled(store: LsmStore): Promise<void> {
  for (let turn = 0; turn < 50_000 && store.status().task !== 'idle'; turn += 1) await undefined;
}
