/**
 * Reading everything that a store consists of, to find damage before somebody needs the data.
 *
 * Every table's parts and blocks, the log and the manifest go through the checksums that reading
 * them verifies anyway; nothing goes through the cache. After every few MiB of tables, and after
 * less of the others, it waits for the file system once, so that others get on.
 *
 * Cost: one read of all files. The version that was in force when it began is held till its end.
 */
import type { FileSystem } from '@ds/storage';
import {
  ByteReader,
  corrupt,
  decodeFileHeader,
  type LogDecisions,
  type LogRecord,
  readWholeFile,
  scanLogInSlices,
} from '@ds/storage/engine';
import { LOG_FORMAT } from '../files/file-formats.ts';
import { CURRENT_NAME, manifestName } from '../files/file-names.ts';
import { decodeManifest, readCurrent } from '../levels/manifest.ts';
import type { RunMemory } from '../table/table.ts';
import type { TableFile } from '../table/table-file.ts';
import type { TableSet } from '../table/table-set.ts';

const SLICE_BYTES = 4 * 1024 * 1024;
/** Records are short, and so take longer for as many bytes. */
const LOG_SLICE_BYTES = 512 * 1024;

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
  readonly decisions: LogDecisions;
  readonly tables: TableSet;
  readonly levels: readonly (readonly TableFile[])[];
  /** Those that CURRENT may name. */
  readonly manifestNumbers: readonly number[];
  readonly logs: readonly {
    readonly path: string;
    readonly number: number;
    /** Up to where it has to hold whole records; where a crash may have cut it, absent. */
    readonly offset?: number;
  }[];
  /** Called when the logs have been read. */
  letLogsGo?(): void;
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
  const inSlices = async <T>(path: string, slices: Generator<void, T>): Promise<T> => {
    for (;;) {
      const step = slices.next();
      await pause(path);
      if (step.done) return step.value;
    }
  };
  signal?.throwIfAborted();
  // What the store goes on changing comes first. It is read at once, so that it is of one moment.
  const [named, manifest] = readNamedManifest(source);
  files += 1;
  const edits = decodeManifest(manifest, directory, named, decisions, LOG_SLICE_BYTES);
  await inSlices(directory, edits);
  bytes += manifest.length;
  files += 1;
  for (const log of source.logs) {
    bytes += await inSlices(log.path, verifyLog(source, log));
    files += 1;
  }
  source.letLogsGo?.();
  const reused: RunMemory = { memory: undefined };
  for (const { facts } of source.levels.flat()) {
    const table = source.tables.openOnce(facts);
    try {
      table.tombstones();
      let unread = 0;
      for (let block = 0; block < table.blockCount; ) {
        const run = table.readRun(block, SLICE_BYTES, reused);
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

function readNamedManifest({
  fileSystem,
  directory,
  decisions,
  manifestNumbers,
}: VerifySource): [number, Uint8Array] {
  const named = readCurrent(fileSystem, directory, decisions);
  if (!manifestNumbers.includes(named)) {
    const path = `${directory}/${CURRENT_NAME}`;
    throw corrupt(path, 12, `it names manifest ${named} instead of ${manifestNumbers[0]}`);
  }
  return [named, readWholeFile(fileSystem, `${directory}/${manifestName(named)}`)];
}

function* verifyLog(
  { fileSystem, decisions }: VerifySource,
  { path, number, offset }: VerifySource['logs'][number],
): Generator<void, number> {
  const bytes = readWholeFile(fileSystem, path).subarray(0, offset);
  const of = { format: LOG_FORMAT, number, path };
  const { firstSequence } = decodeFileHeader(bytes, of, decisions);
  const onRecord = ({ payloadStart }: LogRecord): number => operationsAt(bytes, payloadStart, path);
  const rest = [decisions, onRecord, LOG_SLICE_BYTES] as const;
  const scan = yield* scanLogInSlices(bytes, number, firstSequence, ...rest);
  if (scan.syncedSequence >= scan.nextSequence || (offset ?? scan.endOffset) !== scan.endOffset) {
    throw corrupt(path, scan.endOffset, 'a record is not whole');
  }
  return scan.endOffset;
}

function operationsAt(bytes: Uint8Array, start: number, path: string): number {
  return new ByteReader(bytes, path, 0, start).varint();
}
