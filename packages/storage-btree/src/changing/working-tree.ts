/**
 * The tree as it stands, whole at every moment, and the version that counts its changes.
 *
 * Invariants: it is replaced as a whole, and the version rises by one each time; what a version
 * needs is not written over while it stands, a reader holds it, or opening could come back to it.
 */

import type { SafetyDecisions } from '../decisions.ts';
import type { OpenedData } from '../durable/data-file.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import { applyChanges } from './apply.ts';
import type { Changes } from './changes.ts';

export interface TreeListener {
  onChange(): void;
  /**
   * A change has failed half way. The tree is as before, but what is known of the pages in use is
   * wrong: from now on nothing may be made durable.
   */
  onFailure(cause: unknown): void;
}

export class WorkingTree {
  readonly #data: OpenedData;
  readonly #decisions: SafetyDecisions;
  #listener: TreeListener | undefined;
  #tree: TreeReference;
  #version: number;

  constructor(data: OpenedData, decisions: SafetyDecisions) {
    this.#data = data;
    this.#decisions = decisions;
    this.#tree = data.meta.root;
    this.#version = data.meta.version;
  }

  listen(listener: TreeListener): void {
    this.#listener = listener;
  }

  get tree(): TreeReference {
    return this.#tree;
  }

  get version(): number {
    return this.#version;
  }

  /** Whether opening would come back to just this tree. */
  get isDurable(): boolean {
    return this.#data.checkpoints.durableVersion === this.#version;
  }

  /** Takes changes until about `maxPages` leaves have been touched, or all. */
  apply(changes: Changes, maxPages: number = Number.POSITIVE_INFINITY): void {
    do {
      this.replace((old) =>
        applyChanges(old, changes, this.#data.writer, this.#decisions, maxPages),
      );
    } while (maxPages === Number.POSITIVE_INFINITY && !changes.isDone);
  }

  /** Puts another tree in its place. */
  replace(make: (old: TreeReference) => TreeReference): void {
    try {
      this.#tree = make(this.#tree);
    } catch (cause) {
      this.#listener?.onFailure(cause);
      throw cause;
    }
    this.nextVersion();
    this.#data.writer.space.endVersion(this.#version);
    this.#listener?.onChange();
  }

  nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }
}
