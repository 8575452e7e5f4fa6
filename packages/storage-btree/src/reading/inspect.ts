/**
 * The files of a store as text for people: both heads, the tree page by page, and the logs; and
 * where they are damaged.
 *
 * It changes and locks nothing, and goes on behind whatever it cannot read. Beside a running store
 * it may see pages that are just being written over.
 */
import { type File, type FileSystem, StorageError } from '@ds/storage';
import {
  decodeFileHeader,
  logName,
  Memtable,
  readWholeFile,
  replayBatch,
  scanLog,
} from '@ds/storage/engine';
import { SAFE_DECISIONS } from '../decisions.ts';
import { type Meta, readMeta } from '../durable/meta.ts';
import { DATA_NAME, LOG_FORMAT, logNumbers } from '../file-names.ts';
import { loadNode } from '../pages/node-cursor.ts';
import { getU48 } from '../pages/numbers.ts';
import { OUTSIDE, type Page } from '../pages/page.ts';
import { Pager } from '../pages/pager.ts';
import { META_SLOT_BYTES, TreeFile } from '../pages/tree-file.ts';
import type { TreeReference } from '../pages/tree-reference.ts';

export interface InspectOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Every entry, not only how many there are. @default false */
  readonly entries?: boolean;
}

const LONGEST_SHOWN_BYTES = 32;

/** Line by line. @throws {StorageError} when the directory itself cannot be read */
export function* inspect(options: InspectOptions): Generator<string, void> {
  const { fileSystem, directory } = options;
  const numbers = logNumbers(fileSystem, directory);
  yield* described(() => inspectData(options));
  for (const number of numbers) yield* described(() => inspectLog(options, number));
}

/** What `lines` gives, and in the place of a rest that cannot be read, why. */
function* described(lines: () => Generator<string, void>): Generator<string, void> {
  try {
    yield* lines();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    yield `  ! ${error.message}`;
  }
}

function* inspectData({
  fileSystem,
  directory,
  entries = false,
}: InspectOptions): Generator<string, void> {
  const file = fileSystem.open(`${directory}/${DATA_NAME}`, { mode: 'read' });
  try {
    yield `${DATA_NAME}: ${file.size()} bytes`;
    yield* described(() => inspectHead(file, 0));
    yield* described(() => inspectHead(file, META_SLOT_BYTES));
    const slots = [readSlot(file, 0), readSlot(file, META_SLOT_BYTES)] as const;
    const { meta } = readMeta(slots, file.path, SAFE_DECISIONS);
    const pager = new Pager(new TreeFile(file, meta.pageBytes, 0), 0, SAFE_DECISIONS);
    if (meta.root.page !== 0) yield* inspectPage(pager, meta.root, entries, 1);
  } finally {
    file.close();
  }
}

function* inspectHead(file: File, position: number): Generator<string, void> {
  const slot = readSlot(file, position);
  const { meta } = readMeta([slot, slot], file.path, SAFE_DECISIONS);
  yield `  head at byte ${position}: ${headText(meta)}`;
}

function headText({ pageBytes, version, end, root, pieces, log }: Meta): string {
  return (
    `version ${version}, pages of ${pageBytes} bytes up to ${end - 1}, root ${root.page} ` +
    `of level ${root.level} over ${root.entries} entries, space map in ${pieces.length} pages, ` +
    `sequence ${log.appliedSequence}, going on in ${logName(log.logNumber)}`
  );
}

function* inspectPage(
  pager: Pager,
  tree: TreeReference,
  entries: boolean,
  depth: number,
): Generator<string, void> {
  const indent = '  '.repeat(depth);
  let page: Page;
  try {
    page = loadNode(pager, tree.page, tree.checksum, tree.level);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    yield `${indent}! ${error.message}`;
    return;
  }
  const kind = page.level === 0 ? 'leaf' : `branch of level ${page.level}`;
  const used = Math.round((100 * (page.contentEnd + page.count * 2)) / page.bytes.length);
  const span = `${shown(page.key(0))} to ${shown(page.key(page.count - 1))}`;
  const shared = `${page.prefixLength} bytes shared`;
  yield `${indent}page ${page.id}: ${kind}, ${page.count} cells, ${used}% full, ${shared}, ${span}`;
  if (page.level > 0) {
    for (let index = 0; index < page.count; index += 1) {
      yield* inspectPage(pager, page.child(index), entries, depth + 1);
    }
  } else if (entries) yield* entriesOf(page, indent);
}

function* entriesOf(page: Page, indent: string): Generator<string, void> {
  for (let index = 0; index < page.count; index += 1) {
    const key = shown(page.key(index));
    page.readCell(index);
    const value =
      page.tag === OUTSIDE
        ? `${getU48(page.bytes, page.valueStart + 8)} bytes in pages of their own`
        : shown(page.bytes.subarray(page.valueStart, page.valueEnd));
    yield `${indent}  ${key} ${value}`;
  }
}

function* inspectLog(
  { fileSystem, directory, entries = false }: InspectOptions,
  number: number,
): Generator<string, void> {
  const path = `${directory}/${logName(number)}`;
  const bytes = readWholeFile(fileSystem, path);
  yield `${logName(number)}: ${bytes.length} bytes`;
  const of = { format: LOG_FORMAT, number, path };
  const { firstSequence } = decodeFileHeader(bytes, of, SAFE_DECISIONS);
  const memtable = new Memtable(firstSequence, 0);
  let records = 0;
  const scan = scanLog(bytes, number, firstSequence, SAFE_DECISIONS, (record) => {
    records += 1;
    const payload = { start: record.payloadStart, end: record.payloadEnd, path };
    return replayBatch(bytes, payload, record.firstSequence, memtable);
  });
  const last = scan.nextSequence - 1;
  yield `  ${records} batches, sequences ${firstSequence} to ${last}, synced ${scan.syncedSequence}`;
  if (scan.syncedSequence > last) yield `  ! damaged at byte ${scan.endOffset}`;
  if (entries) yield* recordsOf(memtable);
}

function* recordsOf(memtable: Memtable): Generator<string, void> {
  const cursor = memtable.cursor();
  for (cursor.first(); cursor.valid; cursor.next()) {
    const key = shown(cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd));
    const value = cursor.valueBytes.subarray(cursor.valueStart, cursor.valueEnd);
    yield `  ${key} @${cursor.sequence} ${cursor.isTombstone ? 'deleted' : shown(value)}`;
  }
  for (const { start, end, sequences } of memtable.tombstones.view()) {
    yield `  from ${shown(start)} up to ${shown(end)} deleted @${sequences.join(', @')}`;
  }
}

function readSlot(file: File, position: number): Uint8Array {
  const bytes = new Uint8Array(META_SLOT_BYTES);
  file.read(position, bytes);
  return bytes;
}

/** Printable text in quotes, other bytes in hexadecimal; cut when long. */
function shown(bytes: Uint8Array): string {
  const part = bytes.subarray(0, LONGEST_SHOWN_BYTES);
  const rest = bytes.length > part.length ? `… (${bytes.length} bytes)` : '';
  if (part.every((byte) => byte >= 0x20 && byte < 0x7f)) {
    return `"${String.fromCharCode(...part)}"${rest}`;
  }
  return `0x${Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('')}${rest}`;
}
