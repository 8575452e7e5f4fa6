/**
 * Reading a log's segments after a crash, and telling a crash from damage.
 *
 * A crash leaves a prefix of what was written and, after it, anything: whole records, torn ones,
 * nothing. All of that was written after the last sync that was reported, so nobody was told of it,
 * and it is cut off. Damage to what a sync had covered must never be cut off in silence. The two
 * look alike where the first record is broken; they differ in what comes after. The log writes,
 * after each sync, a record that says how far the stream was on the device. So:
 *
 *   a valid record after the break that says "synced beyond the break"  ->  damage, RAFT_CORRUPT
 *   no such record                                                      ->  the crash's torn tail
 *
 * What remains in doubt is a break in the last group alone, when neither the record that follows
 * its sync nor anything later reached the disk: a power cut within moments of that sync, and damage
 * to exactly that group, together.
 *
 * Segments before the current one are whole, up to where the next begins: a break there is judged
 * by the same rule, with the later segments' records as witnesses. So is a gap in their numbers:
 * the oldest are removed one after the other, each durably, so a gap is a segment whose name a
 * crash has lost, or damage.
 */
import type { File, FileSystem } from '@ds/storage';
import { RaftError } from '../errors.ts';
import { LogIndex } from './log-index.ts';
import type { LogRules } from './log-rules.ts';
import {
  decodeRecord,
  decodeSegmentHeader,
  HEADER_BYTES,
  type Identity,
  recordEnd,
  type SegmentHeader,
  type SegmentRecord,
  syncedBefore,
} from './segment-format.ts';

interface Place {
  readonly path: string;
  readonly sequence: number;
  readonly start: number;
  end: number;
  /** How large the file is. */
  readonly size: number;
}

/** A file of the log; its records are the stream from `start` to `end`. */
export interface Segment extends Place {
  readonly file: File;
}

export interface ReadLogOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly identity: Identity;
  readonly rules: LogRules;
}

export interface ReadLog {
  readonly segments: Segment[];
  readonly index: LogIndex;
  /** Everything before this position is on the device, as far as the log itself knows. */
  readonly synced: number;
  /** The current segment was cut at its end and must be made clean before it is written to. */
  readonly torn: boolean;
  /** Segments that are of no use any more. */
  readonly leftovers: readonly string[];
}

interface Found {
  readonly path: string;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** `undefined`: damaged, never whole, or another segment's. */
  readonly header: SegmentHeader | undefined;
}

const SEGMENT_NAME = /^(\d{16})\.log$/;

export function segmentPath(directory: string, sequence: number): string {
  return `${directory}/${String(sequence).padStart(16, '0')}.log`;
}

/**
 * Reads all segments of `directory`; `undefined` when there are none.
 * @throws {RaftError} `RAFT_CORRUPT`, `RAFT_FORMAT` or `RAFT_WRONG_IDENTITY`.
 */
export function readLog(options: ReadLogOptions): ReadLog | undefined {
  const { fileSystem, directory, identity, rules } = options;
  const found = findSegments(fileSystem, directory, identity);
  const [first] = found;
  if (first === undefined) return undefined;
  if (first.header === undefined) throw corrupt(first.path, 0, 'its header is damaged');
  const index = new LogIndex(first.header);
  const places: Place[] = [];
  let synced = first.header.start;
  let position = synced;
  let torn = false;
  for (const [i, { path, sequence, bytes, header }] of found.entries()) {
    const isNext = sequence === first.sequence + i;
    if (header !== undefined && isNext) {
      const limit = startOfNext(found, i);
      const scan = replay(bytes, header.start, index, path, limit);
      synced = Math.max(synced, scan.synced);
      position = scan.end;
      // Without its first record, which says who takes part, a later segment was not begun.
      const isBegun = i === 0 || position > header.start;
      const place = { path, sequence, start: header.start, end: position, size: bytes.length };
      if (isBegun) places.push(place);
      const at = HEADER_BYTES + position - header.start;
      if (isBegun && (limit === undefined ? isBlank(bytes, at) : position === limit)) continue;
      torn = true;
    }
    // The stream breaks here: in this segment, or because it or one before it was only just begun.
    judgeBreak(found.slice(i), isNext, position, rules);
    break;
  }
  if (!index.isComplete) throw corrupt(directory, undefined, 'segments are missing');
  const leftovers = found.slice(places.length).map(({ path }) => path);
  return { segments: openSegments(fileSystem, places), index, synced, torn, leftovers };
}

/** Where the segment after `found[i]` begins, if it is there and has a header. */
function startOfNext(found: readonly Found[], i: number): number | undefined {
  const next = found[i + 1];
  return next?.sequence === found[i]!.sequence + 1 ? next.header?.start : undefined;
}

function openSegments(fileSystem: FileSystem, places: readonly Place[]): Segment[] {
  const segments: Segment[] = [];
  try {
    for (const place of places) {
      segments.push({ ...place, file: fileSystem.open(place.path, { mode: 'write' }) });
    }
    return segments;
  } catch (error) {
    for (const { file } of segments) file.close();
    throw error;
  }
}

function findSegments(fileSystem: FileSystem, directory: string, identity: Identity): Found[] {
  const found: Found[] = [];
  for (const name of fileSystem.list(directory)) {
    const sequence = Number(SEGMENT_NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(sequence)) continue;
    const path = segmentPath(directory, sequence);
    const bytes = readWhole(fileSystem, path);
    const header = decodeSegmentHeader(bytes, identity, path);
    // A power cut can leave the bytes of a removed segment in one whose own were never synced.
    const isOwn = header?.sequence === sequence;
    found.push({ path, sequence, bytes, header: isOwn ? header : undefined });
  }
  return found;
}

/** Takes in the valid records of a segment, in order, up to the first that is not, or to `limit`. */
function replay(
  bytes: Uint8Array,
  start: number,
  index: LogIndex,
  path: string,
  limit: number = Number.POSITIVE_INFINITY,
): { readonly end: number; readonly synced: number } {
  let at = HEADER_BYTES;
  let synced = 0;
  for (;;) {
    const position = start + at - HEADER_BYTES;
    const end = position < limit ? recordEnd(bytes, at, position) : 0;
    if (end === 0) return { end: position, synced };
    const record = takeIn(bytes, at, index, position);
    if (record === undefined) {
      throw corrupt(path, at, 'a valid record does not follow from those before it');
    }
    if (record.kind === 'synced') synced = Math.max(synced, record.before);
    at = end;
  }
}

/** The record at `at`, taken into `index`; nothing when it cannot be. */
function takeIn(
  bytes: Uint8Array,
  at: number,
  index: LogIndex,
  position: number,
): SegmentRecord | undefined {
  try {
    const record = decodeRecord(bytes, at);
    return record !== undefined && index.replay(record, position) ? record : undefined;
  } catch (error) {
    // A configuration that breaks its rules.
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/**
 * Throws when a record behind the break tells that the break had been synced. `isNext`: the first
 * of `rest` is the segment that the stream breaks in or would go on in, not one after a gap.
 */
function judgeBreak(
  rest: readonly Found[],
  isNext: boolean,
  position: number,
  rules: LogRules,
): void {
  for (const [i, { path, bytes, header }] of rest.entries()) {
    const isBroken = isNext && i === 0;
    // Without its header a segment can only be read as the one that follows the break.
    if (header === undefined && !isBroken) continue;
    const start = header?.start ?? position;
    const broken = HEADER_BYTES + position - start;
    for (let at = isBroken ? broken : HEADER_BYTES; at < bytes.length; at += 8) {
      const synced = syncedBefore(bytes, at, start + at - HEADER_BYTES);
      if (synced === 0 || !rules.isDamage(position, synced)) continue;
      if (isBroken) throw corrupt(path, broken, 'what was synced is damaged');
      throw corrupt(rest[0]!.path, undefined, 'it, or one before it, is damaged or missing');
    }
  }
}

function isBlank(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

export function readWhole(fileSystem: FileSystem, path: string): Uint8Array {
  const file = fileSystem.open(path, { mode: 'read' });
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(0, bytes));
  } finally {
    file.close();
  }
}

export function corrupt(path: string, offset: number | undefined, why: string): RaftError {
  const place = offset === undefined ? '' : ` at byte ${offset}`;
  return new RaftError('RAFT_CORRUPT', `${path} is damaged${place}: ${why}`, { path, offset });
}
