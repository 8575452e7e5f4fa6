/** What the files of a store are called. */
import type { FileSystem } from '@ds/storage';
import type { FileFormat } from '@ds/storage/engine';

export const DATA_NAME = 'tree.data';
export const NEW_DATA_NAME = 'tree.new';
export const LOCK_NAME = 'LOCK';

export const LOG_FORMAT: FileFormat = { magic: 'DSBTRLOG', version: 1 };

const LOG_PATTERN = /^(\d{6,})\.log$/;

/** The numbers of the logs in a directory, ascending. */
export function logNumbers(fileSystem: FileSystem, directory: string): number[] {
  return fileSystem
    .list(directory)
    .flatMap((name) => LOG_PATTERN.exec(name)?.slice(1, 2) ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
