/**
 * The log on a disk: one stream of checksummed records in preallocated segments, written at once,
 * synced by the group; docs/format.md draws the bytes.
 *
 * Nothing is ever overwritten. Hard state, entries, resets and compactions are records of the same
 * stream, so one sync covers them all and a crash keeps them in their order: an entry at an index
 * that is taken replaces it and what follows, as it does in memory, which is how a conflicting tail
 * is cut without a moment in which the log is neither. Every segment's header repeats the hard
 * state and the log's ends, so that compaction only removes files.
 *
 * Invariants: records lie one after the other from the first segment's start to `#end`; everything
 * before `#synced` is on the device; segments are removed only when a synced record tells that
 * their entries are not needed. After a failed write or sync nothing is written any more, since
 * what reached the device is unknown.
 *
 * Cost: one write per call of `write`, one datasync per group; 8 bytes of memory per entry.
 */
import type { File, FileSystem, Lock } from '@ds/storage';
import { RaftError } from '../errors.ts';
import { entryBytes, type LogEntry } from './entry.ts';
import { EntryWindow } from './entry-window.ts';
import type { LogIndex } from './log-index.ts';
import { corrupt, type ReadLog, type Segment, segmentPath } from './log-recovery.ts';
import type { LogRules } from './log-rules.ts';
import type {
  LogBase,
  LogWrite,
  RaftLog,
  RecoveredLog,
  SnapshotStage,
  StagedSnapshot,
} from './raft-log.ts';
import {
  baseRecordBytes,
  encodeSegmentHeader,
  HEADER_BYTES,
  type Identity,
  RECORD_BYTES,
  RecordWriter,
} from './segment-format.ts';
import type { SnapshotStaging } from './staged-snapshot.ts';

export interface LogSettings {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly identity: Identity;
  readonly segmentBytes: number;
  readonly rules: LogRules;
  readonly lock: Lock;
  readonly staging: SnapshotStaging;
}

/** See the top of this file; `openRaftLog` makes them. */
export class FileRaftLog implements RaftLog {
  readonly #settings: LogSettings;
  readonly #segments: Segment[];
  readonly #index: LogIndex;
  readonly #writer: RecordWriter = new RecordWriter();
  readonly #unsynced = new Set<File>();
  #directoryUnsynced = false;
  /** Everything before this position is on the device. */
  #synced: number;
  /** Where the last `synced` record says so. */
  #announced: number;
  /** Where the last record that is worth a sync ends. */
  #worthy: number;
  #syncing: Promise<void> | undefined;
  /** Where the last record ends that says which entries are not needed, or replaces some. */
  #forgottenAt = 0;
  #removing: Promise<void> | undefined;
  #failure: RaftError | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: LogSettings, { segments, index }: ReadLog) {
    this.#settings = settings;
    this.#segments = segments;
    this.#index = index;
    this.#synced = this.#end;
    this.#worthy = this.#end;
    this.#announced = 0;
    // Says that what was found is acknowledged from now on.
    this.#announce();
  }

  get bytes(): number {
    return this.#end - this.#segments[0]!.start;
  }

  recovered(): RecoveredLog {
    return this.#index.recovered();
  }

  write(write: LogWrite): void {
    this.#check();
    try {
      this.#write(write);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  read(firstIndex: number, lastIndex: number, maxBytes: number): LogEntry[] {
    const entries: LogEntry[] = [];
    const buffer = new EntryWindow();
    let bytes = 0;
    for (let index = firstIndex; index <= lastIndex; index += 1) {
      const place = this.#index.place(index);
      if (place === undefined) throw new RangeError(`the log holds no entry ${index}`);
      const entry = buffer.read(this.#segmentOf(place), place);
      if (entry.index !== index)
        throw corrupt(this.#segmentOf(place).path, undefined, 'wrong entry');
      bytes += entryBytes(entry);
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push(entry);
    }
    return entries;
  }

  sync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#synced >= this.#worthy) return Promise.resolve();
    // What was written after the running sync began is not covered by it.
    this.#syncing = (this.#syncing ?? Promise.resolve()).then(() => this.#syncOnce());
    return this.#syncing;
  }

  stageSnapshot(base: LogBase): SnapshotStage {
    this.#check();
    return this.#settings.staging.begin(base);
  }

  stagedSnapshot(): StagedSnapshot | undefined {
    return this.#settings.staging.staged;
  }

  discardSnapshot(): void {
    this.#settings.staging.discard();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #current(): Segment {
    return this.#segments[this.#segments.length - 1]!;
  }

  get #end(): number {
    return this.#current.end;
  }

  #write({ hardState, reset, entries, compact }: LogWrite): void {
    const writer = this.#writer;
    const { segmentBytes } = this.#settings;
    // An upper bound: begin a new segment rather than split a write.
    let size = 4 * 512 + 64;
    for (const entry of entries) size += 2 * RECORD_BYTES + entryBytes(entry);
    for (const base of [reset, compact]) if (base !== undefined) size += baseRecordBytes(base);
    if (HEADER_BYTES + this.#end - this.#current.start + size > this.#current.size) {
      this.#beginSegment(segmentBytes, size);
    }
    writer.start(this.#end);
    if (this.#announced < this.#synced) writer.add({ kind: 'synced', before: this.#synced });
    if (hardState !== undefined) {
      writer.add({ kind: 'hard-state', hardState });
      this.#index.hardState = hardState;
    }
    if (reset !== undefined) {
      const record = { kind: 'reset', base: reset } as const;
      this.#index.replay(record, writer.position);
      writer.add(record);
    }
    const replaces = (entries[0]?.index ?? Number.POSITIVE_INFINITY) <= this.#index.last.index;
    for (const entry of entries) {
      if (!this.#index.append(entry, writer.position)) {
        throw new RangeError(`entry ${entry.index} does not follow the log`);
      }
      writer.add({ kind: 'entry', entry });
    }
    if (compact !== undefined) {
      writer.add({ kind: 'compact', base: compact });
      this.#index.compact(compact);
    }
    this.#put();
    this.#announced = this.#synced;
    this.#worthy = this.#end;
    if (compact !== undefined || reset !== undefined || replaces) this.#forgottenAt = this.#end;
  }

  /** Hands the writer's records to the file. */
  #put(): void {
    const current = this.#current;
    const { bytes } = this.#writer;
    this.#unsynced.add(current.file);
    current.file.write(HEADER_BYTES + current.end - current.start, bytes);
    current.end += bytes.length;
  }

  /** Begins a segment in which at least `needed` bytes of records have room. */
  #beginSegment(bytes: number, needed: number): void {
    const { fileSystem, directory, identity } = this.#settings;
    const known = this.#index.knownBase;
    const repeated = known === undefined ? 0 : baseRecordBytes(known);
    const size = Math.max(bytes, HEADER_BYTES + repeated + needed);
    const sequence = this.#current.sequence + 1;
    const start = this.#end;
    const path = segmentPath(directory, sequence);
    const { base, last, hardState } = this.#index;
    const file = fileSystem.open(path, { mode: 'create' });
    file.preallocate(size);
    file.write(0, encodeSegmentHeader({ sequence, start, base, last, hardState }, identity));
    this.#unsynced.add(file);
    this.#directoryUnsynced = true;
    this.#segments.push({ path, sequence, file, start, end: start, size });
    if (known === undefined) return;
    this.#writer.start(start);
    this.#writer.add({ kind: 'compact', base: known });
    this.#put();
  }

  async #syncOnce(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const end = this.#end;
    const worthy = this.#worthy;
    const syncs = [...this.#unsynced].map((file) => file.datasync());
    this.#unsynced.clear();
    if (this.#directoryUnsynced) {
      syncs.push(this.#settings.fileSystem.syncDirectory(this.#settings.directory));
    }
    this.#directoryUnsynced = false;
    try {
      await Promise.all(syncs);
      this.#synced = end;
      // While more is waiting, the next write carries the announcement.
      if (this.#worthy === worthy) this.#announce();
      if (this.#removing === undefined && this.#hasRemovable) this.#startRemoving();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Writes down how far the stream is on the device; nobody waits for that to be synced. */
  #announce(): void {
    const { current, end } = { current: this.#current, end: this.#end };
    const room = current.size - HEADER_BYTES - (end - current.start);
    if (this.#announced >= this.#synced || room < RECORD_BYTES + 8) return;
    this.#writer.start(end);
    this.#writer.add({ kind: 'synced', before: this.#synced });
    this.#put();
    this.#announced = this.#synced;
  }

  #startRemoving(): void {
    this.#removing = this.#removeCompacted().finally(() => {
      this.#removing = undefined;
    });
  }

  /**
   * Removes whole segments from the head, one after the other, so that a crash leaves no gap; what
   * they held the others repeat. Nobody waits for it but `close`.
   */
  async #removeCompacted(): Promise<void> {
    const { fileSystem, directory } = this.#settings;
    try {
      while (this.#failure === undefined && this.#hasRemovable) {
        const { file, path } = this.#segments.shift()!;
        this.#unsynced.delete(file);
        file.close();
        fileSystem.remove(path);
        await fileSystem.syncDirectory(directory);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  get #hasRemovable(): boolean {
    const next = this.#segments[1];
    if (next === undefined || this.#forgottenAt > this.#synced) return false;
    const needed = this.#index.firstPlace ?? this.#end;
    return this.#settings.rules.mayRemove(next.start, needed, this.#synced);
  }

  #segmentOf(place: number): Segment {
    let at = this.#segments.length - 1;
    while (this.#segments[at]!.start > place) at -= 1;
    return this.#segments[at]!;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined) throw new RaftError('RAFT_CLOSED', 'the log is closed');
  }

  #fail(cause: unknown): RaftError {
    const text = `the log cannot be written: ${(cause as Error)?.message ?? cause}`;
    this.#failure ??= new RaftError('RAFT_FAILED', text, { cause });
    return this.#failure;
  }

  async #close(): Promise<void> {
    try {
      // After a failure that nobody has met yet, as of a removal, this is where it is told.
      if (this.#synced < this.#worthy) await this.sync();
      await this.#removing;
    } finally {
      await this.#settings.staging.close();
      for (const { file } of this.#segments) file.close();
      this.#settings.lock.release();
    }
  }
}
