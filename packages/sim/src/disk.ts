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
import { type FileSystem, StorageError } from '@ds/storage';
import { DirectoryImage, type FileImage, type Survival } from './disk-image.ts';
import { SimFileSystem } from './file-system.ts';
import {
  checkDelayRange,
  checkProbability,
  type DelayRange,
  drawChance,
  drawDelay,
  drawInteger,
  drawOne,
  type Random,
} from './random.ts';

export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'preallocate'
  | 'size'
  | 'datasync'
  | 'rename'
  | 'link'
  | 'remove'
  | 'list'
  | 'mkdir'
  | 'lock'
  | 'syncDirectory';

/** One call that reached the disk. */
export interface DiskCall {
  /** Counts from 0 over the disk's life, across crashes. */
  readonly index: number;
  readonly operation: DiskOperation;
  readonly path: string;
}

/**
 * What becomes of a call.
 * - `'fail'`: `STORAGE_IO`. A write may leave a part of itself; a failed `datasync` drops what it
 *   covered (some of it may be on the device), though it reads back until the crash.
 * - `'full'`: `STORAGE_FULL`; as `'fail'` otherwise.
 * - `'crash'`: the power fails during the call, whose effect is among the unsynced ones; the call
 *   throws `STORAGE_CLOSED`, as every later one on the old view does.
 */
export type DiskFault = 'fail' | 'full' | 'crash';

export interface DiskOptions {
  /** How long `datasync` and `syncDirectory` take in a world. @default 0.1, 0.5, 5 */
  readonly sync: DelayRange;
  /** The probability that a sync fails and drops what it covered. @default 0 */
  readonly failSync: number;
  /** The probability that any other call fails. @default 0 */
  readonly failCall: number;
  /** The sum of all file sizes before `STORAGE_FULL`. @default 1 GiB */
  readonly capacityBytes: number;
}

export interface SimDiskOptions extends Partial<DiskOptions> {
  /** Decides what survives a crash and where writes tear. */
  readonly random: Random;
  /** Calls `fire` after virtual time. @default in a microtask, whatever the delay */
  readonly defer?: (delayMs: number, fire: () => void) => void;
  /** Whether a failure that chance has drawn happens. @default always */
  readonly allow?: () => boolean;
  /** Called at the start of every crash. */
  readonly onCrash?: (survival: Survival | 'process') => void;
}

export interface DiskStatus {
  readonly calls: number;
  readonly crashes: number;
  readonly files: number;
  readonly bytes: number;
  /** Changes to bytes and names that no sync has covered. */
  readonly unsyncedChanges: number;
  readonly failures: number;
}

const DEFAULTS: DiskOptions = {
  sync: { minMs: 0.1, meanMs: 0.5, maxMs: 5 },
  failSync: 0,
  failCall: 0,
  capacityBytes: 2 ** 30,
};

/** @throws {RangeError} for a setting out of its range. */
export function resolveDiskOptions(
  partial: Partial<DiskOptions>,
  base: DiskOptions = DEFAULTS,
): DiskOptions {
  const options = {
    sync: partial.sync ?? base.sync,
    failSync: partial.failSync ?? base.failSync,
    failCall: partial.failCall ?? base.failCall,
    capacityBytes: partial.capacityBytes ?? base.capacityBytes,
  };
  checkDelayRange('disk.sync', options.sync);
  checkProbability('disk.failSync', options.failSync);
  checkProbability('disk.failCall', options.failCall);
  if (!(options.capacityBytes > 0 && Number.isFinite(options.capacityBytes))) {
    throw new RangeError(`disk.capacityBytes is positive and finite, got ${options.capacityBytes}`);
  }
  return options;
}

/** A disk for one machine; see the top of this file. */
export class SimDisk {
  readonly #random: Random;
  readonly #defer: (delayMs: number, fire: () => void) => void;
  readonly #allow: () => boolean;
  readonly #onCrash: ((survival: Survival | 'process') => void) | undefined;
  readonly #root = new DirectoryImage();
  readonly #faults = new Map<number, DiskFault>();
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

  /** Forgets what {@link failAt} was told. */
  clearFaults(): void {
    this.#faults.clear();
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
   * and its cache with it, so that everything still reads back, synced or not.
   */
  crash(survival: Survival | 'process' = 'random'): void {
    this.#crashes += 1;
    this.#onCrash?.(survival);
    if (survival !== 'process') this.#root.crash(survival, this.#random);
    this.#view = new SimFileSystem(this, this.#root);
  }

  /** Flips one bit of a file where it lies; by default a random one of a random file. */
  flipBit(target: { path?: string; position?: number; bit?: number } = {}): void {
    const files = [...new Set(this.#root.files())].filter((file) => file.size > 0);
    const file = target.path === undefined ? drawOne(this.#random, files) : this.#find(target.path);
    if (file === undefined || file.size === 0) throw new RangeError('there is no byte to damage');
    const position = target.position ?? drawInteger(this.#random, 0, file.size - 1);
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
      unsyncedChanges,
      failures: this.#failures,
    };
  }

  /** Whether `view` is the one that works. */
  isCurrent(view: SimFileSystem): boolean {
    return this.#view === view;
  }

  /** Counts a call and tells what becomes of it. */
  admit(operation: DiskOperation, path: string): DiskFault | 'ok' {
    const call: DiskCall = { index: this.#calls, operation, path };
    this.#calls += 1;
    const fault = this.#faults.get(call.index) ?? this.#decide?.(call) ?? 'ok';
    const { failSync, failCall } = this.#options;
    const isSync = operation === 'datasync' || operation === 'syncDirectory';
    const unlucky = fault === 'ok' && drawChance(this.#random, isSync ? failSync : failCall);
    const outcome = unlucky && this.#allow() ? 'fail' : fault;
    if (outcome !== 'ok') this.#failures += 1;
    return outcome;
  }

  /** @throws {StorageError} `STORAGE_FULL` when `bytes` more do not fit. */
  reserve(path: string, bytes: number): void {
    // Counting afresh is linear in the number of files, so only growth that could matter pays.
    this.#grownBytes += bytes;
    if (this.#grownBytes <= this.#options.capacityBytes) return;
    const used = this.#usedBytes();
    if (used + bytes > this.#options.capacityBytes) {
      this.#grownBytes = used;
      throw new StorageError('STORAGE_FULL', `no space left for ${bytes} bytes`, { path });
    }
    this.#grownBytes = used + bytes;
  }

  /** A part of `length`, for a write that fails on its way. */
  partOf(length: number): number {
    return drawInteger(this.#random, 0, length);
  }

  /** Calls `fire` when a sync that starts now is through. */
  afterSync(fire: () => void): void {
    this.#defer(drawDelay(this.#random, this.#options.sync), fire);
  }

  failSync(file: FileImage, end: number): void {
    file.failSync(end, this.#random);
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
