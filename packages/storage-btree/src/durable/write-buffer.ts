/**
 * What has been written and is not in the tree yet: in the log, so that a crash does not lose it,
 * and in a memtable, so that it can be read and is in key order when the tree takes it.
 *
 * Freezing puts an empty memtable with a log segment of its own in the place of the full one. The
 * frozen one is read until the tree has all of it; its segment stays until that tree is durable.
 *
 * The memory of a memtable that nobody reads any more is used for the next: what is left to the
 * garbage collector in pieces of megabytes comes back late.
 *
 * Invariants: at most one memtable is frozen; sequences rise by one per operation, and each segment
 * goes on where the one before ended.
 */
import type { Batch } from '@ds/storage';
import {
  type BoundedBatch,
  bounded,
  type LogSegment,
  laterKey,
  Memtable,
  type MemtableMemory,
  successor,
  type WriteAheadLog,
} from '@ds/storage/engine';

/** Memory larger than this is not used again. */
const MAX_SPARE_SHARE_OF_BUFFER = 3;

export interface WriteBufferOptions {
  readonly log: WriteAheadLog;
  readonly lastSequence: number;
  /** The size of a memtable from which it should be frozen, in bytes. */
  readonly bufferBytes: number;
  /** The number of the newest segment. */
  readonly logNumber: number;
  /** The last key of the tree. */
  lastKeyInTree(): Uint8Array | undefined;
  /** The highest sequence that a snapshot sees, 0 for none. */
  newestSnapshot(): number;
  /** Whether a snapshot or a range may be reading memtables. */
  isRead(): boolean;
  /** Called when there are other memtables than before, or the first entry is in one. */
  onChange(): void;
}

export class WriteBuffer {
  readonly #options: WriteBufferOptions;
  readonly #endOfKeys = (): Uint8Array => this.endOfKeys();
  #active: Memtable;
  #frozen: Memtable | undefined;
  #spare: MemtableMemory | undefined;
  #lastSequence: number;
  #logNumber: number;
  /** The first sequence of the newest segment. */
  #segmentStart: number;

  constructor(options: WriteBufferOptions) {
    this.#options = options;
    this.#lastSequence = options.lastSequence;
    this.#logNumber = options.logNumber;
    this.#segmentStart = options.lastSequence + 1;
    this.#active = this.#emptyMemtable();
  }

  /** The sequence of the newest operation. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The memtable that takes what is written. */
  get active(): Memtable {
    return this.#active;
  }

  get bytes(): number {
    return this.#active.bytes + (this.#frozen?.bytes ?? 0);
  }

  /** Those that hold anything, the newest first. */
  get memtables(): readonly Memtable[] {
    const frozen = this.#frozen;
    const memtables = frozen === undefined ? [this.#active] : [this.#active, frozen];
    return memtables.filter(({ isEmpty }) => !isEmpty);
  }

  /** Adds a batch: to the log, whose buffer reaches the file at once unless `durable`, and here. */
  append(batch: Batch, durable: boolean): void {
    const { log, onChange } = this.#options;
    const sequence = this.#lastSequence + 1;
    const operations = bounded(batch, this.#endOfKeys);
    log.append(operations, sequence);
    // A durable batch reaches the file with its group.
    if (!durable) log.flush();
    const wasEmpty = this.#active.isEmpty;
    this.#insert(operations, sequence);
    this.#lastSequence += batch.length;
    if (wasEmpty) onChange();
  }

  /** Freezes the memtable; the log goes on in a new segment, unless the newest one is empty. */
  freeze(): { readonly memtable: Memtable; readonly segment: LogSegment } {
    const { log, onChange } = this.#options;
    const memtable = this.#active;
    if (this.#lastSequence >= this.#segmentStart) {
      log.rotate(this.#logNumber + 1, this.#lastSequence + 1);
      this.#logNumber += 1;
      this.#segmentStart = this.#lastSequence + 1;
    }
    this.#frozen = memtable;
    this.#active = this.#emptyMemtable();
    onChange();
    return { memtable, segment: log.current };
  }

  /** The tree has all that was frozen. */
  dropFrozen(): void {
    this.#retire(this.#frozen);
    this.#frozen = undefined;
    this.#options.onChange();
  }

  /** The tree has all that the active memtable holds. */
  drop(): void {
    this.#retire(this.#active);
    this.#active = this.#emptyMemtable();
    this.#options.onChange();
  }

  /** Lets go of all memory. Nothing is written or read any more. */
  close(): void {
    this.#frozen = undefined;
    this.#spare = undefined;
    this.#active = new Memtable(this.#lastSequence + 1, 0);
  }

  /** A key behind every key that there is. Cost: one page per level. */
  endOfKeys(): Uint8Array {
    let end = successor(this.#options.lastKeyInTree() ?? new Uint8Array(0));
    for (const memtable of this.memtables) {
      const last = memtable.lastKey();
      if (last !== undefined) end = laterKey(end, successor(last));
    }
    return end;
  }

  #emptyMemtable(): Memtable {
    const spare = this.#spare;
    this.#spare = undefined;
    return new Memtable(this.#lastSequence + 1, this.#options.bufferBytes, spare);
  }

  #retire(memtable: Memtable | undefined): void {
    const { isRead, bufferBytes } = this.#options;
    if (memtable === undefined || isRead()) return;
    const { data, nodes } = memtable;
    // One large value may have made it much larger than the next one needs.
    if (data.length + nodes.byteLength <= MAX_SPARE_SHARE_OF_BUFFER * bufferBytes) {
      this.#spare = { data, nodes };
    }
  }

  #insert(batch: BoundedBatch, firstSequence: number): void {
    const active = this.#active;
    for (let i = 0; i < batch.length; i += 1) {
      const operation = batch[i]!;
      const sequence = firstSequence + i;
      if (operation.type === 'put') active.insert(sequence, operation.key, operation.value);
      else if (operation.type === 'delete') active.insert(sequence, operation.key, undefined);
      else {
        const { gte, lt } = operation;
        active.deleteRange(sequence, gte, lt, this.#options.newestSnapshot());
      }
    }
  }
}
