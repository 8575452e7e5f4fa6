/**
 * What a simulated disk holds of one file: the bytes that running code sees, the bytes that would
 * surely survive a power cut, and the changes between the two.
 *
 * Invariant: durable bytes + pending changes in order = current bytes, except for what a failed
 * sync dropped or a misdirected write put elsewhere (the current bytes then show what no sync will
 * ever make durable).
 *
 * Of the changes that survive a power cut any may be torn: at a byte, by sectors, or so that the
 * file has grown without its bytes, where then zeros stand, or what files long gone have left.
 *
 * Cost: a write is copied twice; a sync is linear in what was written since the last one.
 */
import { drawChance, drawInteger, type Random } from '../kernel/random.ts';
import { drawSurvivors, type FreedSpace, type Survival } from './survival.ts';

const SECTOR_BYTES = 512;

type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly data: Uint8Array }
  | { readonly kind: 'resize'; readonly size: number };

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

  get unsyncedBytes(): number {
    let bytes = 0;
    for (const change of this.#pending) if (change.kind === 'write') bytes += change.data.length;
    return bytes;
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

  /** A write that reads back, and is on its way to another sector of the file, or to none. */
  misdirect(position: number, data: Uint8Array, random: Random): void {
    this.#current.write(position, data);
    const { size } = this.#current;
    this.#pending.push({ kind: 'resize', size });
    const places = Math.floor((size - data.length) / SECTOR_BYTES) + 1;
    const own = Math.floor(position / SECTOR_BYTES);
    const place = (own + drawInteger(random, 1, Math.max(1, places - 1))) % places;
    if (place === own) return;
    this.#pending.push({ kind: 'write', position: place * SECTOR_BYTES, data: data.slice() });
  }

  resize(size: number): void {
    this.#change({ kind: 'resize', size });
  }

  /** What lies from `position` on, as running code sees it. */
  tail(position: number): Uint8Array {
    return this.#current.view().slice(position);
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

  crash(survival: Survival, random: Random, freed: FreedSpace): void {
    const pending = this.#takePending(this.changes);
    const survivors = drawSurvivors(pending, survival, random);
    for (const change of survivors) {
      applyMaybeTorn(this.#durable, change, random, freed);
    }
    this.#current = this.#durable.clone();
  }

  /** Whether what is read at `position` is what the device holds there. */
  isSynced(position: number): boolean {
    if (position >= this.#durable.size || position >= this.#current.size) return false;
    return !this.#pending.some((change) =>
      change.kind === 'resize'
        ? change.size <= position
        : change.position <= position && position < change.position + change.data.length,
    );
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

function apply(bytes: Bytes, change: FileChange): void {
  if (change.kind === 'write') bytes.write(change.position, change.data);
  else bytes.resize(change.size);
}

function applyMaybeTorn(
  bytes: Bytes,
  change: FileChange,
  random: Random,
  freed?: FreedSpace,
): void {
  if (change.kind === 'resize') {
    grow(bytes, change.size, freed);
    return;
  }
  if (!drawChance(random, 0.25)) {
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
      // The file grew, the bytes never came; where there were any, those are still there.
      grow(bytes, Math.max(bytes.size, position + data.length), freed);
  }
}

/** Brings the file to `size`; what is new shows zeros, or bytes of files that are gone. */
function grow(bytes: Bytes, size: number, freed: FreedSpace | undefined): void {
  const before = bytes.size;
  bytes.resize(size);
  if (size > before && freed !== undefined) bytes.write(before, freed.draw(size - before));
}

function writeSomeSectors(bytes: Bytes, position: number, data: Uint8Array, random: Random): void {
  for (let start = 0; start < data.length; ) {
    const end = Math.min(data.length, start + SECTOR_BYTES - ((position + start) % SECTOR_BYTES));
    if (random() < 0.5) bytes.write(position + start, data.subarray(start, end));
    start = end;
  }
}
