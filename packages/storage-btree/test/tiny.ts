/** Limits so small that pages split, levels grow and checkpoints happen all the time. */
import type { BtreeStoreOptions } from '../src/index.ts';

export const TINY: Partial<BtreeStoreOptions> = {
  pageBytes: 512,
  cacheBytes: 8192,
  extentBytes: 1024,
  bufferBytes: 4096,
  logPreallocateBytes: 1024,
};
