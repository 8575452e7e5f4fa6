import type { Bounds, Entry } from '@ds/storage';

/** What one command sees and changes. Calls after `apply` has returned throw. */
export interface Transaction {
  /** Sees the writes of earlier commands and of this one. The bytes must not be changed. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** The bytes are kept: they must not be changed afterwards. */
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /**
   * The keys within `bounds` in order, as they are now; what this command changes while it looks at
   * them need not show. Cost: that of the store's, and O(keys changed by this group of entries).
   */
  range(bounds?: Bounds): Iterable<Entry>;
}
