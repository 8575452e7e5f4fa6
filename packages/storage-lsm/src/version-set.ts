/**
 * The version in force, and the manifest that makes each change of it durable.
 *
 * Invariant: an edit is durable before the version it makes is in force, and a table's file is
 * removed only when no held version names it, hence never while the durable manifest does.
 */
import type { FileSystem } from '@ds/storage';
import { manifestName, tableName } from './file-names.ts';
import { Manifest } from './manifest.ts';
import type { TableSet } from './table-set.ts';
import type { TableFile, Version, VersionEdit } from './version.ts';

/** A manifest this much larger than at its beginning is replaced by a new one. */
const MANIFEST_GROWTH_BYTES = 1024 * 1024;

export interface VersionSetOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly tables: TableSet;
  readonly version: Version;
  readonly nextFileNumber: number;
  readonly logNumber: number;
  readonly flushedSequence: number;
  /** The newest sequence known to be durable. */
  syncedSequence(): number;
}

export class VersionSet {
  readonly #options: VersionSetOptions;
  #current: Version;
  #manifest: Manifest | undefined;
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

  get manifestBytes(): number {
    return this.#manifest?.bytes ?? 0;
  }

  get hasObsoleteTables(): boolean {
    return this.#obsolete.length > 0;
  }

  newFileNumber(): number {
    return this.#nextFileNumber++;
  }

  /** Makes a manifest of the current version durable and the one in force. */
  async writeManifest(): Promise<void> {
    const { fileSystem, directory } = this.#options;
    const number = this.newFileNumber();
    const replaced = this.#manifest;
    this.#manifest = await Manifest.create(fileSystem, directory, number, this.#base());
    this.#manifestStartBytes = this.#manifest.bytes;
    if (replaced === undefined) return;
    replaced.close();
    fileSystem.remove(`${directory}/${manifestName(replaced.number)}`);
  }

  /** Resolves when `edit` is durable and in force. One at a time. */
  async apply(edit: VersionEdit): Promise<void> {
    const next = this.#current.apply(edit);
    await this.#manifest!.append({ ...edit, ...this.#position() });
    const previous = this.#current;
    next.hold();
    this.#current = next;
    this.#logNumber = edit.logNumber ?? this.#logNumber;
    this.#flushedSequence = edit.flushedSequence ?? this.#flushedSequence;
    this.release(previous);
    if (this.manifestBytes > this.#manifestStartBytes * 2 + MANIFEST_GROWTH_BYTES) {
      await this.writeManifest();
    }
  }

  /** Gives up a hold on a version. */
  release(version: Version): void {
    this.#obsolete.push(...version.release());
  }

  /** Removes the files of tables that are no longer needed. */
  removeObsoleteTables(): void {
    const { fileSystem, directory, tables } = this.#options;
    while (this.#obsolete.length > 0) {
      const table = this.#obsolete.pop()!;
      tables.close(table);
      fileSystem.remove(`${directory}/${tableName(table.facts.number)}`);
    }
  }

  close(): void {
    this.#manifest?.close();
  }

  #base(): VersionEdit {
    return {
      added: this.#current.levels.flatMap((tables, level) =>
        tables.map(({ facts }) => ({ level, facts })),
      ),
      logNumber: this.#logNumber,
      flushedSequence: this.#flushedSequence,
      ...this.#position(),
    };
  }

  #position(): VersionEdit {
    const nextFileNumber = this.#nextFileNumber;
    return { nextFileNumber, syncedSequence: this.#options.syncedSequence() };
  }
}
