/**
 * Making a directory so that it survives a crash: a name is durable when its parent is synced.
 *
 * That a directory is there does not mean that it will be: the process that made it may have died
 * before it synced the parent. So levels are made one at a time, each synced before anything is put
 * into it, and of those found only the last can be in doubt: its parent is synced at every opening.
 */
import { StorageError } from './errors.ts';
import type { FileSystem } from './file-system.ts';

/**
 * Makes `directory` and those above it, durably. For engines: call it first, at every opening.
 * @throws {StorageError} `STORAGE_NOT_A_DIRECTORY` when a file stands in the way.
 */
export async function openDirectory(fileSystem: FileSystem, directory: string): Promise<void> {
  const missing: string[] = [];
  let path = directory;
  while (!isRoot(path) && !exists(fileSystem, path)) {
    missing.push(path);
    path = parentOf(path);
  }
  if (!isRoot(path)) await fileSystem.syncDirectory(parentOf(path));
  for (const level of missing.reverse()) {
    fileSystem.mkdir(level);
    await fileSystem.syncDirectory(parentOf(level));
  }
}

function isRoot(path: string): boolean {
  return path === '/' || path === '.';
}

function exists(fileSystem: FileSystem, directory: string): boolean {
  try {
    fileSystem.list(directory);
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'STORAGE_NOT_FOUND') return false;
    throw error;
  }
}

function parentOf(path: string): string {
  const slash = path.replace(/\/+$/, '').lastIndexOf('/');
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash);
}
