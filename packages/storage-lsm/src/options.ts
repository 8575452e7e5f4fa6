/** What a store is opened with, and the same with every default filled in and checked. */
import { DEFAULT_LIMITS, type FileSystem } from '@ds/storage';
import { type BlockCodec, codecsByNumber } from './block/block-codec.ts';
import type { Compactor } from './compaction/compactor.ts';
import { SAFE_DECISIONS, type SafetyDecisions } from './decisions.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface LsmStoreOptions {
  /** Where the files lie; made when absent. It belongs to this store alone. */
  readonly directory: string;
  /** `nodeFileSystem()` of `@ds/storage/node`, `new MemoryFileSystem()` of `@ds/storage/memory`. */
  readonly fileSystem: FileSystem;
  /** See {@link ReadOnlyLsmStoreOptions}. @default false */
  readonly readOnly?: false;
  /** The longest key, in bytes. @default 16384 (16 KiB) */
  readonly maxKeyBytes?: number;
  /** The longest value, in bytes. @default 67108864 (64 MiB) */
  readonly maxValueBytes?: number;
  /** The memory a memtable takes before it is written out as a table. @default 8388608 (8 MiB) */
  readonly memtableBytes?: number;
  /** Full memtables waiting to be written out before writers are held. @default 2 */
  readonly maxImmutableMemtables?: number;
  /** The memory for data blocks that were read, in bytes. @default 25165824 (24 MiB) */
  readonly blockCacheBytes?: number;
  /** Tables kept open; an open one holds its index and filter in memory. @default 500 */
  readonly maxOpenTables?: number;
  /** Where a data block ends, in bytes. @default 2048 (2 KiB) */
  readonly blockBytes?: number;
  /** Bits of Bloom filter per key: 12 give 0.4% of false alarms, 10 1%, 0 no filter. @default 12 */
  readonly bloomBitsPerKey?: number;
  /**
   * Compresses new blocks, such as `deflateCodec()` of `@ds/storage-lsm/node`. Tables written
   * without it, or with another one of `codecs`, stay readable. @default none
   */
  readonly compression?: BlockCodec | undefined;
  /** Further codecs that older tables were written with. @default none */
  readonly codecs?: readonly BlockCodec[];
  /** Where a table ends, in bytes. @default 4194304 (4 MiB) */
  readonly tableBytes?: number;
  /** How much of the log is allocated ahead, in bytes. @default 1048576 (1 MiB) */
  readonly logPreallocateBytes?: number;
  /** How much a manifest grows before a new one takes its place, in bytes. @default 1048576 */
  readonly manifestGrowthBytes?: number;
  /** Level-0 tables that make a merge into level 1 due. @default 4 */
  readonly levelZeroTrigger?: number;
  /** Level-0 tables from which writers are slowed down. @default 12 */
  readonly levelZeroSlowdown?: number;
  /** Level-0 tables from which a full memtable holds writers. @default 20 */
  readonly levelZeroStop?: number;
  /** How much level 1 holds, in bytes; each level below holds 10 times more. @default 134217728 */
  readonly levelOneBytes?: number;
  /** Bytes beyond the levels' sizes from which writers are slowed down. @default 536870912 */
  readonly slowdownDebtBytes?: number;
  /** Bytes beyond those sizes from which a full memtable holds writers. @default 2147483648 */
  readonly stopDebtBytes?: number;
  /** How much a flush or merge reads before it lets others run, in bytes. @default 131072 */
  readonly mergeSliceBytes?: number;
  /**
   * Who merges tables, such as `workerCompactor()` of `@ds/storage-lsm/node`; the store closes it.
   * Without one, the calling thread merges, in slices.
   */
  readonly compactor?: Compactor | undefined;
  /** How long a compactor may be silent before its job is done here. @default 30000 */
  readonly compactorPatienceMs?: number;
}

/**
 * Opens what is there for reading only: no file is made, changed, removed or locked. For a
 * checkpoint, or a directory that nobody has open for writing.
 */
export interface ReadOnlyLsmStoreOptions extends Omit<LsmStoreOptions, 'readOnly'> {
  readonly readOnly: true;
}

export interface ResolvedOptions extends Required<Omit<LsmStoreOptions, 'readOnly'>> {
  readonly compression: BlockCodec | undefined;
  readonly compactor: Compactor | undefined;
  readonly decisions: SafetyDecisions;
}

export function resolveOptions(
  {
    directory,
    fileSystem,
    maxKeyBytes = DEFAULT_LIMITS.maxKeyBytes,
    maxValueBytes = DEFAULT_LIMITS.maxValueBytes,
    memtableBytes = 8 * MIB,
    maxImmutableMemtables = 2,
    blockCacheBytes = 24 * MIB,
    maxOpenTables = 500,
    blockBytes = 2 * KIB,
    bloomBitsPerKey = 12,
    compression,
    codecs = [],
    tableBytes = 4 * MIB,
    logPreallocateBytes = MIB,
    manifestGrowthBytes = MIB,
    levelZeroTrigger = 4,
    levelZeroSlowdown = 12,
    levelZeroStop = 20,
    levelOneBytes = 128 * MIB,
    slowdownDebtBytes = 512 * MIB,
    stopDebtBytes = Math.max(slowdownDebtBytes, 2048 * MIB),
    mergeSliceBytes = 128 * KIB,
    compactor,
    compactorPatienceMs = 30_000,
  }: LsmStoreOptions | ReadOnlyLsmStoreOptions,
  decisions: SafetyDecisions = SAFE_DECISIONS,
): ResolvedOptions {
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError('directory is a path');
  }
  if (typeof fileSystem?.open !== 'function') {
    throw new TypeError('fileSystem is a FileSystem, such as nodeFileSystem() of @ds/storage/node');
  }
  const numbers = {
    maxKeyBytes: whole('maxKeyBytes', maxKeyBytes, 1, 16 * MIB),
    maxValueBytes: whole('maxValueBytes', maxValueBytes, 0, 512 * MIB),
    memtableBytes: whole('memtableBytes', memtableBytes, KIB, 512 * MIB),
    maxImmutableMemtables: whole('maxImmutableMemtables', maxImmutableMemtables, 1, 64),
    blockCacheBytes: whole('blockCacheBytes', blockCacheBytes, 0, 64 * KIB * MIB),
    maxOpenTables: whole('maxOpenTables', maxOpenTables, 2, 100_000),
    blockBytes: whole('blockBytes', blockBytes, 64, MIB),
    bloomBitsPerKey: whole('bloomBitsPerKey', bloomBitsPerKey, 0, 32),
    tableBytes: whole('tableBytes', tableBytes, KIB, KIB * MIB),
    logPreallocateBytes: whole('logPreallocateBytes', logPreallocateBytes, 0, 512 * MIB),
    manifestGrowthBytes: whole('manifestGrowthBytes', manifestGrowthBytes, 0, 512 * MIB),
    levelZeroTrigger: whole('levelZeroTrigger', levelZeroTrigger, 1, 1000),
    levelZeroSlowdown: whole('levelZeroSlowdown', levelZeroSlowdown, levelZeroTrigger, 1000),
    levelZeroStop: whole('levelZeroStop', levelZeroStop, levelZeroSlowdown, 1000),
    levelOneBytes: whole('levelOneBytes', levelOneBytes, KIB, MIB * MIB),
    slowdownDebtBytes: whole('slowdownDebtBytes', slowdownDebtBytes, 1, MIB * MIB),
    stopDebtBytes: whole('stopDebtBytes', stopDebtBytes, slowdownDebtBytes, MIB * MIB),
    mergeSliceBytes: whole('mergeSliceBytes', mergeSliceBytes, KIB, 64 * MIB),
    compactorPatienceMs: whole('compactorPatienceMs', compactorPatienceMs, 1, 3_600_000),
  };
  codecsByNumber(compression ? [compression, ...codecs] : codecs);
  return { directory, fileSystem, compression, codecs, compactor, ...numbers, decisions };
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is a whole number from ${least} to ${most}, got ${value}`);
}
