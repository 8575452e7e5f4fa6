/**
 * What a simulated disk holds of a directory: the names that running code sees, the names that
 * would surely survive a power cut, and the changes between the two.
 *
 * Invariant: durable names + pending changes in order = current names.
 *
 * A crash decides for each file and each directory by itself which pending changes survive: none,
 * all, the first few, or any subset. So unsynced changes survive in any combination, as on a device
 * that reorders what it was not told to flush.
 *
 * Cost: a crash is linear in the disk. Source: Pillai et al., "All File Systems Are Not Created
 * Equal", OSDI 2014; Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020.
 */

import type { Random } from '../kernel/random.ts';
import type { FileImage } from './file-image.ts';
import { drawSurvivors, type FreedSpace, type Survival } from './survival.ts';

/** How a crash goes: what survives, by which chance, and what shows where bytes are missing. */
export interface PowerCut {
  readonly survival: Survival;
  readonly random: Random;
  readonly freed: FreedSpace;
}

type DirectoryChange =
  | { readonly kind: 'set'; readonly name: string; readonly target: FileImage | DirectoryImage }
  | { readonly kind: 'delete'; readonly name: string }
  | {
      readonly kind: 'move';
      readonly from: string;
      readonly to: string;
      readonly target: FileImage;
    };

/** The names in one directory. */
export class DirectoryImage {
  readonly parent: DirectoryImage | undefined;
  readonly entries: Map<string, FileImage | DirectoryImage> = new Map();
  #durable = new Map<string, FileImage | DirectoryImage>();
  #pending: DirectoryChange[] = [];
  #firstPending = 0;

  constructor(parent?: DirectoryImage) {
    this.parent = parent;
  }

  get unsyncedChanges(): number {
    return this.#pending.length;
  }

  get changes(): number {
    return this.#firstPending + this.#pending.length;
  }

  set(name: string, target: FileImage | DirectoryImage): void {
    this.#change({ kind: 'set', name, target });
  }

  delete(name: string): void {
    this.#change({ kind: 'delete', name });
  }

  /** Gives `target` the name `to` instead of `from`, in one step. */
  move(from: string, to: string, target: FileImage): void {
    this.#change({ kind: 'move', from, to, target });
  }

  /** Makes the changes numbered below `end` durable, and that this directory exists. */
  sync(end: number): void {
    const taken = this.#pending.splice(0, Math.max(0, end - this.#firstPending));
    this.#firstPending += taken.length;
    for (const change of taken) applyToNames(this.#durable, change);
    this.parent?.keep(this);
  }

  /** Makes durable that `child` exists. Directories are never renamed or removed. */
  keep(child: DirectoryImage): void {
    for (const [name, target] of this.entries) {
      if (target === child) this.#durable.set(name, child);
    }
    this.parent?.keep(this);
  }

  crash(cut: PowerCut, crashed: Set<FileImage> = new Set()): void {
    const { survival, random, freed } = cut;
    const pending = this.#pending.splice(0);
    this.#firstPending += pending.length;
    for (const change of drawSurvivors(pending, survival, random)) {
      applyToNames(this.#durable, change);
    }
    this.entries.clear();
    for (const [name, target] of this.#durable) {
      this.entries.set(name, target);
      if (target instanceof DirectoryImage) target.crash(cut, crashed);
      else if (!crashed.has(target)) {
        crashed.add(target);
        target.crash(survival, random, freed);
      }
    }
  }

  /** Every file below, once for each of its names. */
  *files(): Iterable<FileImage> {
    for (const target of this.entries.values()) {
      if (target instanceof DirectoryImage) yield* target.files();
      else yield target;
    }
  }

  *directories(): Iterable<DirectoryImage> {
    yield this;
    for (const target of this.entries.values()) {
      if (target instanceof DirectoryImage) yield* target.directories();
    }
  }

  #change(change: DirectoryChange): void {
    applyToNames(this.entries, change);
    this.#pending.push(change);
  }
}

function applyToNames(
  names: Map<string, FileImage | DirectoryImage>,
  change: DirectoryChange,
): void {
  if (change.kind === 'delete') names.delete(change.name);
  else if (change.kind === 'set') names.set(change.name, change.target);
  else {
    names.delete(change.from);
    names.set(change.to, change.target);
  }
}
