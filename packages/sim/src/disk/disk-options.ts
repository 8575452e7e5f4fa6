/** How a disk behaves, and what may become of one call to it. */

import { checkProbability } from '../kernel/random.ts';
import { checkLatency, type Latency } from '../network/latency.ts';

export const DISK_OPERATIONS = [
  'open',
  'read',
  'write',
  'truncate',
  'preallocate',
  'size',
  'datasync',
  'rename',
  'link',
  'remove',
  'list',
  'mkdir',
  'lock',
  'syncDirectory',
] as const;

export type DiskOperation = (typeof DISK_OPERATIONS)[number];

/** One call that reached the disk. */
export interface DiskCall {
  /** Counts from 0 over the disk's life, across crashes. */
  readonly index: number;
  readonly operation: DiskOperation;
  readonly path: string;
}

/**
 * What becomes of a call.
 * - `'fail'`: `STORAGE_IO`. A write may leave a part of itself; a failed `datasync` drops what it
 *   covered (some of it may be on the device), though it reads back until the crash.
 * - `'full'`: `STORAGE_FULL`; as `'fail'` otherwise.
 * - `'short'`: a write stops in the middle, with at least one byte done and one not (of two or
 *   more), and throws `STORAGE_IO`; another call fails as with `'fail'`.
 * - `'rot'`: a bit of what a read asks for has flipped on the device, for good. Another call is as
 *   ever.
 * - `'misdirect'`: a write reads back, and will be synced to another place of its file; after the
 *   next crash that place is damaged and its own holds what it held before. Another call is as
 *   ever.
 * - `'crash'`: the power fails during the call, whose effect is among the unsynced ones; the call
 *   throws `STORAGE_CLOSED`, as every later one on the old view does.
 */
export type DiskFault = 'fail' | 'full' | 'short' | 'rot' | 'misdirect' | 'crash';

export interface DiskOptions {
  /** How long `datasync` and `syncDirectory` take in a world. @default 0.1, 0.5, 5 */
  readonly sync: Latency;
  /**
   * How many bytes reach the device in a ms: a `datasync` takes so much longer as the file's
   * unsynced bytes need, since a write itself only reaches the cache. @default Infinity
   */
  readonly bytesPerMs: number;
  /** How many times as long all that takes: a disk that limps. @default 1 */
  readonly slowdown: number;
  /** The probability that a sync fails and drops what it covered. @default 0 */
  readonly failSync: number;
  /** The probability that any other call fails. @default 0 */
  readonly failCall: number;
  /**
   * When a file has grown and a power cut loses the bytes but not the size: the probability that
   * bytes of removed or cut files show there, and not zeros. @default 0
   */
  readonly staleTail: number;
  /**
   * The sum of all file sizes before `STORAGE_FULL`. A write that does not fit leaves what fits.
   * @default 1 GiB
   */
  readonly capacityBytes: number;
}

const DEFAULTS: DiskOptions = {
  sync: { minMs: 0.1, meanMs: 0.5, maxMs: 5 },
  bytesPerMs: Number.POSITIVE_INFINITY,
  slowdown: 1,
  failSync: 0,
  failCall: 0,
  staleTail: 0,
  capacityBytes: 2 ** 30,
};

/** @throws {RangeError} for a setting out of its range. */
export function resolveDiskOptions(
  partial: Partial<DiskOptions>,
  base: DiskOptions = DEFAULTS,
): DiskOptions {
  const options = {
    sync: partial.sync ?? base.sync,
    bytesPerMs: partial.bytesPerMs ?? base.bytesPerMs,
    slowdown: partial.slowdown ?? base.slowdown,
    failSync: partial.failSync ?? base.failSync,
    failCall: partial.failCall ?? base.failCall,
    staleTail: partial.staleTail ?? base.staleTail,
    capacityBytes: partial.capacityBytes ?? base.capacityBytes,
  };
  checkLatency('disk.sync', options.sync);
  for (const name of ['failSync', 'failCall', 'staleTail'] as const) {
    checkProbability(`disk.${name}`, options[name]);
  }
  if (!(options.bytesPerMs > 0)) {
    throw new RangeError(`disk.bytesPerMs is positive, got ${options.bytesPerMs}`);
  }
  if (!(options.slowdown >= 1 && Number.isFinite(options.slowdown))) {
    throw new RangeError(`disk.slowdown is finite and at least 1, got ${options.slowdown}`);
  }
  if (!(options.capacityBytes > 0 && Number.isFinite(options.capacityBytes))) {
    throw new RangeError(`disk.capacityBytes is positive and finite, got ${options.capacityBytes}`);
  }
  return options;
}
