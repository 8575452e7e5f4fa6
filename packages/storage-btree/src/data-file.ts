/**
 * Opening the data file: making a new one, or reading an old one's head and space map.
 *
 * A new file gets its two heads under another name, and its own once they are durable; so a file
 * called `tree.data` always has a head, and one without is damaged.
 */
import type { File } from '@ds/storage';
import { Checkpoints } from './checkpoint.ts';
import { damage } from './damage.ts';
import { encodeMeta, type Meta, readMeta } from './meta.ts';
import { isPageSize, type ResolvedOptions } from './options.ts';
import { PAGE_HEADER_BYTES, SPACE_PAGE } from './page.ts';
import { PageWriter } from './page-writer.ts';
import { Pager } from './pager.ts';
import { Readers } from './readers.ts';
import { SpaceMap } from './space-map.ts';
import { HEAD_BYTES, META_SLOT_BYTES, TreeFile } from './tree-file.ts';
import { EMPTY_TREE } from './tree-reference.ts';

export const DATA_NAME = 'tree.data';
export const NEW_DATA_NAME = 'tree.new';

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
  if (!fileSystem.list(directory).includes(DATA_NAME)) await makeDataFile(options);
  const file = fileSystem.open(path, { mode: 'write' });
  try {
    return await readDataFile(file, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function makeDataFile({ fileSystem, directory, pageBytes }: ResolvedOptions): Promise<void> {
  const fresh = `${directory}/${NEW_DATA_NAME}`;
  const head = encodeMeta({ pageBytes, version: 1, end: 1, root: EMPTY_TREE, pieces: [] });
  const file = fileSystem.open(fresh, { mode: 'write' });
  try {
    file.write(0, head);
    file.write(META_SLOT_BYTES, head);
    file.truncate(HEAD_BYTES);
    await file.datasync();
  } finally {
    file.close();
  }
  fileSystem.rename(fresh, `${directory}/${DATA_NAME}`);
  await fileSystem.syncDirectory(directory);
}

async function readDataFile(file: File, options: ResolvedOptions): Promise<OpenedData> {
  const { decisions, cacheBytes, extentBytes } = options;
  const { path } = file;
  const slots = [readSlot(file, 0), readSlot(file, META_SLOT_BYTES)] as const;
  const { meta, slot, isSettled } = readMeta(slots, path, decisions);
  if (!isPageSize(meta.pageBytes)) throw damage(path, 12, 'no page has such a size');
  if (!isSettled) {
    // What was read may lie in a cache only: it has to be durable before its older twin goes.
    await file.datasync();
    file.write(slot === 0 ? META_SLOT_BYTES : 0, slots[slot]);
    await file.datasync();
  }
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
  const { version, pieces } = meta;
  const checkpoints = new Checkpoints(writer, readers, decisions, version, pieces);
  return { meta, pager, writer, readers, checkpoints };
}

/** A head that the file is too short for reads as zeros, which are none. */
function readSlot(file: File, position: number): Uint8Array {
  const bytes = new Uint8Array(META_SLOT_BYTES);
  file.read(position, bytes);
  return bytes;
}
