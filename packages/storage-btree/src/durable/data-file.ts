/**
 * Opening the data file: making a new one, or reading an old one's head and space map.
 *
 * A new file gets its two heads under another name, and its own once they are durable, and so is
 * the log that they name; so a file called `tree.data` always has a head, and one without is
 * damaged. What stands under the other name is a beginning that a crash cut short, or, when it has
 * pages, a backup.
 */
import type { File, FileSystem } from '@ds/storage';
import {
  corrupt,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  logName,
  readWholeFile,
} from '@ds/storage/engine';
import { DATA_NAME, LOG_FORMAT, logNumbers, NEW_DATA_NAME } from '../file-names.ts';
import { isPageSize, type ResolvedOptions } from '../options.ts';
import { PAGE_HEADER_BYTES, SPACE_PAGE } from '../pages/page.ts';
import { PageWriter } from '../pages/page-writer.ts';
import { Pager } from '../pages/pager.ts';
import { HEAD_BYTES, META_SLOT_BYTES, TreeFile } from '../pages/tree-file.ts';
import { EMPTY_TREE } from '../pages/tree-reference.ts';
import { Readers } from '../reading/readers.ts';
import { Checkpoints } from './checkpoint.ts';
import { encodeMeta, type LogPosition, type Meta, readMeta } from './meta.ts';
import { SpaceMap } from './space-map.ts';

const FIRST_LOG = 1;

export interface OpenedData {
  readonly meta: Meta;
  readonly pager: Pager;
  readonly writer: PageWriter;
  readonly readers: Readers;
  readonly checkpoints: Checkpoints;
}

export async function openDataFile(options: ResolvedOptions): Promise<OpenedData> {
  const { fileSystem, directory } = options;
  const path = `${directory}/${DATA_NAME}`;
  if (!fileSystem.list(directory).includes(DATA_NAME)) {
    checkUnused(options);
    await makeDataFile(options);
  }
  const file = fileSystem.open(path, { mode: 'write' });
  try {
    return await readDataFile(file, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Data comes only after `tree.data`: without that file there must not be any. */
function checkUnused({ fileSystem, directory }: ResolvedOptions): void {
  const path = `${directory}/${DATA_NAME}`;
  const isUsed = logNumbers(fileSystem, directory).some(
    (number) => number !== FIRST_LOG || hasRecords(`${directory}/${logName(number)}`),
  );
  if (isUsed) throw corrupt(path, 0, 'the file is missing');
  if (!fileSystem.list(directory).includes(NEW_DATA_NAME)) return;
  const file = fileSystem.open(`${directory}/${NEW_DATA_NAME}`, { mode: 'read' });
  const size = file.size();
  file.close();
  if (size > HEAD_BYTES) throw corrupt(path, 0, 'the file is missing: a backup was cut short');

  function hasRecords(log: string): boolean {
    const behindHeader = readWholeFile(fileSystem, log).subarray(FILE_HEADER_BYTES);
    return behindHeader.some((byte) => byte !== 0);
  }
}

async function makeDataFile({ fileSystem, directory, pageBytes }: ResolvedOptions): Promise<void> {
  const log = { logNumber: FIRST_LOG, appliedSequence: 0, syncedSequence: 0 };
  const root = EMPTY_TREE;
  const head = encodeMeta({ pageBytes, version: 1, end: 1, root, pieces: [], log });
  await writeFirstLog(fileSystem, directory, log);
  await writeHeads(fileSystem, directory, head);
}

/** Makes the log durable that a new data file's head names. */
export async function writeFirstLog(
  fileSystem: FileSystem,
  directory: string,
  { logNumber: number, appliedSequence }: LogPosition,
): Promise<void> {
  const firstSequence = appliedSequence + 1;
  const file = fileSystem.open(`${directory}/${logName(number)}`, { mode: 'write' });
  try {
    file.write(0, encodeFileHeader({ format: LOG_FORMAT, number, firstSequence }));
    await file.datasync();
  } finally {
    file.close();
  }
  // Before anything names it.
  await fileSystem.syncDirectory(directory);
}

/** Writes both heads of the new data file, makes it durable, and gives it its name. */
export async function writeHeads(
  fileSystem: FileSystem,
  directory: string,
  head: Uint8Array,
): Promise<void> {
  const fresh = `${directory}/${NEW_DATA_NAME}`;
  const file = fileSystem.open(fresh, { mode: 'write' });
  try {
    file.write(0, head);
    file.write(META_SLOT_BYTES, head);
    await file.datasync();
  } finally {
    file.close();
  }
  fileSystem.rename(fresh, `${directory}/${DATA_NAME}`);
  await fileSystem.syncDirectory(directory);
}

/** Reads what there is and changes nothing. @throws {StorageError} `STORAGE_NOT_FOUND` */
export function openDataFileToRead(options: ResolvedOptions): OpenedData {
  const { fileSystem, directory } = options;
  const file = fileSystem.open(`${directory}/${DATA_NAME}`, { mode: 'read' });
  try {
    return readPages(file, readHeads(file, options).meta, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function readDataFile(file: File, options: ResolvedOptions): Promise<OpenedData> {
  const { meta, slot, bytes, isSettled } = readHeads(file, options);
  if (!isSettled) {
    // What was read may lie in a cache only: it has to be durable before its older twin goes.
    await file.datasync();
    file.write(slot === 0 ? META_SLOT_BYTES : 0, bytes);
    await file.datasync();
  }
  return readPages(file, meta, options);
}

function readHeads(
  file: File,
  { decisions }: ResolvedOptions,
): { meta: Meta; slot: 0 | 1; bytes: Uint8Array; isSettled: boolean } {
  const slots = [readSlot(file, 0), readSlot(file, META_SLOT_BYTES)] as const;
  const { meta, slot, isSettled } = readMeta(slots, file.path, decisions);
  if (!isPageSize(meta.pageBytes)) throw corrupt(file.path, 12, 'no page has such a size');
  return { meta, slot, bytes: slots[slot], isSettled };
}

/** The pages that the head speaks of, with the map of those in use. */
function readPages(file: File, meta: Meta, options: ResolvedOptions): OpenedData {
  const { decisions, cacheBytes, extentBytes } = options;
  const pager = new Pager(new TreeFile(file, meta.pageBytes, extentBytes), cacheBytes, decisions);
  const space = new SpaceMap((meta.pageBytes - PAGE_HEADER_BYTES) * 8);
  meta.pieces.forEach(({ page, checksum }, index) => {
    if (page === 0 || !decisions.readsSpaceMap) return;
    const bytes = pager.read(page, checksum);
    if (bytes[8] !== SPACE_PAGE) throw pager.damage(page, `page ${page} is no map of space`);
    space.decodePiece(index, bytes.subarray(PAGE_HEADER_BYTES));
  });
  space.loaded(meta.end);
  const writer = new PageWriter(pager, space);
  const readers = new Readers();
  const checkpoints = new Checkpoints(writer, readers, decisions, meta);
  return { meta, pager, writer, readers, checkpoints };
}

/** A head that the file is too short for reads as zeros, which are none. */
function readSlot(file: File, position: number): Uint8Array {
  const bytes = new Uint8Array(META_SLOT_BYTES);
  file.read(position, bytes);
  return bytes;
}
