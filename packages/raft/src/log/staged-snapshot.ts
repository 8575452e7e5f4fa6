/**
 * A snapshot on its way in, as a file beside the log; docs/format.md draws it.
 *
 * It grows under the name `snapshot.part`. Once whole it is synced and renamed to `snapshot`, so
 * that a file of that name is always whole: what a crash leaves under the other name is dropped.
 *
 * Cost: the largest piece in memory while reading.
 */
import { crc32, type File, type FileSystem, StorageError } from '@ds/storage';
import { RaftError } from '../errors.ts';
import type { Configuration } from '../members/configuration.ts';
import { decodeConfiguration, encodeConfiguration } from '../members/configuration-codec.ts';
import { corrupt } from './log-recovery.ts';
import type { LogBase, SnapshotStage, StagedSnapshot } from './raft-log.ts';
import {
  decodeSnapshotHeader,
  encodeSnapshotHeader,
  HEADER_BYTES,
  type Identity,
} from './segment-format.ts';

const PIECE_HEAD_BYTES = 8;

export interface SnapshotStagingOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly identity: Identity;
}

export class SnapshotStaging {
  readonly #options: SnapshotStagingOptions;
  readonly #partPath: string;
  readonly #path: string;
  #stage: FileStage | undefined;
  #staged: LogBase | undefined;

  /** @throws {RaftError} `RAFT_CORRUPT`, `RAFT_FORMAT` or `RAFT_WRONG_IDENTITY`. */
  constructor(options: SnapshotStagingOptions) {
    const { fileSystem, directory, identity } = options;
    this.#options = options;
    this.#partPath = `${directory}/snapshot.part`;
    this.#path = `${directory}/snapshot`;
    removeIfThere(fileSystem, this.#partPath);
    if (!fileSystem.list(directory).includes('snapshot')) return;
    const file = fileSystem.open(this.#path, { mode: 'read' });
    try {
      const header = new Uint8Array(HEADER_BYTES);
      file.read(0, header);
      const position = decodeSnapshotHeader(header, identity, this.#path);
      if (position === undefined) throw corrupt(this.#path, 0, 'its header is damaged');
      this.#staged = { ...position, configuration: readConfiguration(file, this.#path) };
    } finally {
      file.close();
    }
  }

  begin(base: LogBase): SnapshotStage {
    this.#stage?.abort();
    const { fileSystem, directory, identity } = this.#options;
    removeIfThere(fileSystem, this.#partPath);
    const file = fileSystem.open(this.#partPath, { mode: 'create' });
    file.write(0, encodeSnapshotHeader(base, identity));
    this.#stage = new FileStage(file, base, async () => {
      fileSystem.rename(this.#partPath, this.#path);
      // The one before is replaced; this one does not count before its name is durable.
      this.#staged = undefined;
      await fileSystem.syncDirectory(directory);
      this.#staged = base;
    });
    return this.#stage;
  }

  get staged(): StagedSnapshot | undefined {
    if (this.#staged === undefined) return undefined;
    const { fileSystem } = this.#options;
    return { ...this.#staged, chunks: () => readChunks(fileSystem, this.#path) };
  }

  discard(): void {
    if (this.#staged === undefined) return;
    this.#staged = undefined;
    this.#options.fileSystem.remove(this.#path);
  }

  /** Settles when nothing is under way any more. */
  async close(): Promise<void> {
    this.#stage?.abort();
    await this.#stage?.settled;
  }
}

class FileStage implements SnapshotStage {
  bytes = 0;
  readonly #file: File;
  readonly #publish: () => Promise<void>;
  #at = HEADER_BYTES;
  #pieces = 0;
  #state: 'open' | 'finishing' | 'dropped' = 'open';
  /** Fulfils when `finish`, if it was called, is over. */
  settled: Promise<unknown> | undefined;

  constructor(file: File, { configuration }: LogBase, publish: () => Promise<void>) {
    this.#file = file;
    this.#publish = publish;
    this.#write(encodeConfiguration(configuration));
  }

  append(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#write(chunk);
    this.bytes += chunk.length;
  }

  finish(): Promise<void> {
    const finished = this.#finish();
    this.settled = Promise.allSettled([finished]);
    return finished;
  }

  abort(): void {
    if (this.#state === 'open') this.#file.close();
    this.#state = 'dropped';
  }

  async #finish(): Promise<void> {
    // An empty piece ends the file.
    this.#write(new Uint8Array(0));
    this.#state = 'finishing';
    try {
      await this.#file.datasync();
    } finally {
      this.#file.close();
    }
    // Its name may be another's by now.
    if (this.#isDropped) throw new RaftError('RAFT_CLOSED', 'the snapshot was dropped');
    await this.#publish();
  }

  get #isDropped(): boolean {
    return this.#state === 'dropped';
  }

  #write(chunk: Uint8Array): void {
    const piece = new Uint8Array(PIECE_HEAD_BYTES + chunk.length);
    const view = new DataView(piece.buffer);
    view.setUint32(0, chunk.length);
    view.setUint32(4, pieceChecksum(chunk, this.#pieces));
    piece.set(chunk, PIECE_HEAD_BYTES);
    this.#file.write(this.#at, piece);
    this.#at += piece.length;
    this.#pieces += 1;
  }
}

/** The machine's bytes: all pieces but the first, which is the configuration. */
function* readChunks(fileSystem: FileSystem, path: string): Generator<Uint8Array> {
  const file = fileSystem.open(path, { mode: 'read' });
  try {
    const pieces = readPieces(file, path);
    pieces.next();
    yield* pieces;
  } finally {
    file.close();
  }
}

function readConfiguration(file: File, path: string): Configuration {
  const [first] = readPieces(file, path);
  try {
    return decodeConfiguration(first ?? new Uint8Array(0));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw corrupt(path, HEADER_BYTES, 'its configuration is none');
  }
}

function* readPieces(file: File, path: string): Generator<Uint8Array> {
  const head = new Uint8Array(PIECE_HEAD_BYTES);
  const view = new DataView(head.buffer);
  const size = file.size();
  let at = HEADER_BYTES;
  for (let piece = 0; ; piece += 1) {
    if (file.read(at, head) < head.length) throw corrupt(path, at, 'it ends too early');
    const length = view.getUint32(0);
    if (length > size) throw corrupt(path, at, 'a piece is longer than the file');
    const data = new Uint8Array(length);
    const isWhole = file.read(at + PIECE_HEAD_BYTES, data) === length;
    if (!isWhole || pieceChecksum(data, piece) !== view.getUint32(4)) {
      throw corrupt(path, at, 'a piece does not match its checksum');
    }
    if (length === 0) return;
    yield data;
    at += PIECE_HEAD_BYTES + length;
  }
}

/** Covers the piece's place among the others, so that exchanged pieces are noticed. */
function pieceChecksum(data: Uint8Array, piece: number): number {
  return crc32(data, 0, data.length, piece + 1);
}

function removeIfThere(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.remove(path);
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'STORAGE_NOT_FOUND')) throw error;
  }
}
