/**
 * A tree and changes in, a tree out: the only way in which trees change.
 *
 * No page is written over: leaves that changes fall into are replaced, then the branches above
 * those, up to a new root. The old root goes on showing the old tree for as long as its pages are
 * not handed out again. A split, a merge, a removed range and a sorted load are all this one thing,
 * and none of them can be seen half done.
 *
 * Cost: with n changes to a tree of L leaves about min(n, L) leaves are read and written, and the
 * branches above them; so the more changes come together, the less each costs.
 * Source: Rodeh, "B-trees, Shadowing, and Clones" (2008); O'Neil et al. (1996) for batches in key
 * order.
 */

import type { SafetyDecisions } from '../decisions.ts';
import { loadNode } from '../pages/node-cursor.ts';
import type { PageWriter } from '../pages/page-writer.ts';
import { EMPTY_TREE, type TreeReference } from '../pages/tree-reference.ts';
import { Assembly, type NewChild } from './assembly.ts';
import { BranchPass } from './branch-pass.ts';
import type { Changes } from './changes.ts';
import { LeafPass } from './leaf-pass.ts';
import type { Replacement } from './level-pass.ts';

/**
 * Takes changes until about `maxPages` leaves have been touched or none is left. The tree that
 * comes out holds all up to `changes.nextKey()`, and is whole.
 */
export function applyChanges(
  tree: TreeReference,
  changes: Changes,
  writer: PageWriter,
  decisions: SafetyDecisions,
  maxPages: number = Number.POSITIVE_INFINITY,
): TreeReference {
  const { announcesSplits } = decisions;
  let replacements: readonly Replacement[] = new LeafPass(
    writer,
    tree,
    changes,
    announcesSplits,
  ).run(maxPages);
  writer.flush();
  for (let level = 1; level <= tree.level && replacements.length > 0; level += 1) {
    const pass = new BranchPass(writer, tree, level, replacements, announcesSplits);
    replacements = pass.run(Number.POSITIVE_INFINITY);
    writer.flush();
  }
  if (replacements.length === 0) return tree;
  return topOf(
    replacements.flatMap(({ children }) => children),
    writer,
  );
}

/** The tree whose highest complete level is `children`. */
function topOf(children: NewChild[], writer: PageWriter): TreeReference {
  let level = children;
  while (level.length > 1) {
    const assembly = new Assembly(writer, level[0]!.tree.level + 1);
    assembly.begin(level[0]!.key);
    for (const child of level) {
      assembly.addChild(child);
      assembly.spill(true);
    }
    level = assembly.finish(true);
    writer.flush();
  }
  let top = level[0]?.tree ?? EMPTY_TREE;
  // A root with one child is not needed.
  while (top.level > 0) {
    const page = loadNode(writer.pager, top.page, top.checksum, top.level);
    if (page.count > 1) break;
    writer.space.giveUp(top.page);
    top = page.child(0);
  }
  return top;
}
