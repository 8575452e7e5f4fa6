/**
 * The FileSystem port on Node: thin over `node:fs`, with its traps taken care of. Short reads and
 * writes are continued, a file is not closed under a running sync, and errors get their codes.
 *
 * Cost: one system call per call, except where the operating system is short of one.
 */
import * as fs from 'node:fs';
import * as zlib from 'node:zlib';
import { checkWholeNumber } from './bytes.ts';
import { useHostCrc32 } from './checksum.ts';
import { StorageError, type StorageErrorCode } from './errors.ts';
import type { File, FileSystem, Lock, OpenOptions } from './file-system.ts';
import { acquireNodeLock } from './node-lock.ts';

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'STORAGE_NOT_FOUND',
  EEXIST: 'STORAGE_EXISTS',
  ENOTDIR: 'STORAGE_NOT_A_DIRECTORY',
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
};

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants;
/** Absent on Windows. */
const O_DIRECTORY: number = fs.constants.O_DIRECTORY ?? 0;
const FLAGS = { read: O_RDONLY, write: O_RDWR | O_CREAT, create: O_RDWR | O_CREAT | O_EXCL };

/** Zeros for {@link File.preallocate}; Node has no fallocate. */
const ZEROS: Uint8Array = new Uint8Array(256 * 1024);

/**
 * The machine's files. Relative paths start at the process's working directory. Checksums are
 * computed by Node's own CRC-32 from the first call on.
 */
export function nodeFileSystem(): FileSystem {
  // Absent before Node 20.15 and 22.2.
  if (typeof zlib.crc32 === 'function') useHostCrc32(zlib.crc32);
  return {
    open: (path, options) => openNodeFile(path, options),
    rename: (from, to) => mapped('rename', from, () => fs.renameSync(from, to)),
    link: (existing, added) => mapped('link', existing, () => fs.linkSync(existing, added)),
    remove: (path) => mapped('remove', path, () => fs.unlinkSync(path)),
    list: (directory) => mapped('list', directory, () => fs.readdirSync(directory).sort()),
    mkdir: (directory) =>
      mapped('make', directory, () => void fs.mkdirSync(directory, { recursive: true })),
    lock: (path): Lock => {
      const lock = mapped('lock', path, () => acquireNodeLock(path));
      return { path, release: () => mapped('release', path, () => lock.release()) };
    },
    syncDirectory,
  };
}

function openNodeFile(path: string, { mode }: OpenOptions): File {
  return mapped('open', path, () => {
    const descriptor = fs.openSync(path, FLAGS[mode]);
    // Only for reading does the operating system open directories, too.
    if (mode === 'read' && fs.fstatSync(descriptor).isDirectory()) {
      fs.closeSync(descriptor);
      throw new StorageError('STORAGE_IO', `${path} is a directory`, { path });
    }
    return new NodeFile(path, descriptor, mode !== 'read');
  });
}

class NodeFile implements File {
  readonly path: string;
  readonly #descriptor: number;
  readonly #writable: boolean;
  #closed = false;
  /** Running syncs; the descriptor outlives them, lest its number mean another file. */
  #syncs = 0;

  constructor(path: string, descriptor: number, writable: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#writable = writable;
  }

  read(position: number, target: Uint8Array): number {
    this.#check(position, false);
    return mapped('read', this.path, () => {
      let done = 0;
      while (done < target.length) {
        const length = target.length - done;
        const count = fs.readSync(this.#descriptor, target, done, length, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(position: number, data: Uint8Array): void {
    this.#check(position, true);
    mapped('write', this.path, () => this.#writeAll(position, data));
  }

  truncate(size: number): void {
    this.#check(size, true);
    mapped('truncate', this.path, () => fs.ftruncateSync(this.#descriptor, size));
  }

  preallocate(size: number): void {
    this.#check(size, true);
    mapped('preallocate', this.path, () => {
      const before = fs.fstatSync(this.#descriptor).size;
      try {
        for (let end = before; end < size; end += ZEROS.length) {
          this.#writeAll(end, ZEROS.subarray(0, size - end));
        }
      } catch (error) {
        fs.ftruncateSync(this.#descriptor, before);
        throw error;
      }
    });
  }

  size(): number {
    this.#check(0, false);
    return mapped('stat', this.path, () => fs.fstatSync(this.#descriptor).size);
  }

  async datasync(): Promise<void> {
    this.#check(0, false);
    this.#syncs += 1;
    try {
      await settled('sync', this.path, (done) => fs.fdatasync(this.#descriptor, done));
    } finally {
      this.#syncs -= 1;
      if (this.#closed) this.#closeUnlessSyncing();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeUnlessSyncing();
  }

  #closeUnlessSyncing(): void {
    if (this.#syncs === 0) mapped('close', this.path, () => fs.closeSync(this.#descriptor));
  }

  #writeAll(position: number, data: Uint8Array): void {
    let done = 0;
    while (done < data.length) {
      const length = data.length - done;
      const count = fs.writeSync(this.#descriptor, data, done, length, position + done);
      if (count === 0) throw new StorageError('STORAGE_IO', `${this.path} takes no more bytes`);
      done += count;
    }
  }

  #check(position: number, writes: boolean): void {
    const { path } = this;
    if (this.#closed) throw new StorageError('STORAGE_CLOSED', `${path} is closed`, { path });
    checkWholeNumber('a position or size', position, 0);
    if (writes && !this.#writable) {
      throw new StorageError('STORAGE_IO', `${path} is open for reading only`, { path });
    }
  }
}

/** On Windows directories cannot be opened, and need not be: NTFS keeps a journal of names. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') {
    mapped('sync', directory, () => fs.readdirSync(directory));
    return;
  }
  const flags = O_RDONLY | O_DIRECTORY;
  const descriptor = mapped('sync', directory, () => fs.openSync(directory, flags));
  try {
    await settled('sync', directory, (done) => fs.fsync(descriptor, done));
  } finally {
    fs.closeSync(descriptor);
  }
}

function mapped<T>(operation: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw storageError(operation, path, error);
  }
}

function settled(
  operation: string,
  path: string,
  start: (done: (error: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(storageError(operation, path, error)) : resolve()));
  });
}

function storageError(operation: string, path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new StorageError(CODES[code] ?? 'STORAGE_IO', `cannot ${operation} ${path}: ${message}`, {
    path,
    cause,
  });
}
