/**
 * A disk in memory that forgets what it was not told to keep, and fails when told to.
 *
 * Usable without a world: hand an engine `disk.fileSystem()`, call `disk.crash()` when you like, or
 * `disk.failAt(i, 'crash')` for every i up to `disk.calls`, and open the engine again on the new
 * `disk.fileSystem()`.
 *
 * Invariants: what a resolved `datasync` or `syncDirectory` covered survives every crash; after a
 * crash no older view, file or lock works. A directory's first sync also makes it durable that the
 * directory and those above it exist.
 */
import type { FileSystem } from '@ds/storage';
import { drawChance, drawInteger, drawOne, type Random } from '../kernel/random.ts';
import { drawLatency } from '../network/latency.ts';
import { DirectoryImage } from './disk-image.ts';
import {
  type DiskCall,
  type DiskFault,
  type DiskOperation,
  type DiskOptions,
  resolveDiskOptions,
} from './disk-options.ts';
import type { FileImage } from './file-image.ts';
import { type Device, SimFileSystem } from './file-system.ts';
import { FreedSpace, type Loss } from './survival.ts';

export interface SimDiskOptions extends Partial<DiskOptions> {
  /** Decides what survives a crash and where writes tear. */
  readonly random: Random;
  /** Calls `fire` after virtual time. @default in a microtask, whatever the delay */
  readonly defer?: (delayMs: number, fire: () => void) => void;
  /** Whether a failure that chance has drawn happens. @default always */
  readonly allow?: () => boolean;
  /** Called at the start of every crash. */
  readonly onCrash?: (loss: Loss) => void;
}

export interface DiskStatus {
  readonly calls: number;
  readonly crashes: number;
  readonly files: number;
  readonly bytes: number;
  readonly capacityBytes: number;
  /** Changes to bytes and names that no sync has covered. */
  readonly unsyncedChanges: number;
  readonly failures: number;
  /**
   * How often each kind of call was made (`'write'`), and how often it met which fault
   * (`'write short'`, `'datasync crash'`): what a test has reached.
   */
  readonly reached: Readonly<Record<string, number>>;
}

/** A disk for one machine; see the top of this file. */
export class SimDisk implements Device {
  readonly #random: Random;
  readonly #defer: (delayMs: number, fire: () => void) => void;
  readonly #allow: () => boolean;
  readonly #onCrash: ((loss: Loss) => void) | undefined;
  readonly #reached: Record<string, number> = {};
  readonly #freed: FreedSpace;
  #root = new DirectoryImage();
  readonly #faults = new Map<number, DiskFault>();
  readonly #next = new Map<DiskOperation, DiskFault>();
  #options: DiskOptions;
  #decide: ((call: DiskCall) => DiskFault | 'ok') | undefined;
  #view: SimFileSystem;
  #calls = 0;
  #crashes = 0;
  #failures = 0;
  #grownBytes = 0;

  constructor({
    random,
    defer = inMicrotask,
    allow = () => true,
    onCrash,
    ...options
  }: SimDiskOptions) {
    this.#allow = allow;
    this.#random = random;
    this.#defer = defer;
    this.#onCrash = onCrash;
    this.#options = resolveDiskOptions(options);
    this.#freed = new FreedSpace(random, () => this.#options.staleTail);
    this.#view = new SimFileSystem(this, this.#root);
  }

  /** Calls that reached the disk so far; the next one gets this index. */
  get calls(): number {
    return this.#calls;
  }

  /** What running code sees, until the next crash. */
  fileSystem(): FileSystem {
    return this.#view;
  }

  /** Lets the call with this index meet `fault`. */
  failAt(callIndex: number, fault: DiskFault): void {
    this.#faults.set(callIndex, fault);
  }

  /** Lets the next call of this kind meet `fault`. */
  failNext(operation: DiskOperation, fault: DiskFault): void {
    this.#next.set(operation, fault);
  }

  /** Forgets what {@link failAt} and {@link failNext} were told. */
  clearFaults(): void {
    this.#faults.clear();
    this.#next.clear();
  }

  /** Asks `decide` about every call from here on; `undefined` ends that. */
  onCall(decide: ((call: DiskCall) => DiskFault | 'ok') | undefined): void {
    this.#decide = decide;
  }

  /** Changes settings for the calls to come. */
  configure(options: Partial<DiskOptions>): void {
    this.#options = resolveDiskOptions(options, this.#options);
  }

  /**
   * Cuts the power: older views, files and locks are dead from here on, and of what no sync covered
   * a random part survives, or none of it. `'process'` kills only the process: the machine stays up
   * and its cache with it, so that everything still reads back, synced or not. `'lost'` replaces
   * the disk by an empty one.
   */
  crash(loss: Loss = 'random'): void {
    this.#crashes += 1;
    this.#onCrash?.(loss);
    if (loss === 'lost') this.#root = new DirectoryImage();
    else if (loss !== 'process') {
      this.#root.crash({ survival: loss, random: this.#random, freed: this.#freed });
    }
    this.#view = new SimFileSystem(this, this.#root);
  }

  /**
   * Flips one bit of a file where it lies; by default a random one of a random file, among the
   * synced ones as far as there are any.
   * @throws {RangeError} when there is no byte.
   */
  flipBit(target: { path?: string; position?: number; bit?: number } = {}): void {
    const files = [...new Set(this.#root.files())].filter((file) => file.size > 0);
    const file = target.path === undefined ? drawOne(this.#random, files) : this.#find(target.path);
    if (file === undefined || file.size === 0) throw new RangeError('there is no byte to damage');
    const position = target.position ?? this.#drawSynced(file, 0, file.size);
    file.flipBit(position, target.bit ?? drawInteger(this.#random, 0, 7));
  }

  status(): DiskStatus {
    const files = new Set(this.#root.files());
    let unsyncedChanges = 0;
    for (const file of files) unsyncedChanges += file.unsyncedChanges;
    for (const directory of this.#root.directories()) unsyncedChanges += directory.unsyncedChanges;
    return {
      calls: this.#calls,
      crashes: this.#crashes,
      files: files.size,
      bytes: this.#usedBytes(),
      capacityBytes: this.#options.capacityBytes,
      unsyncedChanges,
      failures: this.#failures,
      reached: { ...this.#reached },
    };
  }

  isCurrent(view: SimFileSystem): boolean {
    return this.#view === view;
  }

  admit(operation: DiskOperation, path: string): DiskFault | 'ok' {
    const call: DiskCall = { index: this.#calls, operation, path };
    this.#calls += 1;
    const fault = this.#faults.get(call.index) ?? this.#takeNext(operation) ?? this.#decided(call);
    const { failSync, failCall } = this.#options;
    const isSync = operation === 'datasync' || operation === 'syncDirectory';
    const unlucky = fault === 'ok' && drawChance(this.#random, isSync ? failSync : failCall);
    const outcome = unlucky && this.#allow() ? 'fail' : fault;
    this.#reach(operation);
    if (outcome !== 'ok') {
      this.#failures += 1;
      this.#reach(`${operation} ${outcome}`);
    }
    return outcome;
  }

  reserve(bytes: number): number {
    // Counting afresh is linear in the number of files, so only growth that could matter pays.
    this.#grownBytes += bytes;
    const { capacityBytes } = this.#options;
    if (this.#grownBytes <= capacityBytes) return bytes;
    const free = capacityBytes - this.#usedBytes();
    this.#grownBytes = capacityBytes - Math.max(0, free - bytes);
    if (bytes <= free) return bytes;
    this.#reach('no space left');
    return Math.max(0, free);
  }

  partOf(length: number, fault: DiskFault): number {
    return fault === 'short' && length >= 2
      ? drawInteger(this.#random, 1, length - 1)
      : drawInteger(this.#random, 0, length);
  }

  unlinked(file: FileImage): void {
    if (this.#freed.matters && ![...this.#root.files()].includes(file)) this.cut(file, 0);
  }

  cut(file: FileImage, position: number): void {
    if (this.#freed.matters) this.#freed.add(file.tail(position));
  }

  rot(file: FileImage, position: number, length: number): void {
    const end = Math.min(file.size, position + length);
    if (position >= end) return;
    file.flipBit(this.#drawSynced(file, position, end), drawInteger(this.#random, 0, 7));
  }

  misdirect(file: FileImage, position: number, data: Uint8Array): void {
    file.misdirect(position, data, this.#random);
  }

  afterSync(bytes: number, fire: () => void): void {
    const { sync, bytesPerMs, slowdown } = this.#options;
    this.#defer((drawLatency(this.#random, sync) + bytes / bytesPerMs) * slowdown, fire);
  }

  failSync(file: FileImage, end: number): void {
    file.failSync(end, this.#random);
  }

  #takeNext(operation: DiskOperation): DiskFault | undefined {
    const fault = this.#next.get(operation);
    this.#next.delete(operation);
    return fault;
  }

  #decided(call: DiskCall): DiskFault | 'ok' {
    return this.#decide?.(call) ?? 'ok';
  }

  #reach(what: string): void {
    this.#reached[what] = (this.#reached[what] ?? 0) + 1;
  }

  /** A place in the file between the two, a synced one if a few tries find any. */
  #drawSynced(file: FileImage, start: number, end: number): number {
    let position = drawInteger(this.#random, start, end - 1);
    for (let tries = 0; tries < 16 && !file.isSynced(position); tries += 1) {
      position = drawInteger(this.#random, start, end - 1);
    }
    return position;
  }

  #usedBytes(): number {
    let bytes = 0;
    for (const file of new Set(this.#root.files())) bytes += file.size;
    return bytes;
  }

  #find(path: string): FileImage | undefined {
    return this.#view.find(path);
  }
}

function inMicrotask(_delayMs: number, fire: () => void): void {
  void Promise.resolve().then(fire);
}
