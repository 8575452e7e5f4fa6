/**
 * The version in force, and the manifest that makes each change of it durable.
 *
 * Invariant: an edit is durable before the version it makes is in force, and a table's file is
 * removed only when no held version names it, hence never while the durable manifest does.
 */
import type { FileSystem } from '@ds/storage';
import { manifestName, tableName } from '../files/file-names.ts';
import type { TableFile } from '../table/table-file.ts';
import type { TableSet } from '../table/table-set.ts';
import { Manifest } from './manifest.ts';
import type { Version, VersionEdit } from './version.ts';

/** Removing a file can take a millisecond. */
const REMOVALS_AT_ONCE = 1;

export interface VersionSetOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly tables: TableSet;
  readonly version: Version;
  readonly nextFileNumber: number;
  readonly logNumber: number;
  readonly flushedSequence: number;
  /** A manifest that has doubled and grown by this much is replaced by a new one. */
  readonly manifestGrowthBytes: number;
  /** The newest sequence known to be durable. */
  syncedSequence(): number;
}

export class VersionSet {
  readonly #options: VersionSetOptions;
  #current: Version;
  /** What the tables that have come into force since opening take, in bytes. */
  tableBytesWritten = 0;
  #manifest: Manifest | undefined;
  /** While a manifest is being replaced: the one to come. CURRENT may name it already. */
  #nextManifestNumber: number | undefined;
  #manifestStartBytes = 0;
  #nextFileNumber: number;
  #logNumber: number;
  #flushedSequence: number;
  /** Files that no held version names, waiting to be removed. */
  #obsolete: TableFile[] = [];

  constructor(options: VersionSetOptions) {
    this.#options = options;
    this.#current = options.version;
    this.#current.hold();
    this.#nextFileNumber = options.nextFileNumber;
    this.#logNumber = options.logNumber;
    this.#flushedSequence = options.flushedSequence;
  }

  get current(): Version {
    return this.#current;
  }

  get flushedSequence(): number {
    return this.#flushedSequence;
  }

  get manifestNumber(): number {
    return this.#manifest!.number;
  }

  /** Those that CURRENT may name at this moment. */
  get manifestNumbers(): readonly number[] {
    const next = this.#nextManifestNumber;
    return next === undefined ? [this.manifestNumber] : [this.manifestNumber, next];
  }

  get manifestBytes(): number {
    return this.#manifest?.bytes ?? 0;
  }

  get hasObsoleteTables(): boolean {
    return this.#obsolete.length > 0;
  }

  newFileNumber(): number {
    return this.#nextFileNumber++;
  }

  /** Leaves `count` numbers out. */
  skipFileNumbers(count: number): void {
    this.#nextFileNumber += count;
  }

  /** Makes a manifest of the current version durable and the one in force. */
  async writeManifest(): Promise<void> {
    const { fileSystem, directory } = this.#options;
    const number = this.newFileNumber();
    const replaced = this.#manifest;
    this.#nextManifestNumber = number;
    this.#manifest = await Manifest.create(fileSystem, directory, number, this.base());
    this.#nextManifestNumber = undefined;
    this.#manifestStartBytes = this.#manifest.bytes;
    if (replaced === undefined) return;
    replaced.close();
    fileSystem.remove(`${directory}/${manifestName(replaced.number)}`);
  }

  /** Resolves when `edit` is durable and in force. One at a time. */
  async apply(edit: VersionEdit): Promise<void> {
    const next = this.#current.apply(edit);
    this.#countTables(edit);
    await this.#manifest!.append({ ...edit, ...this.#position() });
    const previous = this.#current;
    next.hold();
    this.#current = next;
    this.#logNumber = edit.logNumber ?? this.#logNumber;
    this.#flushedSequence = edit.flushedSequence ?? this.#flushedSequence;
    this.release(previous);
    if (this.manifestBytes > this.#manifestStartBytes * 2 + this.#options.manifestGrowthBytes) {
      await this.writeManifest();
    }
  }

  /** Gives up a hold on a version. */
  release(version: Version): void {
    this.#obsolete.push(...version.release());
  }

  /** Removes the files of tables that are no longer needed, others running in between. */
  async removeObsoleteTables(): Promise<void> {
    const { fileSystem, directory, tables } = this.#options;
    for (let removed = 1; this.#obsolete.length > 0; removed += 1) {
      const table = this.#obsolete.pop()!;
      tables.close(table);
      fileSystem.remove(`${directory}/${tableName(table.facts.number)}`);
      if (removed % REMOVALS_AT_ONCE === 0) await fileSystem.syncDirectory(directory);
    }
  }

  close(): void {
    this.#manifest?.close();
  }

  /** The edit that makes all of the version in force: what a manifest begins with. */
  base(): VersionEdit {
    return {
      added: this.#current.levels.flatMap((tables, level) =>
        tables.map(({ facts }) => ({ level, facts })),
      ),
      logNumber: this.#logNumber,
      flushedSequence: this.#flushedSequence,
      ...this.#position(),
    };
  }

  /** A table that is only moved from level to level has not been written. */
  #countTables({ added = [], removed = [] }: VersionEdit): void {
    const moved = new Set(removed.map(({ number }) => number));
    for (const { facts } of added) {
      if (!moved.has(facts.number)) this.tableBytesWritten += facts.bytes;
    }
  }

  #position(): VersionEdit {
    const nextFileNumber = this.#nextFileNumber;
    return { nextFileNumber, syncedSequence: this.#options.syncedSequence() };
  }
}
