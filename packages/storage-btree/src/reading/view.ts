/**
 * What a reader sees: a tree, and what was written since that tree was made.
 *
 * Invariant: whatever the memtables hold is newer than what the tree holds of the same key, or the
 * same; so a tree that has taken a part of them already shows the same.
 */
import { ABSENT, FragmentProbe, type Memtable, type TombstoneProbe } from '@ds/storage/engine';
import type { TreeReference } from '../pages/tree-reference.ts';
import { getValue, hasKey, type PageSource } from './tree-reader.ts';

export interface View {
  readonly tree: TreeReference;
  /** The newest first; none is empty. */
  readonly memtables: readonly Memtable[];
  /** Of what the memtables hold, this reader sees what was written up to here. */
  readonly sequence: number;
}

/** The value of `key`, copied. Cost: a search per memtable, then one page per level. */
export function valueIn(view: View, key: Uint8Array, pages: PageSource): Uint8Array | undefined {
  for (const memtable of view.memtables) {
    const node = memtable.find(key, view.sequence);
    if (node === ABSENT) continue;
    return memtable.isTombstone(node) ? undefined : memtable.valueOf(node);
  }
  return getValue(view.tree, key, pages);
}

/** Whether `key` has a value; does not read it. */
export function isIn(view: View, key: Uint8Array, pages: PageSource): boolean {
  for (const memtable of view.memtables) {
    const node = memtable.find(key, view.sequence);
    if (node !== ABSENT) return !memtable.isTombstone(node);
  }
  return hasKey(view.tree, key, pages);
}

/** What tells which keys the memtables' deleted ranges lie over. */
export function probesOf({ memtables }: View): TombstoneProbe[] {
  return memtables
    .filter(({ tombstones }) => !tombstones.isEmpty)
    .map(({ tombstones }) => new FragmentProbe(tombstones.view()));
}
