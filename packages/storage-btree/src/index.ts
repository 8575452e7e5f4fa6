export { openBtreeStore } from './open.ts';
export type { BtreeStoreOptions } from './options.ts';
export type { BtreeStatus } from './status.ts';
export type { BtreeSnapshot, BtreeStore, Counting } from './store.ts';
export type { TreeReport } from './verify.ts';
