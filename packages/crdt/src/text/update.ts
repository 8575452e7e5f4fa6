/**
 * Updates: what one replica tells another, segment after segment (docs/format.md draws them).
 *
 * A segment is a run of one replica's events, each following on the one before. What it says is
 * what its author saw: a position in the author's document, and what else the author knew.
 * Positions count from where the author's last edit ended: most edits go on right there and say
 * nothing, and a typed ASCII character is one byte and its name.
 */
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { CrdtError, malformed } from '../errors.ts';
import { DELETE_BACKWARD, INSERT, type OperationKind } from './operation-log.ts';

/** The name of an event: the `sequence`th that `replica` made, from 0 on. */
export interface EventName {
  readonly replica: number;
  readonly sequence: number;
}

/** Events, mostly characters, whose names follow on each other: `sequence`, `sequence + 1`, ... */
export interface CharacterRun extends EventName {
  readonly count: number;
}

/** For each replica, how many of its events are known: everything that a replica knows. */
export type KnownEvents = ReadonlyMap<number, number>;

export interface Segment extends EventName {
  readonly kind: OperationKind;
  /** How far from where its author's event before it ended; from 0 for the author's first. */
  readonly offset: number;
  readonly count: number;
  /** What it inserts, `count` UTF-16 code units. */
  readonly text: string;
  /** What it follows on; undefined: on its author's event before it, alone. */
  readonly parents: readonly EventName[] | undefined;
}

export const MAX_REPLICA: number = 2 ** 32 - 1;
/** Events of one replica, and characters of one document. */
export const MAX_EVENTS: number = 2 ** 30 - 1;
const MAX_PARENTS = 1024;

/** Stands before a base (base.ts) instead of a segment. */
export const BASE = 0xc0;
const FULL = 0x80;
const KIND = 0x03;
const HAS_PARENTS = 0x04;
const HAS_OFFSET = 0x08;
const HAS_COUNT = 0x10;
/** Of the replica of the segment before, and following on its last event. */
const GOES_ON = 0x20;
const FROM_NOWHERE = 'an event goes on from nowhere';

export function writeSegment(writer: ByteWriter, segment: Segment, before?: Segment): void {
  const { kind, offset, count, text, parents } = segment;
  const goesOn =
    before !== undefined &&
    before.replica === segment.replica &&
    before.sequence + before.count === segment.sequence;
  if (kind === INSERT && count === 1 && offset === 0 && !parents && !goesOn) {
    const code = text.charCodeAt(0);
    if (code < FULL) {
      writer.byte(code);
      writer.integer(segment.replica);
      writer.integer(segment.sequence);
      return;
    }
  }
  let head = FULL | kind;
  if (parents !== undefined) head |= HAS_PARENTS;
  if (offset !== 0) head |= HAS_OFFSET;
  if (count !== 1) head |= HAS_COUNT;
  if (goesOn) head |= GOES_ON;
  writer.byte(head);
  if (!goesOn) {
    writer.integer(segment.replica);
    writer.integer(segment.sequence);
  }
  if (parents !== undefined) {
    writer.integer(parents.length);
    for (const { replica, sequence } of parents) {
      writer.integer(replica);
      writer.integer(sequence);
    }
  }
  if (offset !== 0) writer.signed(offset);
  if (count !== 1) writer.integer(count);
  if (kind === INSERT) writeText(writer, text);
}

/**
 * Reads the rest of a segment that starts with `head`, after `before`. Checks its form; whether its
 * positions exist shows when it is applied.
 */
export function readSegment(
  reader: ByteReader,
  head: number,
  before: Segment | undefined,
): Segment {
  const isKnown = head < FULL || (head < BASE && (head & KIND) <= DELETE_BACKWARD);
  if (!isKnown) throw new CrdtError('CRDT_FORMAT', 'this text does not read such segments');
  if (head < FULL) {
    const replica = reader.atMost(MAX_REPLICA, 'a replica');
    const sequence = reader.atMost(MAX_EVENTS, 'a sequence');
    if (sequence === 0) throw malformed(FROM_NOWHERE);
    return segmentOf(replica, sequence, INSERT, 0, 1, String.fromCharCode(head), undefined);
  }
  const kind = (head & KIND) as OperationKind;
  const { replica, sequence } = (head & GOES_ON) === 0 ? readName(reader) : nameAfter(before);
  const parents = (head & HAS_PARENTS) === 0 ? undefined : readParents(reader);
  const offset = (head & HAS_OFFSET) === 0 ? 0 : reader.signed();
  const count = (head & HAS_COUNT) === 0 ? 1 : reader.atMost(MAX_EVENTS, 'a length');
  if (count === 0 || sequence + count > MAX_EVENTS) throw malformed('an impossible length');
  if (sequence === 0 && parents === undefined) throw malformed(FROM_NOWHERE);
  const text = kind === INSERT ? readText(reader, count) : '';
  return segmentOf(replica, sequence, kind, offset, count, text, parents);
}

/** Made in one place, so that all segments have one shape. */
export function segmentOf(
  replica: number,
  sequence: number,
  kind: OperationKind,
  offset: number,
  count: number,
  text: string,
  parents: readonly EventName[] | undefined,
): Segment {
  return { replica, sequence, kind, offset, count, text, parents };
}

function nameAfter(before: Segment | undefined): EventName {
  if (before === undefined) throw malformed(FROM_NOWHERE);
  return { replica: before.replica, sequence: before.sequence + before.count };
}

function readName(reader: ByteReader): EventName {
  const replica = reader.atMost(MAX_REPLICA, 'a replica');
  return { replica, sequence: reader.atMost(MAX_EVENTS, 'a sequence') };
}

function readParents(reader: ByteReader): EventName[] {
  const count = reader.atMost(MAX_PARENTS, 'the number of parents');
  const parents: EventName[] = [];
  for (let index = 0; index < count; index += 1) parents.push(readName(reader));
  return parents;
}

/** UTF-8, where a surrogate without its other half is three bytes as any unit (WTF-8). */
export function writeText(writer: ByteWriter, text: string): void {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) writer.byte(unit);
    else if (unit < 0x800) {
      writer.byte(0xc0 | (unit >> 6));
      writer.byte(0x80 | (unit & 0x3f));
    } else {
      const point = text.codePointAt(index) as number;
      if (point > 0xffff) {
        writer.byte(0xf0 | (point >> 18));
        writer.byte(0x80 | ((point >> 12) & 0x3f));
        index += 1;
      } else writer.byte(0xe0 | (point >> 12));
      writer.byte(0x80 | ((point >> 6) & 0x3f));
      writer.byte(0x80 | (point & 0x3f));
    }
  }
}

/** Reads text of `units` UTF-16 code units. */
export function readText(reader: ByteReader, units: number): string {
  let text = '';
  let count = 0;
  while (count < units) {
    const point = readPoint(reader);
    text += String.fromCodePoint(point);
    count += point > 0xffff ? 2 : 1;
  }
  if (count > units) throw malformed('text is not UTF-8');
  return text;
}

function readPoint(reader: ByteReader): number {
  const first = reader.byte();
  if (first < 0x80) return first;
  if (first < 0xc2 || first > 0xf4) throw malformed('text is not UTF-8');
  let point = first < 0xe0 ? first & 0x1f : first < 0xf0 ? first & 0x0f : first & 0x07;
  const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  for (let index = 0; index < more; index += 1) {
    const next = reader.byte();
    if ((next & 0xc0) !== 0x80) throw malformed('text is not UTF-8');
    point = (point << 6) | (next & 0x3f);
  }
  const least = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
  if (point < least || point > 0x10ffff) throw malformed('text is not UTF-8');
  return point;
}

/** The part of `segment` from its `skip`th event on, which goes on from the one before. */
export function withoutFirst(segment: Segment, skip: number): Segment {
  const { replica, sequence, kind, count, text } = segment;
  return segmentOf(replica, sequence + skip, kind, 0, count - skip, text.slice(skip), undefined);
}

/** Where an operation is expected to go on, whose author's last event ended at `end`. */
export function expectedAt(kind: OperationKind, end: number): number {
  return kind === DELETE_BACKWARD ? end - 1 : end;
}
