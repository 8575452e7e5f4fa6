export {
  checkBatch,
  checkBounds,
  checkKey,
  checkLimits,
  checkValue,
  compareBytes,
  DEFAULT_LIMITS,
  type Limits,
  prefixBounds,
  withinBounds,
} from './bytes.ts';
export { crc32 } from './checksum.ts';
export { StorageError, type StorageErrorCode, type StorageErrorOptions } from './errors.ts';
export type { File, FileSystem, Lock, OpenOptions } from './file-system.ts';
export type {
  Batch,
  Bounds,
  DeleteRange,
  Entry,
  KeyValueStore,
  Operation,
  Reader,
  Snapshot,
  StoreStatus,
  WriteOptions,
} from './key-value-store.ts';
export { openDirectory } from './open-directory.ts';
