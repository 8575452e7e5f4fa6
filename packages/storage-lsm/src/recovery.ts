/**
 * From the files of a directory to a store ready to run, whatever point a crash left them at.
 *
 *  1. CURRENT names the manifest, its edits give the version. Every table it names has to be there.
 *  2. The logs since the last flush are replayed and written out as tables.
 *  3. A new log and then a new manifest are made durable, and CURRENT is made to name it.
 *  4. Files that nothing names any more are removed.
 *
 * Nothing is removed or changed before step 3 is durable, so a crash on the way leaves all as it
 * was, for the next recovery.
 */
import type { FileSystem } from '@ds/storage';
import {
  corrupt,
  FILE_HEADER_BYTES,
  type LogReplay,
  readWholeFile,
  replayLogs,
  WriteAheadLog,
} from '@ds/storage/engine';
import { LOG_FORMAT } from './files/file-formats.ts';
import {
  CURRENT_NAME,
  logName,
  manifestName,
  type NamedFile,
  parseFileName,
  tableName,
} from './files/file-names.ts';
import { readCurrent, readManifest } from './levels/manifest.ts';
import { Version, type VersionEdit } from './levels/version.ts';
import { VersionSet } from './levels/version-set.ts';
import type { ResolvedOptions } from './options.ts';
import type { TableFacts } from './table/table-file.ts';
import { TableSet } from './table/table-set.ts';
import { flushMemtable } from './write/flush.ts';

export interface Recovered {
  readonly versions: VersionSet;
  readonly tables: TableSet;
  readonly log: WriteAheadLog;
  readonly lastSequence: number;
}

interface FoundFile {
  readonly name: string;
  readonly file: NamedFile;
}

/** What the files of a directory say; nothing has been changed. */
export interface DirectoryState {
  readonly version: Version;
  readonly flushedSequence: number;
  readonly manifestNumber: number | undefined;
  readonly logs: readonly number[];
  readonly replay: LogReplay;
  /** Every file number from here on is free. */
  readonly freeNumber: number;
}

/** Reads manifest and logs. @throws {StorageError} `STORAGE_CORRUPT`, `STORAGE_FORMAT` */
export function readDirectory(options: ResolvedOptions): DirectoryState {
  const { fileSystem, directory } = options;
  const found = listFiles(fileSystem, directory);
  const { manifestNumber, edits } = readEdits(found, options);
  const { version, logNumber, flushedSequence, syncedSequence, nextFileNumber } = foldEdits(edits);
  checkTablesExist(version, found, directory);
  const isNew = edits.length === 0;
  const logs = isNew ? [] : numbersOf(found, 'log').filter((number) => number >= logNumber);
  if (!isNew && logs[0] !== logNumber) {
    throw corrupt(`${directory}/${logName(logNumber)}`, 0, 'the log is missing');
  }
  const replay = replayLogs(
    logs,
    { flushedSequence, syncedSequence },
    { ...options, format: LOG_FORMAT },
  );
  const freeNumber = Math.max(nextFileNumber, ...found.map(({ file }) => numberOf(file) + 1));
  return { version, flushedSequence, manifestNumber, logs, replay, freeNumber };
}

/** Recovers, or begins a new store in an empty directory. The lock is held. */
export async function recover(options: ResolvedOptions): Promise<Recovered> {
  const { fileSystem, directory, decisions } = options;
  const { version, replay, ...read } = readDirectory(options);
  const tables = new TableSet(options);
  let { freeNumber } = read;
  const added: { level: number; facts: TableFacts }[] = [];
  for (const memtable of replay.memtables) {
    const newFileNumber = (): number => freeNumber++;
    const facts = await flushMemtable(memtable, { options, snapshots: [], newFileNumber });
    if (facts !== undefined) added.push({ level: 0, facts });
  }
  const nextSequence = decisions.firstSequenceAfterRecovery(replay.lastSequence);
  const log = new WriteAheadLog({ ...options, format: LOG_FORMAT }, nextSequence - 1);
  const segment = log.rotate(freeNumber++, nextSequence);
  const versions = new VersionSet({
    fileSystem,
    directory,
    tables,
    version: version.apply({ added }),
    nextFileNumber: freeNumber,
    logNumber: segment.number,
    flushedSequence: nextSequence - 1,
    manifestGrowthBytes: options.manifestGrowthBytes,
    syncedSequence: () => log.syncedSequence,
  });
  try {
    await log.sync();
    await versions.writeManifest();
    removeLeftovers(versions, segment.number, options);
  } catch (error) {
    log.close();
    versions.close();
    throw error;
  }
  return { versions, tables, log, lastSequence: nextSequence - 1 };
}

function listFiles(fileSystem: FileSystem, directory: string): FoundFile[] {
  return fileSystem.list(directory).flatMap((name) => {
    const file = parseFileName(name);
    return file === undefined ? [] : [{ name, file }];
  });
}

/** The edits of the manifest in force; none for a new store. */
function readEdits(
  found: readonly FoundFile[],
  options: ResolvedOptions,
): { manifestNumber: number | undefined; edits: VersionEdit[] } {
  const { fileSystem, directory, decisions } = options;
  if (!found.some(({ file }) => file.kind === 'current')) {
    // Data comes only after CURRENT: without any, this is a beginning that a crash cut short.
    const isUsed =
      numbersOf(found, 'table').length > 0 ||
      numbersOf(found, 'log').some((number) => hasRecords(`${directory}/${logName(number)}`));
    if (isUsed) throw corrupt(`${directory}/${CURRENT_NAME}`, 0, 'the file is missing');
    return { manifestNumber: undefined, edits: [] };
  }
  const number = readCurrent(fileSystem, directory, decisions);
  if (!numbersOf(found, 'manifest').includes(number)) {
    throw corrupt(`${directory}/${manifestName(number)}`, 0, 'the manifest is missing');
  }
  const edits = readManifest(fileSystem, directory, number, decisions);
  return { manifestNumber: number, edits };

  function hasRecords(path: string): boolean {
    const behindHeader = readWholeFile(fileSystem, path).subarray(FILE_HEADER_BYTES);
    return behindHeader.some((byte) => byte !== 0);
  }
}

function foldEdits(edits: readonly VersionEdit[]): {
  version: Version;
  logNumber: number;
  flushedSequence: number;
  syncedSequence: number;
  nextFileNumber: number;
} {
  let version = Version.empty();
  let logNumber = 0;
  let flushedSequence = 0;
  let syncedSequence = 0;
  let nextFileNumber = 1;
  for (const edit of edits) {
    version = version.apply(edit);
    logNumber = edit.logNumber ?? logNumber;
    flushedSequence = edit.flushedSequence ?? flushedSequence;
    syncedSequence = edit.syncedSequence ?? syncedSequence;
    nextFileNumber = edit.nextFileNumber ?? nextFileNumber;
  }
  return { version, logNumber, flushedSequence, syncedSequence, nextFileNumber };
}

function checkTablesExist(version: Version, found: readonly FoundFile[], directory: string): void {
  const present = new Set(numbersOf(found, 'table'));
  for (const { facts } of version.levels.flat()) {
    if (present.has(facts.number)) continue;
    throw corrupt(`${directory}/${tableName(facts.number)}`, 0, 'the table is missing');
  }
}

/** Removes every file of ours that neither the manifest nor the log needs. */
function removeLeftovers(
  versions: VersionSet,
  logNumber: number,
  { fileSystem, directory }: ResolvedOptions,
): void {
  const needed = new Set([logName(logNumber), manifestName(versions.manifestNumber)]);
  for (const { facts } of versions.current.levels.flat()) needed.add(tableName(facts.number));
  for (const { name, file } of listFiles(fileSystem, directory)) {
    if (file.kind === 'current' || file.kind === 'lock' || needed.has(name)) continue;
    fileSystem.remove(`${directory}/${name}`);
  }
}

/** The numbers of all files of a kind, ascending. */
function numbersOf(found: readonly FoundFile[], kind: 'log' | 'table' | 'manifest'): number[] {
  return found
    .flatMap(({ file }) => (file.kind === kind ? [file.number] : []))
    .sort((a, b) => a - b);
}

function numberOf(file: NamedFile): number {
  return 'number' in file ? file.number : 0;
}
