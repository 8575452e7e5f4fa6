/**
 * The engine under the map: an LSM tree, which takes many writes, or a B+tree, whose reads cost
 * less. The choice is made when a directory is first used.
 */
import { type FileSystem, type KeyValueStore, StorageError } from '@ds/storage';
import { type BtreeStoreOptions, openBtreeStore } from '@ds/storage-btree';
import { type LsmStoreOptions, openLsmStore } from '@ds/storage-lsm';

/** Which engine, `'lsm'` unless told otherwise, and its sizes. */
export type EngineOptions =
  | ({ readonly engine?: 'lsm' } & Partial<LsmStoreOptions>)
  | ({ readonly engine: 'btree' } & Partial<BtreeStoreOptions>);

export type EngineName = NonNullable<EngineOptions['engine']>;

/** The file by which a directory shows whose it is. */
const MAIN_FILE: Readonly<Record<EngineName, string>> = { lsm: 'CURRENT', btree: 'tree.data' };

/** @throws {StorageError} `STORAGE_FORMAT` for a directory that belongs to the other engine */
export async function openEngine(
  place: { readonly fileSystem: FileSystem; readonly directory: string },
  options: EngineOptions = {},
): Promise<KeyValueStore> {
  const other = options.engine === 'btree' ? 'lsm' : 'btree';
  refuse(other, place);
  if (options.engine === 'btree') {
    const { engine: _, ...sizes } = options;
    return openBtreeStore({ ...sizes, ...place });
  }
  const { engine: _, ...sizes } = options;
  return openLsmStore({ ...sizes, ...place });
}

function refuse(
  other: EngineName,
  { fileSystem, directory }: { readonly fileSystem: FileSystem; readonly directory: string },
): void {
  fileSystem.mkdir(directory);
  if (!fileSystem.list(directory).includes(MAIN_FILE[other])) return;
  const path = `${directory}/${MAIN_FILE[other]}`;
  const message = `${directory} was made by the engine '${other}': choose that one`;
  throw new StorageError('STORAGE_FORMAT', message, { path, offset: 0 });
}
