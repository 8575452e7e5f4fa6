/**
 * What a simulated disk holds: for each file and directory the state that running code sees, the
 * state that would surely survive a power cut, and the changes between the two.
 *
 * Invariant: durable state + pending changes in order = current state, except for what a failed
 * sync dropped (the current state then shows bytes that no sync will ever make durable).
 *
 * A crash decides for each file and each directory by itself which pending changes survive: none,
 * all, the first few, or any subset; a write that survives may be torn at any byte, by sectors, or
 * have grown the file without its bytes. So unsynced changes survive in any
 * combination, as on a device that reorders what it was not told to flush.
 *
 * Cost: a write is copied twice; a sync is linear in what was written since the last one; a crash
 * is linear in the disk. Source: Pillai et al., "All File Systems Are Not Created Equal", OSDI
 * 2014; Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020.
 */
import { drawChance, drawInteger, type Random } from './random.ts';

const SECTOR_BYTES = 512;

/** Which unsynced changes survive a power cut: chosen at random, or none. */
export type Survival = 'random' | 'none';

type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly data: Uint8Array }
  | { readonly kind: 'resize'; readonly size: number };

type DirectoryChange =
  | { readonly kind: 'set'; readonly name: string; readonly target: FileImage | DirectoryImage }
  | { readonly kind: 'delete'; readonly name: string }
  | {
      readonly kind: 'move';
      readonly from: string;
      readonly to: string;
      readonly target: FileImage;
    };

/** Bytes that grow. Beyond `size` the buffer is all zeros. */
class Bytes {
  size = 0;
  #buffer = new Uint8Array(0);

  write(position: number, data: Uint8Array): void {
    const end = position + data.length;
    if (end > this.size) this.resize(end);
    this.#buffer.set(data, position);
  }

  resize(size: number): void {
    if (size > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(size, this.#buffer.length * 2, 256));
      grown.set(this.#buffer.subarray(0, this.size));
      this.#buffer = grown;
    } else if (size < this.size) {
      this.#buffer.fill(0, size, this.size);
    }
    this.size = size;
  }

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.size);
  }

  flipBit(position: number, bit: number): void {
    if (position < this.size) this.#buffer[position]! ^= 1 << bit;
  }

  clone(): Bytes {
    const copy = new Bytes();
    copy.#buffer = this.#buffer.slice(0, this.size);
    copy.size = this.size;
    return copy;
  }
}

/** One file's bytes, whatever its names. */
export class FileImage {
  #current = new Bytes();
  #durable = new Bytes();
  #pending: FileChange[] = [];
  // Changes are numbered from 0 for the file's life; #pending starts at this number.
  #firstPending = 0;

  get size(): number {
    return this.#current.size;
  }

  get unsyncedChanges(): number {
    return this.#pending.length;
  }

  /** The number the next change will get: what a sync that starts now has to cover. */
  get changes(): number {
    return this.#firstPending + this.#pending.length;
  }

  read(position: number, target: Uint8Array): number {
    const found = this.#current.view().subarray(position, position + target.length);
    target.set(found);
    return found.length;
  }

  write(position: number, data: Uint8Array): void {
    this.#change({ kind: 'write', position, data: data.slice() });
  }

  resize(size: number): void {
    this.#change({ kind: 'resize', size });
  }

  /** Makes the changes numbered below `end` durable. */
  sync(end: number): void {
    for (const change of this.#takePending(end)) apply(this.#durable, change);
  }

  /** A sync that failed: some of the changes reached the device, the rest never will. */
  failSync(end: number, random: Random): void {
    const changes = this.#takePending(end);
    for (const change of drawSurvivors(changes, 'random', random)) {
      applyMaybeTorn(this.#durable, change, random);
    }
  }

  crash(survival: Survival, random: Random): void {
    const pending = this.#takePending(this.changes);
    const survivors = drawSurvivors(pending, survival, random);
    for (const change of survivors) {
      applyMaybeTorn(this.#durable, change, random);
    }
    this.#current = this.#durable.clone();
  }

  /** Damages the file where it lies, in what is read now and after any crash. */
  flipBit(position: number, bit: number): void {
    this.#current.flipBit(position, bit);
    this.#durable.flipBit(position, bit);
  }

  #change(change: FileChange): void {
    apply(this.#current, change);
    this.#pending.push(change);
  }

  #takePending(end: number): FileChange[] {
    const taken = this.#pending.splice(0, Math.max(0, end - this.#firstPending));
    this.#firstPending += taken.length;
    return taken;
  }
}

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

  crash(survival: Survival, random: Random, crashed: Set<FileImage> = new Set()): void {
    const pending = this.#pending.splice(0);
    this.#firstPending += pending.length;
    for (const change of drawSurvivors(pending, survival, random)) {
      applyToNames(this.#durable, change);
    }
    this.entries.clear();
    for (const [name, target] of this.#durable) {
      this.entries.set(name, target);
      if (target instanceof DirectoryImage) target.crash(survival, random, crashed);
      else if (!crashed.has(target)) {
        crashed.add(target);
        target.crash(survival, random);
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

function apply(bytes: Bytes, change: FileChange): void {
  if (change.kind === 'write') bytes.write(change.position, change.data);
  else bytes.resize(change.size);
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

function drawSurvivors<C>(changes: readonly C[], survival: Survival, random: Random): readonly C[] {
  if (survival === 'none' || changes.length === 0) return [];
  switch (drawInteger(random, 0, 3)) {
    case 0:
      return [];
    case 1:
      return changes;
    case 2:
      return changes.slice(0, drawInteger(random, 0, changes.length));
    default:
      return changes.filter(() => random() < 0.5);
  }
}

function applyMaybeTorn(bytes: Bytes, change: FileChange, random: Random): void {
  if (change.kind === 'resize' || !drawChance(random, 0.25)) {
    apply(bytes, change);
    return;
  }
  const { position, data } = change;
  switch (drawInteger(random, 0, 2)) {
    case 0:
      bytes.write(position, data.subarray(0, drawInteger(random, 0, data.length)));
      break;
    case 1:
      writeSomeSectors(bytes, position, data, random);
      break;
    default:
      // The file grew, the bytes never came: zeros where there was nothing, else what was there.
      bytes.resize(Math.max(bytes.size, position + data.length));
  }
}

function writeSomeSectors(bytes: Bytes, position: number, data: Uint8Array, random: Random): void {
  for (let start = 0; start < data.length; ) {
    const end = Math.min(data.length, start + SECTOR_BYTES - ((position + start) % SECTOR_BYTES));
    if (random() < 0.5) bytes.write(position + start, data.subarray(start, end));
    start = end;
  }
}
