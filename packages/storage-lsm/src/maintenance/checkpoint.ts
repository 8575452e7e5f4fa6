/**
 * A checkpoint: a second directory that opens as a store with what this one holds now.
 *
 * Tables never change, so a second name for each is enough; only the log, at most as much as the
 * memtables hold, is copied. What is to be linked and copied is fixed in one call, and held: a
 * merge or a flush removes none of it before the end. The rest goes on in slices that let others
 * run: first the files, then a manifest that names them, then the CURRENT that names the manifest.
 * Without CURRENT the directory does not open, so a checkpoint that was cut short is never taken
 * for a whole one.
 *
 * Cost: one link per table, and writing and syncing the log once.
 */
import { type FileSystem, openDirectory, StorageError } from '@ds/storage';
import type { LogSegment, WriteAheadLog } from '@ds/storage/engine';
import { logName, parseFileName, tableName } from '../files/file-names.ts';
import { Manifest } from '../levels/manifest.ts';
import type { Version } from '../levels/version.ts';
import type { VersionSet } from '../levels/version-set.ts';

export interface CheckpointSource {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly versions: VersionSet;
  readonly log: WriteAheadLog;
  /** Hands all of the log to its file; returns the last sequence in it. */
  flushLog(): number;
}

/** What is done in one go: about a millisecond each. */
const COPY_BYTES = 1024 * 1024;
const LINKS_AT_ONCE = 32;

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
  // From here to the first await nothing else runs. What is named then stays: the tables with the
  // version, the logs because they are held; only what is appended to them later is left out.
  const syncedSequence = source.flushLog();
  const base = versions.base();
  const number = versions.newFileNumber();
  const version = versions.current;
  // Older logs are in tables, and about to be removed.
  const logs = source.log.segments
    .filter((segment) => segment.number >= (base.logNumber ?? 0))
    .map((segment) => ({ segment, bytes: segment.offset }));
  version.hold();
  const letGo = source.log.hold();
  try {
    await linkTables(source, version, target);
    for (const { segment, bytes } of logs) await copyLog(fileSystem, segment, bytes, target);
  } finally {
    letGo();
    versions.release(version);
  }
  await fileSystem.syncDirectory(target);
  const nextFileNumber = Math.max(base.nextFileNumber ?? 0, number + 1);
  // The copies are durable now. Said here, damage to them, also what was damaged before it was
  // copied, is not taken for the end that a crash leaves.
  const edit = { ...base, nextFileNumber, syncedSequence };
  const manifest = await Manifest.create(fileSystem, target, number, edit);
  manifest.close();
}

async function linkTables(
  { fileSystem, directory }: CheckpointSource,
  version: Version,
  target: string,
): Promise<void> {
  for (const [i, { facts }] of version.levels.flat().entries()) {
    const name = tableName(facts.number);
    fileSystem.link(`${directory}/${name}`, `${target}/${name}`);
    if (i % LINKS_AT_ONCE === LINKS_AT_ONCE - 1) await fileSystem.syncDirectory(target);
  }
}

/** Copies the first `bytes` of a segment, durably; its records are bound to number and offset. */
async function copyLog(
  fileSystem: FileSystem,
  segment: LogSegment,
  bytes: number,
  target: string,
): Promise<void> {
  const copy = fileSystem.open(`${target}/${logName(segment.number)}`, { mode: 'create' });
  try {
    const buffer = new Uint8Array(Math.min(COPY_BYTES, bytes));
    for (let at = 0; at < bytes; at += buffer.length) {
      const piece = buffer.subarray(0, bytes - at);
      segment.file.read(at, piece);
      copy.write(at, piece);
      await copy.datasync();
    }
  } finally {
    copy.close();
  }
}
