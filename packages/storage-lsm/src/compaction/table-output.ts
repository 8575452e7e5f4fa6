/**
 * Writes a sorted stream of entries, and the range tombstones over them, out as one or more tables,
 * a slice at a time.
 *
 * Between slices it waits for the file system, which lets everything else run: after every MiB for
 * the device, so that not all is left for the end, and else for a sync of the directory, which has
 * next to nothing to do. Syncing one slice of 128 KiB takes as long as syncing eight.
 *
 * Tables share no key: a key's versions never part, and a range tombstone that reaches beyond the
 * end of its table is cut there and goes on in the next.
 */
import { compareBytes, type FileSystem } from '@ds/storage';
import { type Cursor, startsBy, type TombstoneFragment } from '@ds/storage/engine';
import { tableName } from '../files/file-names.ts';
import type { TableFacts } from '../table/table-file.ts';
import { TableScratch, type TableShape, TableWriter } from '../table/table-writer.ts';
import type { Retention } from './retention.ts';

/** The entries to write, in order. */
export interface EntrySource {
  readonly top: Cursor | undefined;
  advance(): void;
}

export interface TableOutputOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly shape: TableShape;
  readonly retention: Retention;
  /** Where a table ends, in bytes; `Infinity` for one table. */
  readonly tableBytes: number;
  /** To use for table after table, one at a time. @default one of its own */
  readonly scratch?: TableScratch;
  /** How much to read before others may run, in bytes. */
  readonly sliceBytes: number;
  newFileNumber(): number;
  /** Called between slices with the entries read so far; `false` gives the work up. */
  onSlice(entriesRead: number): Promise<boolean>;
}

/** What came of a stream of entries. */
export interface Written {
  /** In order. */
  readonly tables: readonly TableFacts[];
  /** Entries read and not kept. */
  readonly entriesDropped: number;
}

/** How much may be written before the device is waited for, in bytes. */
const SYNC_BYTES = 1024 * 1024;
/** What a fragment takes beyond its keys, roughly. */
const FRAGMENT_BYTES = 16;

export class TableOutput {
  readonly #output: TableOutputOptions;
  readonly #scratch: TableScratch;
  readonly #finished: TableFacts[] = [];
  readonly #fragments: Iterator<TombstoneFragment, void>;
  #nextFragment: TombstoneFragment | undefined;
  /** The fragments of the table being written; only the last may reach beyond its end. */
  #taken: TombstoneFragment[] = [];
  #takenBytes = 0;
  #writer: TableWriter | undefined;
  /** How much of the table being written the device was last asked to take. */
  #syncedBytes = 0;
  #entriesRead = 0;
  #entriesDropped = 0;
  /** What this has created, and so may remove. */
  readonly #created: number[] = [];

  constructor(output: TableOutputOptions) {
    this.#output = output;
    this.#scratch = output.scratch ?? new TableScratch();
    this.#fragments = output.retention.keptFragments();
    this.#nextFragment = this.#fragments.next().value ?? undefined;
  }

  /**
   * Writes all entries of `source`; resolves when the tables are durable, names included.
   * Resolves with `undefined` when given up, with nothing left behind.
   */
  async write(source: EntrySource): Promise<Written | undefined> {
    const { fileSystem, directory, onSlice } = this.#output;
    try {
      for (;;) {
        const cut = this.#writeSlice(source);
        const isOver = cut === undefined && source.top === undefined;
        if (isOver && this.#nextFragment === undefined) break;
        if (cut !== undefined) await this.#finishTable(cut);
        else await this.#pause();
        if (!(await onSlice(this.#entriesRead))) {
          this.#removeAll();
          return undefined;
        }
      }
      if (this.#writer !== undefined || this.#taken.length > 0) await this.#finishTable(undefined);
      await fileSystem.syncDirectory(directory);
      return { tables: this.#finished, entriesDropped: this.#entriesDropped };
    } catch (error) {
      this.#writer?.file.close();
      throw error;
    }
  }

  /** Writes until the slice is used up, or until the table is full: then the key it ends before. */
  #writeSlice(source: EntrySource): Uint8Array | undefined {
    const { retention, sliceBytes } = this.#output;
    let left = sliceBytes;
    for (let top = source.top; left > 0; top = source.top) {
      const cut = this.#takeFragments(top);
      if (cut !== undefined) return cut;
      if (top === undefined) return undefined;
      const writer = this.#writer;
      if (this.#isFull() && writer !== undefined && !writer.endsWithKeyOf(top)) {
        return top.keyBytes.slice(top.keyStart, top.keyEnd);
      }
      left -= top.keyEnd - top.keyStart + top.valueEnd - top.valueStart + 16;
      if (retention.keeps(top)) (writer ?? this.#openTable()).add(top);
      else this.#entriesDropped += 1;
      source.advance();
      this.#entriesRead += 1;
    }
    return undefined;
  }

  /** Takes the fragments that begin by `top`; or gives the one before which a full table ends. */
  #takeFragments(top: Cursor | undefined): Uint8Array | undefined {
    for (;;) {
      const next = this.#nextFragment;
      if (next === undefined) return undefined;
      if (top && !startsBy(next, top.keyBytes, top.keyStart, top.keyEnd)) return undefined;
      if (this.#isFull()) return next.start;
      this.#take(next);
      this.#nextFragment = this.#fragments.next().value ?? undefined;
    }
  }

  #take(fragment: TombstoneFragment): void {
    this.#taken.push(fragment);
    const { start, end, sequences } = fragment;
    this.#takenBytes += start.length + end.length + FRAGMENT_BYTES + 2 * sequences.length;
  }

  #isFull(): boolean {
    return (this.#writer?.bytes ?? 0) + this.#takenBytes >= this.#output.tableBytes;
  }

  #openTable(): TableWriter {
    const { fileSystem, directory, shape, newFileNumber } = this.#output;
    const number = newFileNumber();
    const file = fileSystem.open(`${directory}/${tableName(number)}`, { mode: 'create' });
    this.#created.push(number);
    this.#writer = new TableWriter(file, number, shape, this.#scratch);
    this.#syncedBytes = 0;
    return this.#writer;
  }

  /** Ends the table before the key `cut`, at the end of all without one. */
  async #finishTable(cut: Uint8Array | undefined): Promise<void> {
    const writer = this.#writer ?? this.#openTable();
    const fragments = this.#taken;
    this.#taken = [];
    this.#takenBytes = 0;
    const last = fragments.at(-1);
    if (cut !== undefined && last !== undefined && compareBytes(last.end, cut) > 0) {
      // One that begins at the cut goes on in the next table as a whole.
      if (compareBytes(last.start, cut) >= 0) fragments.pop();
      else fragments[fragments.length - 1] = { ...last, end: cut };
      this.#take({ ...last, start: cut });
    }
    const slices = writer.finish(fragments);
    let step: IteratorResult<void, TableFacts>;
    do {
      await this.#pause();
      step = slices.next();
    } while (!step.done);
    await writer.file.datasync();
    writer.file.close();
    this.#writer = undefined;
    this.#finished.push(step.value);
  }

  /** Lets others run. */
  #pause(): Promise<void> {
    const { fileSystem, directory } = this.#output;
    const writer = this.#writer;
    if (writer === undefined || writer.bytes - this.#syncedBytes < SYNC_BYTES) {
      return fileSystem.syncDirectory(directory);
    }
    this.#syncedBytes = writer.bytes;
    return writer.file.datasync();
  }

  #removeAll(): void {
    const { fileSystem, directory } = this.#output;
    this.#writer?.file.close();
    for (const number of this.#created) fileSystem.remove(`${directory}/${tableName(number)}`);
  }
}
