/**
 * What the trials know of an engine: how to open it, and what it can do beyond the port.
 *
 * Only `open` is needed. Whatever else an engine can do should be told too: an ability that the
 * trials do not know is never in the middle of its work when the power fails.
 */
import type { Batch, Entry, FileSystem, KeyValueStore, Reader } from '@ds/storage';
import type { Random } from '../kernel/random.ts';
import type { FaultName } from './fault-kinds.ts';

/** Where, and on what, a store is to be opened. */
export interface Place {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Of the workload: draw limits from it that differ from one to the next, all of them small. */
  readonly seed: number;
}

/** An engine on trial. It may take files and chance from its `Place` alone, and no time at all. */
export interface Engine<Store extends KeyValueStore = KeyValueStore> {
  /** Opens the store, or begins one, and recovers what a crash has left. */
  open(place: Place): Promise<Store>;
  /**
   * What kind of file has this name, for coverage; none for those that do not matter.
   * @default the name, with `N` for each number in it
   */
  fileKind?(name: string): string | undefined;
  /** The length of a value to write, in bytes. @default evenly from 0 to 300 */
  valueBytes?(random: Random): number;
  /** The engine's own check of all that it holds; throws, or rejects with, what it finds. */
  verify?(store: Store): unknown;
  /**
   * Reads in ways that the port does not know, such as counting, and says what is wrong. `reader`
   * is a store, a snapshot or a copy of one; `entries` are all that it holds, in order.
   */
  check?(reader: Reader, entries: readonly Entry[]): string | undefined;
  /** Other ways to write a batch than `write`, by name: a transaction, a bulk load. */
  readonly writers?: Readonly<Record<string, BatchWriter<Store>>>;
  /** What a store is asked for once in each workload, by name: merging, a checkpoint; up to 8. */
  readonly actions?: Readonly<Record<string, Action<Store>>>;
  /** How a store is copied while it is in use. */
  readonly copy?: CopyAbility<Store>;
  /** The faults that the engine has to live with. @default all */
  readonly faults?: readonly FaultName[];
}

export interface BatchWriter<Store extends KeyValueStore = KeyValueStore> {
  /** Whether it takes only puts, of keys that ascend. @default false */
  readonly ascendingPuts?: boolean;
  /** Whether what it has written is durable when it resolves, asked for or not. @default false */
  readonly isDurable?: boolean;
  /**
   * Writes the batch as a whole or not at all; the workload waits for it before it goes on. An
   * error that is no `StorageError` is a broken promise.
   */
  write(store: Store, batch: Batch, options: BatchWriterOptions): Promise<unknown>;
}

export interface BatchWriterOptions {
  readonly durable: boolean;
  readonly random: Random;
}

export interface Action<Store extends KeyValueStore = KeyValueStore> {
  /** Whether it happens while a snapshot is held. @default anywhere, at random */
  readonly afterSnapshot?: boolean;
  /**
   * A promise is not waited for: writes go on beside what it stands for. An error that is no
   * `StorageError` is a broken promise.
   */
  run(store: Store, random: Random): unknown;
}

export interface CopyAbility<Store extends KeyValueStore = KeyValueStore> {
  /** Resolves when the copy is durable; it holds what the store held meanwhile. */
  make(store: Store, directory: string): Promise<unknown>;
  /** Opens a copy. One that was cut short must not open. */
  open(place: Place): Promise<StoreCopy>;
  /** As `Engine.verify`, of a copy. */
  verify?(copy: StoreCopy): unknown;
}

export interface StoreCopy extends Reader {
  close(): Promise<void>;
}
