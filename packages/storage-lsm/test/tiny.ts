/** Limits so small that flushes and merges happen all the time. */
import type { LsmStoreOptions } from '../src/index.ts';

export const TINY: Partial<LsmStoreOptions> = {
  maxKeyBytes: 1024,
  memtableBytes: 4096,
  tableBytes: 8192,
  blockBytes: 256,
  levelOneBytes: 16_384,
  levelZeroTrigger: 2,
  levelZeroSlowdown: 3,
  levelZeroStop: 5,
  slowdownDebtBytes: 65_536,
  mergeSliceBytes: 2048,
  blockCacheBytes: 16_384,
  maxOpenTables: 4,
  logPreallocateBytes: 1024,
};
