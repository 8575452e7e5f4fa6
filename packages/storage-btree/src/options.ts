/** What a store is opened with, and the same with every default filled in and checked. */
import { DEFAULT_LIMITS, type FileSystem } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from './decisions.ts';
import { pageLimits } from './pages/page.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface BtreeStoreOptions {
  /** Where the files lie; made when absent. It belongs to this store alone. */
  readonly directory: string;
  /** `nodeFileSystem()` of `@ds/storage/node`, `new MemoryFileSystem()` of `@ds/storage/memory`. */
  readonly fileSystem: FileSystem;
  /** See {@link ReadOnlyBtreeStoreOptions}. @default false */
  readonly readOnly?: false;
  /** The longest value, in bytes. @default 67108864 (64 MiB) */
  readonly maxValueBytes?: number;
  /**
   * The size of a page, a power of two; fixed when the file is made, and then taken from it. A key
   * may be almost a quarter of it. @default 8192 (8 KiB)
   */
  readonly pageBytes?: number;
  /** The memory for pages that were read or written, in bytes. @default 33554432 (32 MiB) */
  readonly cacheBytes?: number;
  /** How much the file grows ahead of what is written, in bytes. @default 4194304 (4 MiB) */
  readonly extentBytes?: number;
  /**
   * The memory for what is written and not yet in the tree, in bytes; while a checkpoint runs, up
   * to three times as much. The more, the cheaper random writes are. @default 16777216 (16 MiB)
   */
  readonly bufferBytes?: number;
  /** How much of the log is allocated ahead, in bytes. @default 1048576 (1 MiB) */
  readonly logPreallocateBytes?: number;
}

/**
 * Opens what is there for reading only: no file is made, changed, removed or locked. For a backup,
 * or a directory that nobody has open for writing.
 */
export interface ReadOnlyBtreeStoreOptions extends Omit<BtreeStoreOptions, 'readOnly'> {
  readonly readOnly: true;
}

export interface ResolvedOptions extends Required<Omit<BtreeStoreOptions, 'readOnly'>> {
  readonly decisions: SafetyDecisions;
}

export function resolveOptions(
  {
    directory,
    fileSystem,
    maxValueBytes = DEFAULT_LIMITS.maxValueBytes,
    pageBytes = 8 * KIB,
    cacheBytes = 32 * MIB,
    extentBytes = 4 * MIB,
    bufferBytes = 16 * MIB,
    logPreallocateBytes = MIB,
  }: BtreeStoreOptions | ReadOnlyBtreeStoreOptions,
  decisions: SafetyDecisions = SAFE_DECISIONS,
): ResolvedOptions {
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError('directory is a path');
  }
  if (typeof fileSystem?.open !== 'function') {
    throw new TypeError('fileSystem is a FileSystem, such as nodeFileSystem() of @ds/storage/node');
  }
  if (!isPageSize(pageBytes)) {
    throw new RangeError(`pageBytes is a power of two from 512 to 32768, got ${pageBytes}`);
  }
  const numbers = {
    maxValueBytes: whole('maxValueBytes', maxValueBytes, 0, 512 * MIB),
    cacheBytes: whole('cacheBytes', cacheBytes, 0, 64 * KIB * MIB),
    extentBytes: whole('extentBytes', extentBytes, 0, 512 * MIB),
    bufferBytes: whole('bufferBytes', bufferBytes, KIB, 512 * MIB),
    logPreallocateBytes: whole('logPreallocateBytes', logPreallocateBytes, 0, 512 * MIB),
  };
  return { directory, fileSystem, pageBytes, ...numbers, decisions };
}

export function isPageSize(pageBytes: number): boolean {
  const isPower = Number.isSafeInteger(pageBytes) && (pageBytes & (pageBytes - 1)) === 0;
  return isPower && pageBytes >= 512 && pageBytes <= 32 * KIB;
}

export const longestKey = (pageBytes: number): number => pageLimits(pageBytes).maxKeyBytes;

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is a whole number from ${least} to ${most}, got ${value}`);
}
