/**
 * A copy of the file, taken while the store goes on.
 *
 * What a checkpoint made durable is not written over as long as a reader holds it: so its pages are
 * copied as they lie, others running in between, and the heads that name them come last, under the
 * name that makes a store of them. What was cut short has no such name and does not open.
 *
 * Cost: reads and writes the file once; meanwhile what is given up in it stays where it is.
 */
import { type FileSystem, openDirectory, StorageError } from '@ds/storage';
import { DATA_NAME, logNumbers, NEW_DATA_NAME } from '../file-names.ts';
import type { OpenedData } from './data-file.ts';
import { writeFirstLog, writeHeads } from './data-file.ts';
import { encodeMeta, type Meta } from './meta.ts';

export interface BackupOptions {
  /** Ends it early; what was copied by then does not open. */
  readonly signal?: AbortSignal;
}

/** Copied before others run. */
const SLICE_BYTES = 1024 * 1024;

/**
 * Makes `target`, which has to be empty or absent, a durable copy of what `meta` says of `data`.
 * A reader holds its pages.
 * @throws {StorageError} `STORAGE_EXISTS` when it holds a store, and what the file system throws
 */
export async function writeBackup(
  { data, fileSystem }: { readonly data: OpenedData; readonly fileSystem: FileSystem },
  meta: Meta,
  target: string,
  { signal }: BackupOptions,
): Promise<void> {
  const { file } = data.pager.file;
  const copy = fileSystem.open(`${target}/${NEW_DATA_NAME}`, { mode: 'create' });
  try {
    const buffer = new Uint8Array(SLICE_BYTES);
    const end = data.pager.file.offsetOf(meta.end);
    for (let at = data.pager.file.offsetOf(1); at < end; at += buffer.length) {
      signal?.throwIfAborted();
      const piece = buffer.subarray(0, Math.min(buffer.length, end - at));
      const read = file.read(at, piece);
      copy.write(at, piece.subarray(0, read));
      await copy.datasync();
    }
  } finally {
    copy.close();
  }
  await writeFirstLog(fileSystem, target, meta.log);
  await writeHeads(fileSystem, target, encodeMeta(meta));
}

/** Makes the directory of a backup. @throws {StorageError} `STORAGE_EXISTS` */
export async function openTarget(fileSystem: FileSystem, target: string): Promise<void> {
  await openDirectory(fileSystem, target);
  const names = fileSystem.list(target);
  const taken = names.find((name) => name === DATA_NAME || name === NEW_DATA_NAME);
  if (taken === undefined && logNumbers(fileSystem, target).length === 0) return;
  const message = `${target} holds ${taken ?? 'a log'} of another store`;
  throw new StorageError('STORAGE_EXISTS', message, { path: target });
}
