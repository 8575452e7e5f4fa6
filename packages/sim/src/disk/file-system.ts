/**
 * The FileSystem port over a simulated disk, for the time between two crashes. Every call asks the
 * disk what becomes of it, so that a test can fail or crash at each; see disk.ts.
 */
import { type File, type FileSystem, type Lock, type OpenOptions, StorageError } from '@ds/storage';
import { DirectoryImage } from './disk-image.ts';
import type { DiskFault, DiskOperation } from './disk-options.ts';
import { FileImage } from './file-image.ts';

/** The disk under a file system: what becomes of a call, and how much there is of everything. */
export interface Device {
  /** Counts a call and tells what becomes of it. */
  admit(operation: DiskOperation, path: string): DiskFault | 'ok';
  /** Whether `view` is the one that works. */
  isCurrent(view: SimFileSystem): boolean;
  /** Cuts the power. */
  crash(): void;
  /** Takes up to `bytes` of the space that is left; returns how many there were. */
  reserve(bytes: number): number;
  /** How much of `length` is done when a write fails. */
  partOf(length: number, fault: DiskFault): number;
  /** Notes that `file` lost a name. */
  unlinked(file: FileImage): void;
  /** Notes that `file` is about to lose what lies from `position` on. */
  cut(file: FileImage, position: number): void;
  /** Flips a bit that a read of `length` bytes is going to see. */
  rot(file: FileImage, position: number, length: number): void;
  misdirect(file: FileImage, position: number, data: Uint8Array): void;
  /** Calls `fire` when a sync of so many bytes that starts now is through. */
  afterSync(bytes: number, fire: () => void): void;
  /** Lets a sync fail that covered the changes numbered below `end`. */
  failSync(file: FileImage, end: number): void;
}

/** What running code sees of a disk until the next crash. */
export class SimFileSystem implements FileSystem {
  readonly #device: Device;
  readonly #root: DirectoryImage;
  readonly #locks = new Map<string, Lock>();

  constructor(device: Device, root: DirectoryImage) {
    this.#device = device;
    this.#root = root;
  }

  open(path: string, { mode }: OpenOptions): File {
    return this.call('open', path, () => {
      const { directory, name } = this.#resolve(path);
      let image = directory.entries.get(name);
      if (image instanceof DirectoryImage) throw failure('STORAGE_IO', 'is a directory', path);
      if (image !== undefined && mode === 'create') throw failure('STORAGE_EXISTS', 'exists', path);
      if (image === undefined) {
        if (mode === 'read') throw failure('STORAGE_NOT_FOUND', 'no such file', path);
        image = new FileImage();
        directory.set(name, image);
      }
      return new SimFile(this, this.#device, image, path, mode !== 'read');
    });
  }

  rename(from: string, to: string): void {
    this.call('rename', from, () => {
      const source = this.#resolve(from);
      const target = this.#resolve(to);
      const image = existingFile(source, from);
      const replaced = target.directory.entries.get(target.name);
      if (replaced instanceof DirectoryImage) throw failure('STORAGE_IO', 'is a directory', to);
      if (replaced === image) {
        // Two names of one file: POSIX leaves both, here as on any system that follows it.
        return;
      }
      if (source.directory === target.directory) {
        source.directory.move(source.name, target.name, image);
      } else {
        target.directory.set(target.name, image);
        source.directory.delete(source.name);
      }
      if (replaced instanceof FileImage) this.#device.unlinked(replaced);
    });
  }

  link(existing: string, added: string): void {
    this.call('link', existing, () => {
      const image = existingFile(this.#resolve(existing), existing);
      const { directory, name } = this.#resolve(added);
      if (directory.entries.has(name)) throw failure('STORAGE_EXISTS', 'exists', added);
      directory.set(name, image);
    });
  }

  remove(path: string): void {
    this.call('remove', path, () => {
      const found = this.#resolve(path);
      const image = existingFile(found, path);
      found.directory.delete(found.name);
      this.#device.unlinked(image);
    });
  }

  list(directory: string): string[] {
    return this.call('list', directory, () =>
      [...this.#directory(directory).entries.keys()].sort(),
    );
  }

  mkdir(directory: string): void {
    this.call('mkdir', directory, () => {
      let at = this.#root;
      for (const name of split(directory)) {
        const next = at.entries.get(name);
        if (next instanceof FileImage) {
          throw failure('STORAGE_NOT_A_DIRECTORY', 'is a file', directory);
        }
        if (next !== undefined) at = next;
        else {
          const made = new DirectoryImage(at);
          at.set(name, made);
          at = made;
        }
      }
    });
  }

  lock(path: string): Lock {
    return this.call('lock', path, () => {
      this.#resolve(path);
      const key = split(path).join('/');
      if (this.#locks.has(key)) {
        throw failure('STORAGE_LOCKED', 'is locked by this machine already', path);
      }
      const lock: Lock = {
        path,
        release: () => {
          if (this.#locks.get(key) === lock) this.#locks.delete(key);
        },
      };
      this.#locks.set(key, lock);
      return lock;
    });
  }

  syncDirectory(directory: string): Promise<void> {
    return this.sync('syncDirectory', directory, () => {
      const image = this.#directory(directory);
      const end = image.changes;
      // Unlike a file's bytes, names stay pending after a failure: they are few, and logged.
      return { bytes: 0, succeed: () => image.sync(end), fail: () => {} };
    });
  }

  /** The file at `path`, for tests that damage it. */
  find(path: string): FileImage | undefined {
    const { directory, name } = this.#resolve(path);
    const image = directory.entries.get(name);
    return image instanceof FileImage ? image : undefined;
  }

  /**
   * Runs a call's effect, which is told the fault that it meets and survives; `partly` is what a
   * failure leaves behind.
   */
  call<T>(
    operation: DiskOperation,
    path: string,
    effect: (fault: DiskFault | 'ok') => T,
    partly?: (fault: DiskFault) => void,
  ): T {
    this.checkAlive(path);
    const fault = this.#device.admit(operation, path);
    if (fault === 'fail' || fault === 'full' || fault === 'short') {
      partly?.(fault);
      throw injected(fault, operation, path);
    }
    try {
      return effect(fault);
    } finally {
      if (fault === 'crash') {
        this.#device.crash();
        this.checkAlive(path);
      }
    }
  }

  /** Runs one of the two calls that wait for the device. */
  sync(
    operation: 'datasync' | 'syncDirectory',
    path: string,
    start: () => { readonly bytes: number; succeed(): void; fail(): void },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.checkAlive(path);
      const fault = this.#device.admit(operation, path);
      if (fault === 'crash') {
        this.#device.crash();
        this.checkAlive(path);
      }
      const { bytes, succeed, fail } = start();
      this.#device.afterSync(bytes, () => {
        if (!this.#device.isCurrent(this)) return reject(crashed(path));
        if (fault === 'fail' || fault === 'full' || fault === 'short') {
          fail();
          return reject(injected(fault, operation, path));
        }
        succeed();
        resolve();
      });
    });
  }

  /** @throws {StorageError} `STORAGE_CLOSED` after a crash. */
  checkAlive(path: string): void {
    if (!this.#device.isCurrent(this)) throw crashed(path);
  }

  #directory(path: string, names: readonly string[] = split(path)): DirectoryImage {
    let at: DirectoryImage | FileImage = this.#root;
    for (const name of names) {
      const next: DirectoryImage | FileImage | undefined = at.entries.get(name);
      if (next === undefined) throw failure('STORAGE_NOT_FOUND', 'no such directory', path);
      if (next instanceof FileImage) throw failure('STORAGE_NOT_A_DIRECTORY', 'is a file', path);
      at = next;
    }
    return at;
  }

  #resolve(path: string): { directory: DirectoryImage; name: string } {
    const names = split(path);
    const name = names.pop();
    if (name === undefined) throw failure('STORAGE_IO', 'is a directory', path);
    return { directory: this.#directory(path, names), name };
  }
}

class SimFile implements File {
  readonly path: string;
  readonly #fileSystem: SimFileSystem;
  readonly #device: Device;
  readonly #image: FileImage;
  readonly #writable: boolean;
  #open = true;

  constructor(
    fileSystem: SimFileSystem,
    device: Device,
    image: FileImage,
    path: string,
    writable: boolean,
  ) {
    this.#fileSystem = fileSystem;
    this.#device = device;
    this.#image = image;
    this.path = path;
    this.#writable = writable;
  }

  read(position: number, target: Uint8Array): number {
    this.#check(false);
    checkOffset(position, 'a position');
    return this.#fileSystem.call('read', this.path, (fault) => {
      if (fault === 'rot') this.#device.rot(this.#image, position, target.length);
      return this.#image.read(position, target);
    });
  }

  write(position: number, data: Uint8Array): void {
    this.#check(true);
    checkOffset(position, 'a position');
    const effect = (fault: DiskFault | 'ok'): void => {
      const grown = Math.max(0, position + data.length - this.#image.size);
      const missing = grown - (grown > 0 ? this.#device.reserve(grown) : 0);
      const fitting = data.subarray(0, Math.max(0, data.length - missing));
      if (fitting.length > 0 && fault === 'misdirect') {
        this.#device.misdirect(this.#image, position, fitting);
      } else if (fitting.length > 0) this.#image.write(position, fitting);
      if (missing > 0) throw noSpace(grown, this.path);
    };
    const partly = (fault: DiskFault): void => {
      const part = data.subarray(0, this.#device.partOf(data.length, fault));
      if (part.length > 0) this.#image.write(position, part);
    };
    this.#fileSystem.call('write', this.path, effect, partly);
  }

  truncate(size: number): void {
    this.#check(true);
    checkOffset(size, 'a size');
    this.#fileSystem.call('truncate', this.path, () => this.#resize(size));
  }

  preallocate(size: number): void {
    this.#check(true);
    checkOffset(size, 'a size');
    this.#fileSystem.call('preallocate', this.path, () => {
      if (size > this.#image.size) this.#resize(size);
    });
  }

  size(): number {
    this.#check(false);
    return this.#fileSystem.call('size', this.path, () => this.#image.size);
  }

  datasync(): Promise<void> {
    return this.#fileSystem.sync('datasync', this.path, () => {
      this.#check(false);
      const image = this.#image;
      const end = image.changes;
      return {
        bytes: image.unsyncedBytes,
        succeed: () => image.sync(end),
        fail: () => this.#device.failSync(image, end),
      };
    });
  }

  close(): void {
    this.#open = false;
  }

  #resize(size: number): void {
    const grown = size - this.#image.size;
    if (grown === 0) return;
    if (grown > 0 && this.#device.reserve(grown) < grown) throw noSpace(grown, this.path);
    if (grown < 0) this.#device.cut(this.#image, size);
    this.#image.resize(size);
  }

  #check(writing: boolean): void {
    this.#fileSystem.checkAlive(this.path);
    if (!this.#open) throw failure('STORAGE_CLOSED', 'the file is closed', this.path);
    if (writing && !this.#writable) {
      throw failure('STORAGE_IO', 'is open for reading only', this.path);
    }
  }
}

function existingFile(
  { directory, name }: { directory: DirectoryImage; name: string },
  path: string,
): FileImage {
  const image = directory.entries.get(name);
  if (image === undefined) throw failure('STORAGE_NOT_FOUND', 'no such file', path);
  if (image instanceof DirectoryImage) throw failure('STORAGE_IO', 'is a directory', path);
  return image;
}

function split(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

function checkOffset(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${what} is a whole number of bytes, got ${value}`);
  }
}

type Code = StorageError['code'];

function failure(code: Code, what: string, path: string): StorageError {
  return new StorageError(code, `${path}: ${what}`, { path });
}

function noSpace(bytes: number, path: string): StorageError {
  return failure('STORAGE_FULL', `no space left for ${bytes} bytes`, path);
}

function injected(fault: DiskFault, operation: string, path: string): StorageError {
  return fault === 'full'
    ? failure('STORAGE_FULL', `${operation}: no space left (injected)`, path)
    : failure('STORAGE_IO', `${operation}: the device failed (injected)`, path);
}

function crashed(path: string): StorageError {
  return failure('STORAGE_CLOSED', 'the machine has crashed', path);
}
