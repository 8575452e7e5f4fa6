/**
 * Writes a sorted stream of entries out as one or more tables, a slice at a time.
 *
 * Between slices it waits for the device to take what was written: that is work to be done anyway,
 * and it lets everything else run. A key's versions never part: levels below 0 share no key.
 */
import type { Cursor } from './cursor.ts';
import { tableName } from './file-names.ts';
import type { ResolvedOptions } from './options.ts';
import type { Retention } from './retention.ts';
import { type TableFacts, TableWriter } from './table-writer.ts';

/** The entries to write, in order. */
export interface EntrySource {
  readonly top: Cursor | undefined;
  advance(): void;
}

export interface TableOutputOptions {
  readonly options: ResolvedOptions;
  readonly retention: Retention;
  /** Where a table ends, in bytes; `Infinity` for one table. */
  readonly tableBytes: number;
  newFileNumber(): number;
  /** Called between slices; `false` gives the work up. */
  onSlice(): Promise<boolean>;
}

export class TableOutput {
  readonly #output: TableOutputOptions;
  readonly #finished: TableFacts[] = [];
  #writer: TableWriter | undefined;

  constructor(output: TableOutputOptions) {
    this.#output = output;
  }

  /**
   * Writes all entries of `source`; resolves when the tables are durable, names included.
   * @returns their facts; `undefined` when given up, with nothing left behind.
   */
  async write(source: EntrySource): Promise<readonly TableFacts[] | undefined> {
    const { fileSystem, directory } = this.#output.options;
    try {
      for (;;) {
        const isFull = this.#writeSlice(source);
        if (source.top === undefined) break;
        if (isFull) await this.#finishTable();
        else await this.#waitForDevice();
        if (!(await this.#output.onSlice())) {
          this.#removeAll();
          return undefined;
        }
      }
      if (this.#writer !== undefined) await this.#finishTable();
      await fileSystem.syncDirectory(directory);
      return this.#finished;
    } finally {
      this.#writer?.file.close();
    }
  }

  /** Writes until the slice is used up, or until the table is full (`true`). */
  #writeSlice(source: EntrySource): boolean {
    const { options, retention, tableBytes } = this.#output;
    let writer = this.#writer;
    let left = options.mergeSliceBytes;
    for (let top = source.top; top !== undefined && left > 0; top = source.top) {
      if (writer !== undefined && writer.bytes >= tableBytes && !writer.endsWithKeyOf(top)) {
        return true;
      }
      left -= top.keyEnd - top.keyStart + top.valueEnd - top.valueStart + 16;
      if (retention.keeps(top)) {
        writer ??= this.#openTable();
        writer.add(top);
      }
      source.advance();
    }
    return false;
  }

  #openTable(): TableWriter {
    const { options, newFileNumber } = this.#output;
    const number = newFileNumber();
    const path = `${options.directory}/${tableName(number)}`;
    this.#writer = new TableWriter(
      options.fileSystem.open(path, { mode: 'create' }),
      number,
      options,
    );
    return this.#writer;
  }

  async #finishTable(): Promise<void> {
    const writer = this.#writer!;
    const facts = writer.finish();
    await writer.file.datasync();
    writer.file.close();
    this.#writer = undefined;
    this.#finished.push(facts);
  }

  /** With no table begun there is nothing to wait for but the directory. */
  #waitForDevice(): Promise<void> {
    const { fileSystem, directory } = this.#output.options;
    return this.#writer?.file.datasync() ?? fileSystem.syncDirectory(directory);
  }

  #removeAll(): void {
    const { fileSystem, directory } = this.#output.options;
    const numbers = this.#finished.map(({ number }) => number);
    if (this.#writer !== undefined) numbers.push(this.#writer.number);
    for (const number of numbers) fileSystem.remove(`${directory}/${tableName(number)}`);
  }
}
