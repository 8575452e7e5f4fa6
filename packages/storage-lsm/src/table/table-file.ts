/** A table as the rest of the store knows it: what the manifest says of it, and its reader. */
import type { KeyExtent } from './key-extent.ts';
import type { Table } from './table.ts';

/** What a manifest records of a table. Its range tombstones count in its extent. */
export interface TableFacts extends KeyExtent {
  readonly number: number;
  readonly bytes: number;
  readonly entries: number;
  readonly tombstones: number;
  /** Fragments of range tombstones. */
  readonly rangeTombstones: number;
  readonly minSequence: number;
  readonly maxSequence: number;
}

/** A table of the store, open or not. */
export interface TableFile {
  readonly facts: TableFacts;
  /** How many held versions name it. */
  versions: number;
  /** Its open reader, if it is open. */
  open: Table | undefined;
}
