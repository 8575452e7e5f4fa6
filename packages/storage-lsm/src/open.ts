/** Opening a store: its directory, its lock, its recovery. */
import { openDirectory } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from './decisions.ts';
import { LOCK_NAME } from './files/file-names.ts';
import { type LsmStoreOptions, type ReadOnlyLsmStoreOptions, resolveOptions } from './options.ts';
import { ReadOnlyLsmStore } from './read-only-store.ts';
import { recover } from './recovery.ts';
import { LsmStore } from './store.ts';

/**
 * Opens the store in `directory`, or begins one, and recovers what a crash left.
 * @throws {StorageError} `STORAGE_LOCKED`, `STORAGE_CORRUPT`, `STORAGE_FORMAT`,
 *   `STORAGE_NOT_A_DIRECTORY`, and what the file system throws; with `readOnly`,
 *   `STORAGE_NOT_FOUND` where there is no store
 */
export async function openLsmStore(options: ReadOnlyLsmStoreOptions): Promise<ReadOnlyLsmStore>;
export async function openLsmStore(options: LsmStoreOptions): Promise<LsmStore>;
export async function openLsmStore(
  options: LsmStoreOptions | ReadOnlyLsmStoreOptions,
): Promise<LsmStore | ReadOnlyLsmStore> {
  return options.readOnly === true
    ? new ReadOnlyLsmStore(resolveOptions(options))
    : openWithDecisions(options, SAFE_DECISIONS);
}

/** @internal For tests that plant a mistake in one decision. */
export async function openWithDecisions(
  options: LsmStoreOptions,
  decisions: SafetyDecisions,
): Promise<LsmStore> {
  const resolved = resolveOptions(options, decisions);
  const { fileSystem, directory } = resolved;
  await openDirectory(fileSystem, directory);
  const lock = fileSystem.lock(`${directory}/${LOCK_NAME}`);
  try {
    return new LsmStore(resolved, await recover(resolved), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}
