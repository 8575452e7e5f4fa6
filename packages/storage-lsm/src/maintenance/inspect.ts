/**
 * The files of a store as text for people: what each says, and where it is damaged.
 *
 * It changes and locks nothing, believes nothing that it has not read, and goes on behind whatever
 * it cannot read. Beside a running store it may see a file that is just being written.
 */
import { type FileSystem, StorageError } from '@ds/storage';
import {
  type Cursor,
  decodeFileHeader,
  Memtable,
  readWholeFile,
  replayBatch,
  scanLog,
  type TombstoneFragment,
} from '@ds/storage/engine';
import type { BlockCodec } from '../block/block-codec.ts';
import { SAFE_DECISIONS } from '../decisions.ts';
import { LOG_FORMAT } from '../files/file-formats.ts';
import { logName, parseFileName, tableName } from '../files/file-names.ts';
import { readCurrent, readManifest } from '../levels/manifest.ts';
import { Version } from '../levels/version.ts';
import { RunCursor } from '../table/run-cursor.ts';
import type { TableFacts, TableFile } from '../table/table-file.ts';
import { TableSet } from '../table/table-set.ts';

export interface InspectOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Every record and entry, not only how many there are. @default false */
  readonly entries?: boolean;
  /** To read compressed tables with. @default none */
  readonly codecs?: readonly BlockCodec[];
}

const LONGEST_SHOWN_BYTES = 32;

/** Line by line. @throws {StorageError} when the directory itself cannot be read */
export function* inspect({
  fileSystem,
  directory,
  entries = false,
  codecs = [],
}: InspectOptions): Generator<string> {
  const context = { fileSystem, directory, entries, codecs };
  const found = fileSystem.list(directory).flatMap((name) => {
    const file = parseFileName(name);
    return file === undefined ? [] : [{ name, file }];
  });
  yield `${directory}: ${found.length} files of a store`;
  const version = yield* described(inspectManifest(context));
  for (const { file } of found) {
    if (file.kind === 'log') yield* described(inspectLog(context, file.number));
  }
  const tables = new TableSet({
    ...{ fileSystem, directory, codecs, compression: undefined, decisions: SAFE_DECISIONS },
    maxOpenTables: 1,
    blockCacheBytes: 0,
    blockBytes: 4096,
  });
  const named = new Set<number>();
  for (const [level, run] of (version ?? Version.empty()).levels.entries()) {
    for (const table of run) {
      named.add(table.facts.number);
      yield* described(inspectTable(table, level, tables, entries));
    }
  }
  tables.closeAll();
  for (const { name, file } of found) {
    if (file.kind !== 'table' || named.has(file.number)) continue;
    yield `${name}: no manifest names it`;
  }
}

type Context = Required<InspectOptions>;

/** The lines, and behind them what went wrong. */
function* described<T>(lines: Generator<string, T>): Generator<string, T | undefined> {
  try {
    return yield* lines;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    yield `  ! ${error.code}: ${error.message}`;
    return undefined;
  }
}

function* inspectManifest({ fileSystem, directory }: Context): Generator<string, Version> {
  const number = readCurrent(fileSystem, directory, SAFE_DECISIONS);
  const edits = readManifest(fileSystem, directory, number, SAFE_DECISIONS);
  yield `CURRENT names manifest ${number}, which has ${edits.length} edits`;
  let version = Version.empty();
  for (const edit of edits) version = version.apply(edit);
  const last = <K extends 'logNumber' | 'flushedSequence' | 'syncedSequence'>(field: K): string =>
    String(edits.findLast((edit) => edit[field] !== undefined)?.[field] ?? 'unknown');
  const flushed = last('flushedSequence');
  yield `  oldest log ${last('logNumber')}, in tables up to sequence ${flushed}`;
  yield `  durable up to sequence ${last('syncedSequence')}`;
  for (const [level, tables] of version.levels.entries()) {
    if (tables.length === 0) continue;
    yield `  level ${level}: ${tables.length} tables, ${version.levelBytes[level]} bytes`;
  }
  return version;
}

function* inspectLog(context: Context, number: number): Generator<string, void> {
  const path = `${context.directory}/${logName(number)}`;
  const bytes = readWholeFile(context.fileSystem, path);
  yield `${logName(number)}: ${bytes.length} bytes`;
  const of = { format: LOG_FORMAT, number, path };
  const { firstSequence } = decodeFileHeader(bytes, of, SAFE_DECISIONS);
  const memtable = new Memtable(firstSequence, bytes.length);
  let records = 0;
  const scan = scanLog(bytes, number, firstSequence, SAFE_DECISIONS, (record) => {
    records += 1;
    const payload = { start: record.payloadStart, end: record.payloadEnd, path };
    return replayBatch(bytes, payload, record.firstSequence, memtable);
  });
  const end = scan.nextSequence - 1;
  yield `  ${records} batches, sequences ${firstSequence} to ${end}, up to byte ${scan.endOffset}`;
  if (context.entries) {
    yield* entriesOf(memtable.cursor());
    yield* rangesOf(memtable.tombstones.view());
  }
  if (scan.syncedSequence > end) {
    yield `  ! damaged at byte ${scan.endOffset}: sequence ${scan.syncedSequence} had been synced`;
  }
}

function* entriesOf(cursor: Cursor): Generator<string, void> {
  for (cursor.first(); cursor.valid; cursor.next()) {
    const key = shown(cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd));
    const value = cursor.isTombstone
      ? 'deleted'
      : shown(cursor.valueBytes.subarray(cursor.valueStart, cursor.valueEnd));
    yield `  ${key} @${cursor.sequence} ${value}`;
  }
}

function* rangesOf(fragments: readonly TombstoneFragment[]): Generator<string, void> {
  for (const { start, end, sequences } of fragments) {
    yield `  from ${shown(start)} up to ${shown(end)} deleted @${sequences.join(', @')}`;
  }
}

function* inspectTable(
  table: TableFile,
  level: number,
  tables: TableSet,
  entries: boolean,
): Generator<string, void> {
  const { facts } = table;
  yield `${tableName(facts.number)}: level ${level}, ${factsOf(facts)}`;
  const cursor = new RunCursor([table], tables, { scan: true });
  let seen = 0;
  for (const line of entriesOf(cursor)) {
    seen += 1;
    if (entries) yield line;
  }
  if (seen !== facts.entries) yield `  ! ${seen} entries instead of ${facts.entries}`;
  yield* rangesOf(tables.reader(table).tombstones());
}

function factsOf(facts: TableFacts): string {
  const { bytes, entries, tombstones, smallest, largest, minSequence, maxSequence } = facts;
  return (
    `${bytes} bytes, ${entries} entries (${tombstones} deletions), ` +
    `keys ${shown(smallest)} to ${shown(largest)}, sequences ${minSequence} to ${maxSequence}`
  );
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
