export { StoreLevelError, type StoreLevelErrorCode } from './errors.ts';
export type { StoreLevelOptions, SyncOption } from './options.ts';
export { type LevelReader, StoreLevel, type StoreSource } from './store-level.ts';
