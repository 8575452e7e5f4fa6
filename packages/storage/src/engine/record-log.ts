/**
 * A file of records that is only ever appended to, and that can tell a crash from damage when it is
 * read back. Write-ahead logs are written so, and lists of edits.
 *
 * A crash may lose or tear any bytes written since the last sync, in any order; the records that a
 * sync covered are whole. So each record also says which sequence was known to be synced when it
 * was written. At recovery the first record that is not whole is the end, and a crash, unless
 * any whole record found behind it claims that something at or beyond that end had been synced:
 * then bytes that were durable have changed, and that is damage. A claim is written only after the
 * sync returned, so a crash alone never raises a false alarm; and the mark (a record without
 * payload) written when the log falls idle after a sync leaves no synced record without a claim
 * behind it, but for one that a power cut catches before that mark is on the disk.
 *
 * ```
 *  0  u32  CRC-32 of bytes 4 to 31, seeded with the record's offset in the file
 *  4  u32  CRC-32 of the payload          16  u64  first sequence in the payload
 *  8  u32  length of the payload          24  u64  synced sequence
 * 12  u32  number of the log (records of a file's earlier life have another)
 * ```
 * Cost: one pass over the bytes; looking for records behind the end, one comparison per byte.
 */
import { crc32 } from '../checksum.ts';
import { type ByteWriter, getU32, getU64, setU32, setU64 } from './byte-writer.ts';
import { FILE_HEADER_BYTES } from './file-header.ts';
import type { LogDecisions } from './log-decisions.ts';

export const RECORD_HEADER_BYTES = 32;

export interface RecordStart {
  readonly logNumber: number;
  readonly firstSequence: number;
  readonly syncedSequence: number;
}

/**
 * Completes the record whose header has been left free at `start` of `out` and whose payload
 * follows up to the end of `out`; `offset` is where it will lie in the file.
 */
export function sealRecord(out: ByteWriter, start: number, offset: number, of: RecordStart): void {
  const { bytes, length } = out;
  const payload = start + RECORD_HEADER_BYTES;
  setU32(bytes, start + 4, length === payload ? 0 : crc32(bytes, payload, length));
  setU32(bytes, start + 8, length - payload);
  setU32(bytes, start + 12, of.logNumber);
  setU64(bytes, start + 16, of.firstSequence);
  setU64(bytes, start + 24, of.syncedSequence);
  setU32(bytes, start, crc32(bytes, start + 4, payload, offset >>> 0));
}

export interface LogRecord {
  /** Where the record lies in the file. */
  readonly offset: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly firstSequence: number;
}

export interface LogScan {
  /** The sequence after the last one read: where the next log has to go on. */
  readonly nextSequence: number;
  /** Where reading ended: the first byte that belongs to no whole record in order. */
  readonly endOffset: number;
  /** The highest sequence that any record, also behind the end, claims to have been synced. */
  readonly syncedSequence: number;
}

/**
 * Reads the records of a whole file in order, as long as they are whole and their sequences go on
 * from `nextSequence`; then searches the rest for claims.
 * @param onRecord takes a record and returns how many sequences it holds.
 */
export function scanLog(
  bytes: Uint8Array,
  logNumber: number,
  nextSequence: number,
  decisions: LogDecisions,
  onRecord: (record: LogRecord) => number,
): LogScan {
  const whole = Number.POSITIVE_INFINITY;
  return inOneGo(scanLogInSlices(bytes, logNumber, nextSequence, decisions, onRecord, whole));
}

/** The same, with a pause after every `sliceBytes` of records. */
export function* scanLogInSlices(
  bytes: Uint8Array,
  logNumber: number,
  nextSequence: number,
  decisions: LogDecisions,
  onRecord: (record: LogRecord) => number,
  sliceBytes: number,
): Generator<void, LogScan> {
  let next = nextSequence;
  let claimed = 0;
  let at = FILE_HEADER_BYTES;
  let sliceEnd = at + sliceBytes;
  while (headerIsWhole(bytes, at, decisions)) {
    const payloadStart = at + RECORD_HEADER_BYTES;
    const payloadEnd = payloadStart + getU32(bytes, at + 8);
    const recordNumber = getU32(bytes, at + 12);
    const firstSequence = getU64(bytes, at + 16);
    const facts = { logNumber: logNumber >>> 0, recordNumber, nextSequence: next, firstSequence };
    if (!decisions.isNextRecord(facts) || !payloadIsWhole(bytes, at, decisions)) break;
    claimed = Math.max(claimed, getU64(bytes, at + 24));
    if (payloadEnd > payloadStart) {
      next += onRecord({ offset: at, payloadStart, payloadEnd, firstSequence });
    }
    at = payloadEnd;
    if (at < sliceEnd) continue;
    sliceEnd = at + sliceBytes;
    yield;
  }
  return {
    nextSequence: next,
    endOffset: at,
    syncedSequence: Math.max(claimed, claimBehind(bytes, at, logNumber, decisions)),
  };
}

/** Runs what could pause to its end. */
export function inOneGo<T>(slices: Generator<void, T>): T {
  for (;;) {
    const step = slices.next();
    if (step.done) return step.value;
  }
}

/** The highest claim of any record header at or behind `start`, wherever it may lie. */
export function claimBehind(
  bytes: Uint8Array,
  start: number,
  logNumber: number,
  decisions: LogDecisions,
): number {
  let claimed = 0;
  const low = logNumber & 0xff;
  for (let at = start; at + RECORD_HEADER_BYTES <= bytes.length; ) {
    // Almost every byte is turned away here: file numbers are not zero, unwritten bytes are.
    const isOurs = bytes[at + 12] === low && getU32(bytes, at + 12) === logNumber >>> 0;
    if (!isOurs || !headerIsWhole(bytes, at, decisions)) {
      at += 1;
      continue;
    }
    claimed = Math.max(claimed, getU64(bytes, at + 24));
    const whole = payloadIsWhole(bytes, at, decisions);
    at += RECORD_HEADER_BYTES + (whole ? getU32(bytes, at + 8) : 0);
  }
  return claimed;
}

function headerIsWhole(bytes: Uint8Array, at: number, decisions: LogDecisions): boolean {
  return (
    at + RECORD_HEADER_BYTES <= bytes.length &&
    decisions.checksumMatches(
      getU32(bytes, at),
      crc32(bytes, at + 4, at + RECORD_HEADER_BYTES, at >>> 0),
    )
  );
}

function payloadIsWhole(bytes: Uint8Array, at: number, decisions: LogDecisions): boolean {
  const start = at + RECORD_HEADER_BYTES;
  const end = start + getU32(bytes, at + 8);
  if (end > bytes.length) return false;
  return (
    end === start || decisions.checksumMatches(getU32(bytes, at + 4), crc32(bytes, start, end))
  );
}
