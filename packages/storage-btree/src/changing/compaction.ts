/**
 * Giving the end of the file back: what lies there moves into free places before it.
 *
 * It goes on until a round moves nothing, or as far as readers let it; each round is durable, and
 * its old places are free, before the next begins.
 */
import type { OpenedData } from '../durable/data-file.ts';
import type { PageSource } from '../reading/tree-reader.ts';
import { relocate } from './relocation.ts';
import type { WorkingTree } from './working-tree.ts';

export interface CompactionContext {
  readonly data: OpenedData;
  readonly working: WorkingTree;
  readonly pages: PageSource;
  checkpoint(): Promise<void>;
  /** Throws when it should end. */
  check(): void;
}

/** Pages that are moved before others run. */
const SLICE_PAGES = 1024;

export async function compactFile(context: CompactionContext): Promise<void> {
  const { data, working, pages, checkpoint, check } = context;
  const { writer, checkpoints } = data;
  const { space } = writer;
  for (let above = Number.POSITIVE_INFINITY; ; ) {
    // The second one makes the first one's pages free, and the end of the file is cut.
    await checkpoint();
    await checkpoint();
    check();
    const limit = space.usedPages;
    const stillAbove = space.usedAbove(limit);
    if (stillAbove === 0 || stillAbove >= above) return;
    above = stillAbove;
    checkpoints.movePiecesAbove(limit);
    working.replace((tree) => relocate(tree, limit, SLICE_PAGES, pages, writer));
  }
}
