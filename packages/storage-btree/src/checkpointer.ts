/**
 * Bringing what was written into the tree, and the tree onto the disk: one checkpoint after
 * another, in the background.
 *
 * A checkpoint freezes the write buffer, has the tree take it in slices, others running in between,
 * makes that tree durable, and lets go of the log that it came from. Whoever needs the tree to have
 * everything at once, to count in it, gets that done in one go, also in the midst of a checkpoint.
 *
 * Invariants: what a checkpoint makes durable is exactly what was written before it froze the
 * buffer, so that the log goes on there; those who wait for a checkpoint are told of one that began
 * after they asked. After a failure everybody is told, and nothing is tried again.
 */
import type { StorageError } from '@ds/storage';
import type { LogSegment, WriteAheadLog } from '@ds/storage/engine';
import type { Changes } from './changes.ts';
import type { OpenedData } from './data-file.ts';
import { changesOf } from './memtable-changes.ts';
import type { WorkingTree } from './working-tree.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** Leaves that are made anew before others run: about 3 ms. */
const SLICE_PAGES = 128;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: StorageError) => void;
}

/** The checkpoint under way. */
interface Current {
  readonly changes: Changes;
  /** The last operation that it takes in. */
  readonly sequence: number;
  /** The log from there on. */
  readonly segment: LogSegment;
  /** Set once the tree has taken all of it. */
  written: Promise<void> | undefined;
}

export interface CheckpointerOptions {
  readonly data: OpenedData;
  readonly log: WriteAheadLog;
  readonly buffer: WriteBuffer;
  readonly working: WorkingTree;
  /** Fails the store; returns what its writers are told. */
  onFailure(cause: unknown): StorageError;
}

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #waiters: Waiter[] = [];
  #paced: (() => void)[] = [];
  #isDue = false;
  #failure: StorageError | undefined;
  #running: Promise<void> | undefined;
  #current: Current | undefined;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when all that is written now is durable in the tree. */
  request(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.schedule();
    });
  }

  /** Sees to it that a checkpoint comes, without waiting for it. */
  schedule(): void {
    if (this.#failure !== undefined) return;
    this.#isDue = true;
    this.#running ??= this.#run();
  }

  /** Resolves when a checkpoint has got on by a slice, or none is under way. */
  nextSlice(): Promise<void> {
    if (this.#running === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#paced.push(resolve));
  }

  /** Resolves when no checkpoint is under way or due; never rejects. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** After a failure: rejects all who wait, and begins nothing more. */
  reject(error: StorageError): void {
    this.#failure = error;
    this.#isDue = false;
    for (const { reject } of this.#waiters.splice(0)) reject(error);
    this.#letOn();
  }

  /** Has the tree take all that is written. Cost: what is in the buffer. */
  applyAll(): void {
    const { buffer, working } = this.#options;
    const current = this.#current;
    while (current !== undefined && current.written === undefined) this.#slice(current);
    if (buffer.memtables.length === 0) return;
    working.apply(changesOf(buffer.active));
    buffer.drop();
  }

  async #run(): Promise<void> {
    let group: Waiter[] = [];
    try {
      // The caller is in the middle of a write.
      await undefined;
      while (this.#isDue) {
        this.#isDue = false;
        group = this.#waiters.splice(0);
        await this.#checkpoint();
        for (const { resolve } of group.splice(0)) resolve();
      }
    } catch (cause) {
      const error = this.#options.onFailure(cause);
      for (const { reject } of group) reject(error);
    } finally {
      this.#running = undefined;
      this.#current = undefined;
      this.#letOn();
    }
  }

  async #checkpoint(): Promise<void> {
    const { data, log, buffer } = this.#options;
    const { memtable, segment } = buffer.freeze();
    const sequence = buffer.lastSequence;
    const current: Current = {
      changes: changesOf(memtable),
      sequence,
      segment,
      written: undefined,
    };
    this.#current = current;
    this.#slice(current);
    while (current.written === undefined) {
      // Lets others run, and has the device begin.
      await data.pager.file.file.datasync();
      this.#letOn();
      // Meanwhile somebody may have had it all done.
      if (current.written === undefined) this.#slice(current);
    }
    await current.written;
    this.#current = undefined;
    log.advance(sequence);
    for (const each of [...log.segments]) if (each.number < segment.number) log.release(each);
  }

  /** After the last one what is to be durable is fixed, before anybody can change the tree. */
  #slice(current: Current): void {
    const { data, log, buffer, working } = this.#options;
    if (this.#failure !== undefined) throw this.#failure;
    const { changes, segment, sequence } = current;
    if (!changes.isDone) working.apply(changes, SLICE_PAGES);
    if (!changes.isDone) return;
    buffer.dropFrozen();
    const version = working.nextVersion();
    const position = { logNumber: segment.number, appliedSequence: sequence };
    const logIsReady = (): Promise<void> => log.syncHeader(segment);
    current.written = data.checkpoints.write(working.tree, version, position, logIsReady);
    // Whoever waits is told below; until somebody does, a failure is nobody's.
    current.written.catch(() => {});
  }

  #letOn(): void {
    for (const resolve of this.#paced.splice(0)) resolve();
  }
}
