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
 * by the same rule, with the later segments' records as witnesses.
 */
import type { File, FileSystem } from '@ds/storage';
import { RaftError } from './errors.ts';
import { LogIndex } from './log-index.ts';
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

/** A file of the log; its records are the stream from `start` to `end`. */
export interface Segment {
  readonly path: string;
  readonly sequence: number;
  readonly file: File;
  readonly start: number;
  end: number;
  /** How large the file is. */
  size: number;
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
export function readLog(
  fileSystem: FileSystem,
  directory: string,
  identity: Identity,
): ReadLog | undefined {
  const { live, leftovers } = lastContiguous(findSegments(fileSystem, directory, identity));
  const first = live[0];
  if (first === undefined) return undefined;
  if (first.header === undefined) throw corrupt(first.path, 0, 'its header is damaged');
  const index = new LogIndex(first.header);
  const segments: Segment[] = [];
  let position = first.header.start;
  let synced = position;
  let torn = false;
  for (const [i, { path, sequence, bytes, header }] of live.entries()) {
    if (header !== undefined) {
      const limit = live[i + 1]?.header?.start;
      const scan = replay(bytes, header.start, index, path, limit);
      synced = Math.max(synced, scan.synced);
      position = scan.end;
      const file = fileSystem.open(path, { mode: 'write' });
      const size = bytes.length;
      segments.push({ path, sequence, file, start: header.start, end: position, size });
      const at = HEADER_BYTES + position - header.start;
      if (limit === undefined ? isBlank(bytes, at) : position === limit) continue;
      torn = true;
    }
    // The stream breaks here, in this segment or because it was only just begun.
    judgeBreak(live.slice(i), position);
    const useless = header === undefined ? i : i + 1;
    leftovers.push(...live.slice(useless).map((found) => found.path));
    break;
  }
  if (!index.isComplete) throw corrupt(directory, undefined, 'segments are missing');
  return { segments, index, synced, torn, leftovers };
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

/**
 * Compaction removes the oldest segments, and a crash may keep any of those removals: what lies
 * before a gap is of no use. Whether what lies after it is enough, its records tell.
 */
function lastContiguous(found: readonly Found[]): { live: Found[]; leftovers: string[] } {
  let start = 0;
  for (let i = 1; i < found.length; i += 1) {
    if (found[i]!.sequence !== found[i - 1]!.sequence + 1) start = i;
  }
  return { live: found.slice(start), leftovers: found.slice(0, start).map(({ path }) => path) };
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
  let synced = start;
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

/** Throws when a record in or after the broken segment tells that the break had been synced. */
function judgeBreak(rest: readonly Found[], position: number): void {
  for (const [i, { path, bytes, header }] of rest.entries()) {
    // Without its header a segment can only be read as the one that follows the break.
    if (header === undefined && i > 0) continue;
    const start = header?.start ?? position;
    const from = i === 0 ? HEADER_BYTES + position - start : HEADER_BYTES;
    for (let at = from; at < bytes.length; at += 8) {
      const before = syncedBefore(bytes, at, start + at - HEADER_BYTES);
      if (before <= position) continue;
      const offset = HEADER_BYTES + position - start;
      throw corrupt(
        i === 0 ? path : rest[0]!.path,
        i === 0 ? offset : undefined,
        'what was synced is damaged',
      );
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
