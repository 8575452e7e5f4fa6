/** Opening a store: its directory, its lock, its recovery. */
import { openDirectory } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from './decisions.ts';
import { recover } from './durable/recovery.ts';
import { LOCK_NAME } from './file-names.ts';
import {
  type BtreeStoreOptions,
  type ReadOnlyBtreeStoreOptions,
  resolveOptions,
} from './options.ts';
import { ReadOnlyBtreeStore } from './read-only-store.ts';
import { BtreeStore } from './store.ts';

/**
 * Opens the store in `directory`, or begins one, and recovers what a crash left.
 * @throws {StorageError} `STORAGE_LOCKED`, `STORAGE_CORRUPT`, `STORAGE_FORMAT`,
 *   `STORAGE_NOT_A_DIRECTORY`, and what the file system throws; with `readOnly`,
 *   `STORAGE_NOT_FOUND` where there is no store
 */
export async function openBtreeStore(
  options: ReadOnlyBtreeStoreOptions,
): Promise<ReadOnlyBtreeStore>;
export async function openBtreeStore(options: BtreeStoreOptions): Promise<BtreeStore>;
export async function openBtreeStore(
  options: BtreeStoreOptions | ReadOnlyBtreeStoreOptions,
): Promise<BtreeStore | ReadOnlyBtreeStore> {
  return options.readOnly === true
    ? new ReadOnlyBtreeStore(resolveOptions(options))
    : openWithDecisions(options, SAFE_DECISIONS);
}

/** @internal For tests that plant a mistake in one decision. */
export async function openWithDecisions(
  options: BtreeStoreOptions,
  decisions: SafetyDecisions,
): Promise<BtreeStore> {
  const resolved = resolveOptions(options, decisions);
  const { fileSystem, directory } = resolved;
  await openDirectory(fileSystem, directory);
  const lock = fileSystem.lock(`${directory}/${LOCK_NAME}`);
  try {
    return new BtreeStore(resolved, await recover(resolved), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}
