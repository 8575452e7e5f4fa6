/**
 * Timestamps of a hybrid logical clock: wall time, and a count for events of the same wall time.
 *
 * They are plain values. Their order is total over the timestamps of one clock and respects cause
 * and effect across clocks. Nothing here allocates but what it returns.
 *
 * In 64 bits: 48 of wall time (ms since 1970, until the year 10889), 16 of the count. As eight
 * big-endian bytes they sort as the timestamps do.
 *
 * Source: S. Kulkarni et al., "Logical Physical Clocks and Consistent Snapshots in Globally
 * Distributed Databases", 2014; the steps up and down are those of CockroachDB's hlc package.
 */
import { ClockError } from './errors.ts';

export interface HybridTimestamp {
  /** Whole milliseconds since 1970. */
  readonly wallMs: number;
  /** Counts the events of one wall time: 0 to 2^31 - 1. */
  readonly logical: number;
}

/** The largest count that any timestamp has. */
export const MAX_LOGICAL: number = 2 ** 31 - 1;
/** The largest wall time that fits 64 bits beside its count. */
export const MAX_WALL_MS: number = 2 ** 48 - 1;
/** The largest count that fits 64 bits beside its wall time. */
export const MAX_LOGICAL_IN_64_BITS: number = 2 ** 16 - 1;

/** Before (negative), equal (0) or after (positive), as `sort` wants it. */
export function compareTimestamps(a: HybridTimestamp, b: HybridTimestamp): number {
  return a.wallMs === b.wallMs ? a.logical - b.logical : a.wallMs - b.wallMs;
}

/** The later of both, `a` itself when they are equal. */
export function laterTimestamp(a: HybridTimestamp, b: HybridTimestamp): HybridTimestamp {
  return compareTimestamps(b, a) > 0 ? b : a;
}

/** The earlier of both, `a` itself when they are equal. */
export function earlierTimestamp(a: HybridTimestamp, b: HybridTimestamp): HybridTimestamp {
  return compareTimestamps(b, a) < 0 ? b : a;
}

/** The smallest timestamp after this one. */
export function nextTimestamp({ wallMs, logical }: HybridTimestamp): HybridTimestamp {
  return logical < MAX_LOGICAL
    ? { wallMs, logical: logical + 1 }
    : { wallMs: wallMs + 1, logical: 0 };
}

/**
 * The largest timestamp before this one.
 * @throws {RangeError} for the first timestamp of all.
 */
export function previousTimestamp({ wallMs, logical }: HybridTimestamp): HybridTimestamp {
  return logical > 0
    ? { wallMs, logical: logical - 1 }
    : { wallMs: wallBefore(wallMs), logical: MAX_LOGICAL };
}

/**
 * Some timestamp before this one whose count is small: a step of the count where there is one,
 * else the start of the wall time before.
 * @throws {RangeError} for the first timestamp of all.
 */
export function floorPreviousTimestamp({ wallMs, logical }: HybridTimestamp): HybridTimestamp {
  return logical > 0
    ? { wallMs, logical: logical - 1 }
    : { wallMs: wallBefore(wallMs), logical: 0 };
}

/** The start of the next wall time. */
export function nextWall({ wallMs }: HybridTimestamp): HybridTimestamp {
  return { wallMs: wallMs + 1, logical: 0 };
}

/**
 * The start of the wall time before.
 * @throws {RangeError} for wall time 0.
 */
export function previousWall({ wallMs }: HybridTimestamp): HybridTimestamp {
  return { wallMs: wallBefore(wallMs), logical: 0 };
}

/** In 64 bits, in the same order. @throws {RangeError} for a timestamp that does not fit. */
export function timestampToBigInt(timestamp: HybridTimestamp): bigint {
  checkFits(timestamp);
  return (BigInt(timestamp.wallMs) << 16n) | BigInt(timestamp.logical);
}

/** @throws {ClockError} `CLOCK_MALFORMED` for what is no unsigned number of 64 bits. */
export function timestampFromBigInt(bits: bigint): HybridTimestamp {
  if (BigInt.asUintN(64, bits) !== bits) throw malformed(`${bits} has more than 64 bits`);
  return { wallMs: Number(bits >> 16n), logical: Number(bits & 0xffffn) };
}

/**
 * Writes eight bytes at `offset`, which sort as the timestamps do. Without allocation.
 * @throws {RangeError} for a timestamp that does not fit, or too little room.
 */
export function writeTimestamp(timestamp: HybridTimestamp, into: Uint8Array, offset = 0): void {
  checkFits(timestamp);
  if (!(offset >= 0 && offset + 8 <= into.length)) {
    throw new RangeError(`a timestamp takes 8 bytes: ${into.length} from ${offset} on are too few`);
  }
  const { wallMs, logical } = timestamp;
  const low = wallMs % 2 ** 32;
  const high = (wallMs - low) / 2 ** 32;
  into[offset] = high >>> 8;
  into[offset + 1] = high;
  into[offset + 2] = low >>> 24;
  into[offset + 3] = low >>> 16;
  into[offset + 4] = low >>> 8;
  into[offset + 5] = low;
  into[offset + 6] = logical >>> 8;
  into[offset + 7] = logical;
}

/** @throws {ClockError} `CLOCK_MALFORMED` where there are no eight bytes. */
export function readTimestamp(from: Uint8Array, offset = 0): HybridTimestamp {
  if (!(offset >= 0 && offset + 8 <= from.length)) {
    throw malformed(`a timestamp takes 8 bytes, and there are ${from.length - offset}`);
  }
  const at = (i: number): number => from[offset + i]!;
  const high = at(0) * 2 ** 8 + at(1);
  const low = at(2) * 2 ** 24 + at(3) * 2 ** 16 + at(4) * 2 ** 8 + at(5);
  return { wallMs: high * 2 ** 32 + low, logical: at(6) * 2 ** 8 + at(7) };
}

function wallBefore(wallMs: number): number {
  if (wallMs <= 0) throw new RangeError('there is no timestamp before 0,0');
  return wallMs - 1;
}

function checkFits({ wallMs, logical }: HybridTimestamp): void {
  const fits = isWithin(wallMs, MAX_WALL_MS) && isWithin(logical, MAX_LOGICAL_IN_64_BITS);
  if (!fits) throw new RangeError(`the timestamp ${wallMs},${logical} does not fit 64 bits`);
}

function isWithin(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function malformed(message: string): ClockError {
  return new ClockError('CLOCK_MALFORMED', message);
}
