/**
 * The write-ahead log: every batch is here before it is anywhere else on the disk.
 *
 * One segment per memtable, so that a segment can go as soon as its memtable has been written out.
 * Records gather in a buffer; `flush` hands them to the file in one call, `sync` makes them
 * durable, older segments first, since what survives a crash has to be a prefix of what was
 * written.
 *
 * A segment that is no longer needed is kept and used again, under a new name and number: its space
 * is there already, so that a sync has no size to write down. What it held stays behind the new
 * records until they reach it; each record says which log it belongs to, and so none of the old
 * ones counts. A crash between the renaming and the new header leaves a file whose header does not
 * fit its name, and that is no segment yet.
 */
import type { File, FileSystem } from '../file-system.ts';
import { encodeBatch } from './batch-codec.ts';
import type { BoundedBatch } from './bounded-batch.ts';
import { ByteWriter } from './byte-writer.ts';
import { encodeFileHeader, type FileFormat } from './file-header.ts';
import { logName } from './log-name.ts';
import { RECORD_HEADER_BYTES, sealRecord } from './record-log.ts';

/** Segments that are kept for later. */
const MAX_SPARE_SEGMENTS = 2;
/** A segment that a large batch has made larger than this is not kept. */
const MAX_SPARE_BYTES = 64 * 1024 * 1024;

const BUFFER_BYTES = 64 * 1024;
/** A batch that makes the buffer larger than this leaves a new one behind. */
const MAX_BUFFER_BYTES = 1024 * 1024;

export interface LogSegment {
  readonly number: number;
  readonly path: string;
  readonly file: File;
  /** Where the next byte goes that is handed to the file. */
  offset: number;
  allocated: number;
  /** Whether its header and its name are known to be durable. */
  headerSynced: boolean;
  /** Whether bytes were written since its last sync began. */
  dirty: boolean;
}

export interface WriteAheadLogOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly format: FileFormat;
  readonly logPreallocateBytes: number;
}

export class WriteAheadLog {
  readonly #options: WriteAheadLogOptions;
  #buffer = new ByteWriter(BUFFER_BYTES);
  /** The segments that are not released, the oldest first; the last takes the records. */
  readonly #segments: LogSegment[] = [];
  /** Released while a sync was under way, or while somebody held what is written. */
  readonly #released: LogSegment[] = [];
  /** Not needed any more, to be used again. */
  readonly #spare: LogSegment[] = [];
  #round: Promise<void> | undefined;
  #failure: unknown;
  #syncedSequence: number;
  /** Since opening, headers and marks included. */
  bytesWritten = 0;
  #namesDirty = false;
  #holds = 0;
  #isClosed = false;

  constructor(options: WriteAheadLogOptions, syncedSequence: number) {
    this.#options = options;
    this.#syncedSequence = syncedSequence;
  }

  /** Everything up to this sequence is known to be durable; records claim so. */
  get syncedSequence(): number {
    return this.#syncedSequence;
  }

  /** Everything up to `sequence` has become durable, here or where memtables are written out to. */
  advance(sequence: number): void {
    if (sequence > this.#syncedSequence) this.#syncedSequence = sequence;
  }

  get current(): LogSegment {
    return this.#segments.at(-1)!;
  }

  /** The segments that are needed, the oldest first; what was flushed ends at each one's offset. */
  get segments(): readonly LogSegment[] {
    return this.#segments;
  }

  get bytes(): number {
    return [...this.#segments, ...this.#spare].reduce(
      (sum, { offset, allocated }) => sum + Math.max(offset, allocated),
      0,
    );
  }

  /** Begins a new segment for the records from `firstSequence` on. */
  rotate(number: number, firstSequence: number): LogSegment {
    if (this.#segments.length > 0) this.flush();
    const { fileSystem, directory, format } = this.#options;
    const path = `${directory}/${logName(number)}`;
    const header = encodeFileHeader({ format, number, firstSequence });
    const spare = this.#spare.pop();
    const allocated = spare?.allocated ?? 0;
    if (spare !== undefined) {
      // Opened anew, so that the file knows its name.
      spare.file.close();
      fileSystem.rename(spare.path, path);
    }
    const file = fileSystem.open(path, { mode: spare === undefined ? 'create' : 'write' });
    const segment: LogSegment = {
      number,
      path,
      file,
      offset: 0,
      allocated,
      headerSynced: false,
      dirty: false,
    };
    this.#namesDirty = true;
    try {
      this.#write(segment, header);
    } catch (error) {
      file.close();
      throw error;
    }
    this.#segments.push(segment);
    return segment;
  }

  /** Adds a batch to the buffer. An empty one is a mark: it only says what had been synced. */
  append(batch: BoundedBatch, firstSequence: number): void {
    const out = this.#buffer;
    const start = out.length;
    const { number, offset } = this.current;
    out.reserve(RECORD_HEADER_BYTES);
    out.length += RECORD_HEADER_BYTES;
    if (batch.length > 0) encodeBatch(out, batch);
    const record = { logNumber: number, firstSequence, syncedSequence: this.#syncedSequence };
    sealRecord(out, start, offset + start, record);
  }

  /** Hands the buffer to the file. */
  flush(): void {
    const out = this.#buffer;
    if (out.length === 0) return;
    this.#write(this.current, out.view());
    if (out.bytes.length > MAX_BUFFER_BYTES) this.#buffer = new ByteWriter(BUFFER_BYTES);
    else out.clear();
  }

  /**
   * Resolves when all that was flushed before is durable. Rounds follow one another, since of two
   * syncs of one file at once the one that succeeds may hide the one that failed; and after a
   * failure there are none.
   */
  async sync(): Promise<void> {
    await this.#inRound(() => this.#segments);
  }

  /**
   * Makes the segment's beginning and its name durable, so that what names it may rely on it. What
   * older segments hold need not be: a replay stops where they end.
   */
  async syncHeader(segment: LogSegment): Promise<void> {
    if (!segment.headerSynced) await this.#inRound(() => [segment]);
  }

  /** Makes the segments before `segment` durable: what names their end may rely on it. */
  async syncBefore(segment: LogSegment): Promise<void> {
    await this.#inRound(() => this.#segments.filter(({ number }) => number < segment.number));
  }

  /** The segment that follows `segment`: its records go on where those of `segment` end. */
  segmentAfter(segment: LogSegment): LogSegment {
    return this.#segments[this.#segments.indexOf(segment) + 1]!;
  }

  /** Removes a segment, the oldest, whose records are all durable elsewhere. */
  release(segment: LogSegment): void {
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    if (this.#round !== undefined || this.#holds > 0) this.#released.push(segment);
    else this.#retire(segment);
  }

  /** Keeps the files of all segments as they are, but for what is appended, until it is called. */
  hold(): () => void {
    this.#holds += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds -= 1;
      const isOver = this.#isClosed || this.#failure !== undefined;
      if (this.#round === undefined && !isOver) this.#retireReleased();
    };
  }

  /** Gives up what is kept for later, and what is allocated ahead: for closing. */
  removeSpare(): void {
    for (const segment of this.#spare.splice(0)) this.#remove(segment);
    const { current } = this;
    if (current.allocated <= current.offset) return;
    current.file.truncate(current.offset);
    current.allocated = current.offset;
  }

  close(): void {
    this.#isClosed = true;
    for (const { file } of [...this.#segments, ...this.#released, ...this.#spare]) file.close();
  }

  async #inRound(segments: () => readonly LogSegment[]): Promise<void> {
    while (this.#round !== undefined) await this.#round;
    if (this.#failure !== undefined) throw this.#failure;
    this.#round = this.#syncRound(segments());
    try {
      await this.#round;
    } finally {
      this.#round = undefined;
    }
  }

  async #syncRound(segments: readonly LogSegment[]): Promise<void> {
    try {
      const dirty = segments.filter((segment) => segment.dirty);
      const namesDirty = this.#namesDirty;
      this.#namesDirty = false;
      for (const segment of dirty) await this.#syncSegment(segment);
      if (namesDirty) await this.#options.fileSystem.syncDirectory(this.#options.directory);
      for (const segment of dirty) segment.headerSynced = true;
      this.#retireReleased();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  async #syncSegment(segment: LogSegment): Promise<void> {
    segment.dirty = false;
    await segment.file.datasync();
  }

  #write(segment: LogSegment, bytes: Uint8Array): void {
    const end = segment.offset + bytes.length;
    if (end > segment.allocated) {
      const { logPreallocateBytes } = this.#options;
      segment.allocated = end + logPreallocateBytes;
      if (logPreallocateBytes > 0) segment.file.preallocate(segment.allocated);
    }
    segment.dirty = true;
    segment.file.write(segment.offset, bytes);
    segment.offset = end;
    this.bytesWritten += bytes.length;
  }

  #retireReleased(): void {
    if (this.#holds > 0) return;
    for (const segment of this.#released.splice(0)) this.#retire(segment);
  }

  /** Keeps a segment to be used again, or removes it. */
  #retire(segment: LogSegment): void {
    const isLarge = segment.allocated > MAX_SPARE_BYTES;
    if (this.#options.logPreallocateBytes === 0 || isLarge) this.#remove(segment);
    else if (this.#spare.length >= MAX_SPARE_SEGMENTS) this.#remove(segment);
    else this.#spare.push(segment);
  }

  #remove(segment: LogSegment): void {
    segment.file.close();
    this.#options.fileSystem.remove(segment.path);
  }
}
