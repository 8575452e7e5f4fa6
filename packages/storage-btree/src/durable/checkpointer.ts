/**
 * Bringing what was written into the tree, and the tree onto the disk: one checkpoint after
 * another, in the background.
 *
 * A checkpoint freezes the write buffer, has the tree take it in slices, others running in between,
 * makes that tree durable, and lets go of the log that it came from. Whoever needs the tree to have
 * everything at once, to count in it, gets that done in one go, also in the midst of a checkpoint.
 *
 * A change that falls everywhere gives up every leaf, and until a head has left them behind none of
 * their places can be used again. So a checkpoint that has given much up writes a head on its way:
 * of a tree that has taken a part of the frozen buffer, with the log's old place, from which all of
 * it is replayed over that part, and shows the same. The log is durable up to there before such a
 * head is written, which says so: else a crash could keep a part of what the log has lost.
 *
 * Invariants: what a checkpoint makes durable in the end is exactly what was written before it
 * froze the buffer, so that the log goes on there; those who wait for a checkpoint are told of one
 * that began after they asked. After a failure everybody is told, and nothing is tried again.
 */
import type { StorageError } from '@ds/storage';
import type { LogSegment, WriteAheadLog } from '@ds/storage/engine';
import type { Changes } from '../changing/changes.ts';
import { changesOf } from '../changing/memtable-changes.ts';
import type { WorkingTree } from '../changing/working-tree.ts';
import type { OpenedData } from './data-file.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** Leaves that are made anew before others run, at most: about 3 ms. */
const MOST_SLICE_PAGES = 128;
const SLICE_SHARE_OF_BUFFER = 1 / 16;
/** What is given up since the last head before the next comes: so many slices, and of the file. */
const SLICES_PER_HEAD = 4;
const HEAD_SHARE_OF_FILE = 1 / 16;
/** Fewer are not worth a head, which writes some pages' worth itself. */
const LEAST_PAGES_PER_HEAD = 6;

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
  /** The size of the buffer when it is full, in bytes. */
  readonly bufferBytes: number;
  /** Fails the store; returns what its writers are told. */
  onFailure(cause: unknown): StorageError;
}

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #slicePages: number;
  #waiters: Waiter[] = [];
  #paced: (() => void)[] = [];
  #isDue = false;
  #failure: StorageError | undefined;
  #running: Promise<void> | undefined;
  #current: Current | undefined;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    const { bufferBytes, data } = options;
    const share = Math.ceil((bufferBytes * SLICE_SHARE_OF_BUFFER) / data.writer.pageBytes);
    this.#slicePages = Math.min(share, MOST_SLICE_PAGES);
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

  /**
   * Has the tree take all that is written; not after a failure. Cost: what is in the buffer.
   * @throws {StorageError}
   */
  applyAll(): void {
    const { buffer, working } = this.#options;
    if (this.#failure !== undefined) throw this.#failure;
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
    let syncBefore: Promise<void> = Promise.resolve();
    while (current.written === undefined) {
      // Lets others run, and has the device begin: it is at work while the next slice is made.
      if (this.hasGivenUpMuch) await this.#writeHead(current);
      else {
        const sync = data.checkpoints.settle();
        // The head comes after it, and fails with it.
        sync.catch(() => {});
        await syncBefore;
        syncBefore = sync;
      }
      this.#letOn();
      // Meanwhile somebody may have had it all done.
      if (current.written === undefined) this.#slice(current);
    }
    await current.written;
    this.#current = undefined;
    log.advance(sequence);
    for (const each of [...log.segments]) if (each.number < segment.number) log.release(each);
  }

  /** Whether the tree has given up so much since the last head that the next is worth its syncs. */
  get hasGivenUpMuch(): boolean {
    const { checkpoints, writer } = this.#options.data;
    const givenUp = writer.space.waitingAfter(checkpoints.durableVersion);
    const ofFile = writer.space.usedPages * HEAD_SHARE_OF_FILE;
    const slices = this.#slicePages * SLICES_PER_HEAD;
    return givenUp >= Math.max(slices, ofFile, LEAST_PAGES_PER_HEAD);
  }

  /** Makes the part that the tree has taken so far durable. */
  #writeHead({ segment, sequence }: Current): Promise<void> {
    const { data, log, working } = this.#options;
    const { checkpoints } = data;
    const position = { ...checkpoints.last.log, syncedSequence: sequence };
    const logIsReady = (): Promise<void> => log.syncBefore(segment);
    return checkpoints.write(working.tree, working.nextVersion(), position, logIsReady);
  }

  /** After the last one what is to be durable is fixed, before anybody can change the tree. */
  #slice(current: Current): void {
    const { data, log, buffer, working } = this.#options;
    if (this.#failure !== undefined) throw this.#failure;
    const { changes, segment, sequence } = current;
    if (!changes.isDone) working.apply(changes, this.#slicePages);
    if (!changes.isDone) return;
    buffer.dropFrozen();
    const version = working.nextVersion();
    const position = {
      logNumber: segment.number,
      appliedSequence: sequence,
      syncedSequence: sequence,
    };
    const logIsReady = (): Promise<void> => log.syncHeader(segment);
    current.written = data.checkpoints.write(working.tree, version, position, logIsReady);
    // Whoever waits is told below; until somebody does, a failure is nobody's.
    current.written.catch(() => {});
  }

  #letOn(): void {
    for (const resolve of this.#paced.splice(0)) resolve();
  }
}
