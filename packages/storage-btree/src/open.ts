/** Opening a store: its directory, its lock, its file. */
import { openDirectory } from '@ds/storage';
import { openDataFile } from './data-file.ts';
import { SAFE_DECISIONS, type SafetyDecisions } from './decisions.ts';
import { type BtreeStoreOptions, resolveOptions } from './options.ts';
import { BtreeStore } from './store.ts';

export const LOCK_NAME = 'LOCK';

/**
 * Opens the store in `directory`, or begins one; after a crash it holds what the last checkpoint
 * did.
 * @throws {StorageError} `STORAGE_LOCKED`, `STORAGE_CORRUPT`, `STORAGE_FORMAT`,
 *   `STORAGE_NOT_A_DIRECTORY`, and what the file system throws
 */
export function openBtreeStore(options: BtreeStoreOptions): Promise<BtreeStore> {
  return openWithDecisions(options, SAFE_DECISIONS);
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
    return new BtreeStore(resolved, await openDataFile(resolved), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}
