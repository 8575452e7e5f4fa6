/** The branches of one level taking what has become of their children. */
import { compareBytes } from '@ds/storage';
import type { PageWriter } from '../pages/page-writer.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import { LevelPass, type Replacement } from './level-pass.ts';

export class BranchPass extends LevelPass {
  readonly #replacements: readonly Replacement[];
  #index = 0;
  /** Children still to be left out, of the replacement before `#index`. */
  #left = 0;

  constructor(
    writer: PageWriter,
    tree: TreeReference,
    level: number,
    replacements: readonly Replacement[],
    isAnnounced: boolean,
  ) {
    super(writer, tree, level, isAnnounced);
    this.#replacements = replacements;
  }

  protected override hasWork(): boolean {
    return this.#index < this.#replacements.length;
  }

  protected override hasWorkBefore(upper: Uint8Array | undefined): boolean {
    if (upper === undefined) return this.hasWork();
    return this.hasWork() && compareBytes(this.#replacements[this.#index]!.lower, upper) < 0;
  }

  protected override seekWork(): void {
    this.cursor.seek(this.#replacements[this.#index]!.lower);
  }

  protected override takePage(upper: Uint8Array | undefined): boolean {
    const page = this.takeOld();
    const { assembly } = this;
    let at = this.#leaveOut(0, page.count);
    for (; this.#left === 0 && this.hasWork(); this.#index += 1) {
      const { lower, replaced, children } = this.#replacements[this.#index]!;
      if (upper !== undefined && compareBytes(lower, upper) >= 0) break;
      const index = page.childFor(lower, 0, lower.length);
      assembly.addRun(page, at, index);
      for (const child of children) assembly.addChild(child);
      this.#left = replaced;
      at = this.#leaveOut(index, page.count);
    }
    assembly.addRun(page, at, page.count);
    return this.#left > 0;
  }

  #leaveOut(from: number, count: number): number {
    const taken = Math.min(this.#left, count - from);
    this.#left -= taken;
    return from + taken;
  }
}
