/**
 * A document with its whole history as bytes (docs/format.md draws them).
 *
 * The text comes first, so that opening a document to read it costs no more than unpacking it; the
 * history is unpacked when something asks for it. Both are covered by checksums that are checked
 * at once: damage is told when a document is opened, never later.
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checksum } from '../checksum.ts';
import { CrdtError, malformed } from '../errors.ts';
import { compress, decompress } from './compression.ts';
import type { Version } from './event-graph.ts';
import type { Forgetting } from './forgetting.ts';
import { History } from './history.ts';
import { INSERT, type OperationKind } from './operation-log.ts';
import { Rope } from './rope.ts';
import { MAX_EVENTS, MAX_REPLICA, readText, writeText } from './update.ts';

const MAGIC = [0x44, 0x53, 0x54, 0x58];
const FORMAT = 1;
/** As 1, with a base before the history. */
const FORMAT_WITH_BASE = 2;
const NOTHING: Uint8Array = new Uint8Array(0);
const MAX_PARENTS = 1024;

/** Packed history, and what is needed to unpack it. */
export interface Archive {
  readonly text: string;
  /** Unpacks the history. */
  open(): History;
}

export function writeArchive(history: History): Uint8Array {
  const text = history.rope.toString();
  const writer = new ByteWriter(4096);
  for (const byte of MAGIC) writer.byte(byte);
  writer.byte(history.base === undefined ? FORMAT : FORMAT_WITH_BASE);
  const plain = encodeText(text);
  const first = new ByteWriter(4096);
  first.integer(text.length);
  writeColumn(first, plain);
  writeSection(writer, first.view());
  const second = new ByteWriter(4096);
  if (history.base !== undefined) writeColumn(second, history.base.bytes(), plain);
  writeGraph(second, history);
  writeOperations(second, history);
  const content = history.log.content.slice(0, history.log.content.length);
  second.integer(content.length);
  writeColumn(second, encodeText(content), plain);
  writeSection(writer, second.view());
  return writer.take();
}

export function readArchive(bytes: Uint8Array, forgetting: Forgetting | undefined): Archive {
  const reader = new ByteReader(bytes);
  if (reader.remaining < 5 || MAGIC.some((byte) => reader.byte() !== byte)) {
    throw malformed('no document');
  }
  const format = reader.byte();
  const based = format === FORMAT_WITH_BASE ? forgetting : undefined;
  if (format !== FORMAT && based === undefined) {
    throw new CrdtError('CRDT_FORMAT', `this text does not read documents of format ${format}`);
  }
  const first = readSection(reader);
  const second = readSection(reader);
  reader.finish();
  const units = first.atMost(MAX_EVENTS, 'the length of the text');
  const plain = readColumn(first);
  first.finish();
  const text = decodeText(plain, units);
  return { text, open: () => openHistory(second, text, plain, based) };
}

function openHistory(
  reader: ByteReader,
  text: string,
  plain: Uint8Array,
  forgetting: Forgetting | undefined,
): History {
  const base = forgetting?.readBase(readColumn(reader, plain));
  const history = new History(new Rope(text), base);
  const graph = new ByteReader(readColumn(reader));
  const kinds = new ByteReader(readColumn(reader));
  const positions = new ByteReader(readColumn(reader));
  const units = reader.atMost(MAX_EVENTS, 'the length of the content');
  const content = decodeText(readColumn(reader, plain), units);
  reader.finish();
  readGraph(graph, history);
  readOperations(kinds, positions, content, history);
  if (history.log.length !== history.graph.length) throw malformed('events and operations differ');
  return history;
}

/** Replicas by number of appearance, then for each run its replica, length and parents. */
function writeGraph(writer: ByteWriter, { graph }: History): void {
  const column = new ByteWriter();
  const replicas = [...graph.counts().keys()];
  column.integer(replicas.length);
  for (const replica of replicas) column.integer(replica);
  const indexes = new Map(replicas.map((replica, index) => [replica, index]));
  for (let index = 0; index < graph.runs; index += 1) {
    const { start, end, replica, parents } = graph.run(index);
    column.integer(indexes.get(replica) as number);
    column.integer(end - start);
    column.integer(parents.length);
    for (const parent of parents) column.integer(start - 1 - parent);
  }
  writeColumn(writer, column.view());
}

function readGraph(reader: ByteReader, { graph }: History): void {
  const replicas: number[] = [];
  for (let rest = reader.atMost(reader.remaining, 'the number of replicas'); rest > 0; rest -= 1) {
    replicas.push(reader.atMost(MAX_REPLICA, 'a replica'));
  }
  while (reader.remaining > 0) {
    const replica = replicas[reader.integer()];
    if (replica === undefined) throw malformed('an unknown replica');
    const count = reader.atMost(
      MAX_EVENTS - Math.max(graph.length, graph.count(replica)),
      'the number of events',
    );
    if (count === 0) throw malformed('a run without events');
    const parents: number[] = [];
    for (let rest = reader.atMost(MAX_PARENTS, 'the number of parents'); rest > 0; rest -= 1) {
      const parent = graph.length - 1 - reader.atMost(graph.length, 'a parent');
      if (parent < 0 || parent <= (parents.at(-1) ?? -1)) throw malformed('parents out of order');
      parents.push(parent);
    }
    graph.append(replica, count, parents satisfies Version);
  }
}

/** Kinds with counts, and positions counted from where the run before ended. */
function writeOperations(writer: ByteWriter, { log }: History): void {
  const kinds = new ByteWriter(1024);
  const positions = new ByteWriter(1024);
  const cursor = log.cursor(0);
  let from = 0;
  for (let event = 0; event < log.length; event += cursor.count) {
    cursor.take(log.length);
    kinds.integer(cursor.count * 4 + cursor.kind);
    positions.signed(cursor.position - from);
    from = cursor.end;
  }
  writeColumn(writer, kinds.view());
  writeColumn(writer, positions.view());
}

function readOperations(
  kinds: ByteReader,
  positions: ByteReader,
  content: string,
  { log }: History,
): void {
  let from = 0;
  let taken = 0;
  while (kinds.remaining > 0) {
    const head = kinds.integer();
    const kind = head % 4;
    const count = Math.floor(head / 4);
    const position = from + positions.signed();
    const fits = position >= 0 && position <= MAX_EVENTS && log.length + count <= MAX_EVENTS;
    if (kind > 2 || count === 0 || !fits) throw malformed('an impossible operation');
    if (kind === INSERT) {
      if (taken + count > content.length) throw malformed('text is missing');
      log.insert(position, content.slice(taken, taken + count));
      taken += count;
    } else log.delete(kind as OperationKind, position, count);
    from = log.end;
  }
  positions.finish();
  if (taken !== content.length) throw malformed('text is left over');
}

function writeSection(writer: ByteWriter, section: Uint8Array): void {
  writer.integer(section.length);
  writer.bytes(section);
  const sum = checksum(section);
  for (let shift = 0; shift < 32; shift += 8) writer.byte((sum >>> shift) & 0xff);
}

function readSection(reader: ByteReader): ByteReader {
  const section = reader.bytes(reader.atMost(reader.remaining, 'the length of a section'));
  let sum = 0;
  for (let shift = 0; shift < 32; shift += 8) sum |= reader.byte() << shift;
  if (sum >>> 0 !== checksum(section)) throw malformed('a checksum is wrong');
  return new ByteReader(section);
}

/** A column is packed where that makes it smaller, which its two lengths tell. */
function writeColumn(writer: ByteWriter, plain: Uint8Array, dictionary = NOTHING): void {
  const packed = compress(plain, dictionary);
  const shorter = packed.length < plain.length ? packed : plain;
  writer.integer(plain.length);
  writer.integer(shorter.length);
  writer.bytes(shorter);
}

function readColumn(reader: ByteReader, dictionary = NOTHING): Uint8Array {
  // Four bytes at most for each character there can be.
  const length = reader.atMost(4 * MAX_EVENTS, 'the length of a column');
  const packed = reader.bytes(reader.integer());
  return packed.length === length ? packed : decompress(packed, length, dictionary);
}

function encodeText(text: string): Uint8Array {
  const writer = new ByteWriter(text.length + 16);
  writeText(writer, text);
  return writer.take();
}

function decodeText(plain: Uint8Array, units: number): string {
  if (plain.length === units) {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(plain);
    if (text.length === units) return text;
  }
  const reader = new ByteReader(plain);
  const text = readText(reader, units);
  reader.finish();
  return text;
}
