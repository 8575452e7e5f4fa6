/**
 * The tables that are open, at most so many at a time, and the cache their blocks share.
 *
 * Invariant: a table is opened when it is read and may be closed whenever no call is running; who
 * reads on asks again. Cost: nothing while it is open.
 */
import type { FileSystem } from '@ds/storage';
import type { LogDecisions } from '@ds/storage/engine';
import { BlockCache } from '../block/block-cache.ts';
import { type BlockCodec, codecsByNumber } from '../block/block-codec.ts';
import { tableName } from '../files/file-names.ts';
import { newReadStatistics, type ReadStatistics } from './read-statistics.ts';
import { Table, type TableContext } from './table.ts';
import type { TableFacts, TableFile } from './table-file.ts';

export interface TableSetOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly maxOpenTables: number;
  readonly blockCacheBytes: number;
  readonly blockBytes: number;
  readonly compression: BlockCodec | undefined;
  readonly codecs: readonly BlockCodec[];
  readonly decisions: LogDecisions;
}

export class TableSet {
  readonly #options: TableSetOptions;
  readonly statistics: ReadStatistics = newReadStatistics();
  readonly #cache: BlockCache;
  readonly #context: TableContext;
  #open: TableFile[] = [];

  constructor(options: TableSetOptions) {
    this.#options = options;
    this.#cache = new BlockCache(options.blockCacheBytes, options.blockBytes);
    const { compression, codecs } = options;
    this.#context = {
      cache: this.#cache,
      codecs: codecsByNumber(compression ? [compression, ...codecs] : codecs),
      decisions: options.decisions,
      statistics: this.statistics,
    };
  }

  get openTables(): number {
    return this.#open.length;
  }

  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /** Opens a table beside the set, to read all of it once; the caller closes it. */
  openOnce(facts: TableFacts): Table {
    const { fileSystem, directory } = this.#options;
    const path = `${directory}/${tableName(facts.number)}`;
    const file = fileSystem.open(path, { mode: 'read' });
    try {
      return new Table(file, facts, { ...this.#context, statistics: newReadStatistics() });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The table's reader, opened if need be. Ask for it anew for every block. */
  reader(table: TableFile): Table {
    const { open } = table;
    if (open !== undefined) {
      open.used = true;
      return open;
    }
    return this.#openTable(table);
  }

  /** Closes the table's reader, for good or until it is asked for again. */
  close(table: TableFile): void {
    table.open?.close();
    table.open = undefined;
    this.#open = this.#open.filter((other) => other !== table);
  }

  /** Closes all readers, and gives the memory of their blocks back. */
  closeAll(): void {
    for (const table of this.#open) {
      table.open?.close();
      table.open = undefined;
    }
    this.#open = [];
    this.#cache.close();
  }

  #openTable(table: TableFile): Table {
    const { fileSystem, directory, maxOpenTables } = this.#options;
    while (this.#open.length >= maxOpenTables) this.#closeOne();
    const path = `${directory}/${tableName(table.facts.number)}`;
    const file = fileSystem.open(path, { mode: 'read' });
    try {
      table.open = new Table(file, table.facts, this.#context);
    } catch (error) {
      file.close();
      throw error;
    }
    this.#open.push(table);
    return table.open;
  }

  /** Closes the first that has not been used since it last came round. */
  #closeOne(): void {
    const table = this.#open.shift()!;
    if (table.open!.used) {
      table.open!.used = false;
      this.#open.push(table);
      return;
    }
    table.open!.close();
    table.open = undefined;
  }
}
