/**
 * Reading everything that a store consists of, to find damage before somebody needs the data.
 *
 * Every table's parts and blocks, the log and the manifest go through the checksums that reading
 * them verifies anyway; nothing goes through the cache. After every 4 MiB it waits for the file
 * system once, so that others get on.
 *
 * Cost: one read of all files. The version that was in force when it began is held till its end.
 */
import type { FileSystem } from '@ds/storage';
import { ByteReader, corrupt } from './byte-reader.ts';
import type { SafetyDecisions } from './decisions.ts';
import { decodeFileHeader, LOG_MAGIC } from './file-header.ts';
import { CURRENT_NAME, manifestName } from './file-names.ts';
import { readCurrent, readManifest, readWholeFile } from './manifest.ts';
import { scanLog } from './record-log.ts';
import type { TableSet } from './table-set.ts';
import type { TableFile } from './version.ts';

const SLICE_BYTES = 4 * 1024 * 1024;

export interface VerifyProgress {
  /** The file that has just been gone through, or a part of it. */
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

export interface VerifyOptions {
  /** Called after each slice and each file. */
  onProgress?(progress: VerifyProgress): void;
  readonly signal?: AbortSignal | undefined;
}

/** What was found whole. */
export interface VerifyReport {
  readonly files: number;
  readonly bytes: number;
}

export interface VerifySource {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly decisions: SafetyDecisions;
  readonly tables: TableSet;
  readonly levels: readonly (readonly TableFile[])[];
  readonly manifestNumber: number;
  readonly logs: readonly {
    readonly path: string;
    readonly number: number;
    /** Up to where it has to hold whole records; where a crash may have cut it, absent. */
    readonly offset?: number;
  }[];
  /** @throws {StorageError} `STORAGE_CLOSED` */
  check(): void;
}

/** @throws {StorageError} `STORAGE_CORRUPT` at the first damage, with file and offset */
export async function verifyFiles(
  source: VerifySource,
  { onProgress, signal }: VerifyOptions = {},
): Promise<VerifyReport> {
  const { fileSystem, directory, decisions } = source;
  let files = 0;
  let bytes = 0;
  const pause = async (path: string): Promise<void> => {
    onProgress?.({ path, files, bytes });
    await fileSystem.syncDirectory(directory);
    signal?.throwIfAborted();
    source.check();
  };
  signal?.throwIfAborted();
  // What the store goes on changing comes first, in one go: it is small, or of a moment.
  const named = readCurrent(fileSystem, directory, decisions);
  files += 1;
  bytes += verifyManifest(source, named);
  files += 1;
  for (const log of source.logs) {
    bytes += verifyLog(source, log);
    files += 1;
  }
  await pause(directory);
  for (const { facts } of source.levels.flat()) {
    const table = source.tables.openOnce(facts);
    try {
      table.tombstones();
      let unread = 0;
      for (let block = 0; block < table.blockCount; ) {
        const run = table.readRun(block, SLICE_BYTES);
        block += run.length;
        const read = table.blockOffset(block) - unread;
        unread = table.blockOffset(block);
        bytes += read;
        if (block < table.blockCount) await pause(table.file.path);
      }
      bytes += facts.bytes - unread;
      files += 1;
      await pause(table.file.path);
    } finally {
      table.close();
    }
  }
  return { files, bytes };
}

function verifyManifest(source: VerifySource, named: number): number {
  const { fileSystem, directory, decisions, manifestNumber } = source;
  if (named !== manifestNumber) {
    const path = `${directory}/${CURRENT_NAME}`;
    throw corrupt(path, 12, `it names manifest ${named} instead of ${manifestNumber}`);
  }
  readManifest(fileSystem, directory, named, decisions);
  return readWholeFile(fileSystem, `${directory}/${manifestName(named)}`).length;
}

function verifyLog(
  { fileSystem, decisions }: VerifySource,
  { path, number, offset }: VerifySource['logs'][number],
): number {
  const bytes = readWholeFile(fileSystem, path).subarray(0, offset);
  const { firstSequence } = decodeFileHeader(bytes, { magic: LOG_MAGIC, number, path }, decisions);
  const scan = scanLog(bytes, number, firstSequence, decisions, ({ payloadStart }) =>
    operationsAt(bytes, payloadStart, path),
  );
  if (scan.syncedSequence >= scan.nextSequence || (offset ?? scan.endOffset) !== scan.endOffset) {
    throw corrupt(path, scan.endOffset, 'a record is not whole');
  }
  return scan.endOffset;
}

function operationsAt(bytes: Uint8Array, start: number, path: string): number {
  return new ByteReader(bytes, path, 0, start).varint();
}
