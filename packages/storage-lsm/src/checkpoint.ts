/**
 * A checkpoint: a second directory that opens as a store with what this one holds now.
 *
 * Tables never change, so a second name for each is enough; only the log, at most as much as the
 * memtables hold, is copied. All of that happens in one call, before anything else can run, since
 * a merge or a flush may remove what it read. What follows only makes it durable: first the files,
 * then a manifest that names them, then the CURRENT that names the manifest. Without CURRENT the
 * directory does not open, so a checkpoint that was cut short is never taken for a whole one.
 *
 * Cost: one link per table, and writing and syncing the log once.
 */
import { type File, type FileSystem, openDirectory, StorageError } from '@ds/storage';
import { logName, parseFileName, tableName } from './file-names.ts';
import { Manifest } from './manifest.ts';
import type { VersionSet } from './version-set.ts';
import type { LogSegment, WriteAheadLog } from './write-ahead-log.ts';

export interface CheckpointSource {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly versions: VersionSet;
  readonly log: WriteAheadLog;
  /** Hands all of the log to its file. */
  flushLog(): void;
}

const COPY_BYTES = 256 * 1024;

/**
 * Makes `target`, which has to be empty or absent, a durable copy.
 * @throws {StorageError} `STORAGE_EXISTS` when it holds a store, and what the file system throws
 */
export async function writeCheckpoint(source: CheckpointSource, target: string): Promise<void> {
  const { fileSystem, versions } = source;
  await openDirectory(fileSystem, target);
  const taken = fileSystem.list(target).find((name) => parseFileName(name) !== undefined);
  if (taken !== undefined) {
    throw new StorageError('STORAGE_EXISTS', `${target} holds ${taken} of another store`, {
      path: target,
    });
  }
  // From here to the first await nothing else runs.
  source.flushLog();
  const base = versions.base();
  const number = versions.newFileNumber();
  const files: File[] = [];
  try {
    linkTables(source, target);
    for (const segment of source.log.segments) {
      // Older ones are in tables, and about to be removed.
      if (segment.number < (base.logNumber ?? 0)) continue;
      files.push(copyLog(source, segment, target));
    }
    for (const file of files) await file.datasync();
  } finally {
    for (const file of files) file.close();
  }
  await fileSystem.syncDirectory(target);
  const nextFileNumber = Math.max(base.nextFileNumber ?? 0, number + 1);
  const manifest = await Manifest.create(fileSystem, target, number, { ...base, nextFileNumber });
  manifest.close();
}

function linkTables({ fileSystem, directory, versions }: CheckpointSource, target: string): void {
  for (const { facts } of versions.current.levels.flat()) {
    const name = tableName(facts.number);
    fileSystem.link(`${directory}/${name}`, `${target}/${name}`);
  }
}

/** Copies what has been written of a segment; its records are bound to number and offset. */
function copyLog({ fileSystem }: CheckpointSource, segment: LogSegment, target: string): File {
  const copy = fileSystem.open(`${target}/${logName(segment.number)}`, { mode: 'create' });
  const buffer = new Uint8Array(Math.min(COPY_BYTES, segment.offset));
  for (let at = 0; at < segment.offset; at += buffer.length) {
    const piece = buffer.subarray(0, segment.offset - at);
    segment.file.read(at, piece);
    copy.write(at, piece);
  }
  return copy;
}
