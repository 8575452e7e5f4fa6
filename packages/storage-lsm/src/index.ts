export { openLsmStore } from './open.ts';
export type { LsmStoreOptions } from './options.ts';
export type { LsmStatus } from './status.ts';
export type { LsmStore } from './store.ts';
