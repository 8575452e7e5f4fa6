/** What users set, and what abstract-level hands to the methods beneath its public ones. */
import type { Bounds, DeleteRange } from '@ds/storage';
import type { AbstractDatabaseOptions, AbstractSnapshot } from 'abstract-level';
import { successor, toStoredKey } from './stored-key.ts';

/** On `put`, `del`, `batch`, `clear` and the `write` of a chained batch. */
export interface SyncOption {
  /** Resolve only when the write would survive a power cut. @default that of the database */
  readonly sync?: boolean | undefined;
}

export interface StoreLevelOptions<K = string, V = string> extends AbstractDatabaseOptions<K, V> {
  /** What `sync` is where a write does not say: `true` for modules that never do. @default false */
  readonly sync?: boolean | undefined;
  /**
   * Whether there is a database already, asked before it is opened; `createIfMissing: false` and
   * `errorIfExists: true` need it. @default neither is supported
   */
  readonly exists?: (() => boolean | Promise<boolean>) | undefined;
  /** What the manifest says of data outliving the process; false for a `MemoryStore`. @default true */
  readonly permanence?: boolean | undefined;
}

/** Of a read; Level holds the snapshot while the read goes on. */
export interface ReadOptions {
  readonly snapshot?: AbstractSnapshot | null | undefined;
}

/** Of an iterator or `clear`, encoded. Where a side is bounded twice the inclusive bound counts. */
export interface RangeOptions extends ReadOptions {
  readonly gt?: Uint8Array;
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse: boolean;
  /** -1 for none. */
  readonly limit: number;
}

/** Of an iterator. */
export interface IteratorOptions extends RangeOptions {
  readonly keys?: boolean;
  readonly values?: boolean;
  readonly signal?: AbortSignal | null | undefined;
}

/** The bounds as the store takes them; copied, for the caller may reuse a buffer. */
export function storedBounds({ gt, gte, lt, lte, reverse }: RangeOptions): Bounds {
  return {
    ...(gte !== undefined
      ? { gte: storedBound(gte) }
      : gt !== undefined && { gt: storedBound(gt) }),
    ...(lte !== undefined
      ? { lte: storedBound(lte) }
      : lt !== undefined && { lt: storedBound(lt) }),
    reverse,
  };
}

/** All keys within `bounds` as one operation. */
export function deletionOf({ gt, gte, lt, lte }: Bounds): DeleteRange {
  return {
    type: 'deleteRange',
    gte: gt === undefined ? gte : successor(gt),
    lt: lte === undefined ? lt : successor(lte),
  };
}

function storedBound(bound: Uint8Array): Uint8Array {
  return new Uint8Array(toStoredKey(bound));
}
