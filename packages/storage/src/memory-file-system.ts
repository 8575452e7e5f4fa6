/**
 * A file system in memory, with every rule of the port; nothing is lost until the process ends, so
 * its syncs resolve at once. For programs in a browser, and for tests.
 *
 * Names and files are apart, as in Unix: a directory maps names to files, a file lives while a name
 * or an open handle refers to it. Content is kept in pages; an absent page reads as zeros.
 *
 * Invariant: the sizes of all living files together are at most `maxBytes`.
 * Cost: O(path length) to open, O(bytes) to read and write.
 */
import { checkWholeNumber } from './bytes.ts';
import { StorageError } from './errors.ts';
import type { File, FileSystem, Lock, OpenOptions } from './file-system.ts';
import { PagedContent } from './paged-content.ts';

export interface MemoryFileSystemOptions {
  /** The sizes of all files together, in bytes; beyond it: `STORAGE_FULL`. @default 1073741824 */
  readonly maxBytes?: number;
}

type Directory = Map<string, Directory | MemoryFile>;

/** A file as its names and handles share it. */
interface MemoryFile {
  readonly content: PagedContent;
  names: number;
  handles: number;
}

const isDirectory = (node: Directory | MemoryFile): node is Directory => node instanceof Map;

export class MemoryFileSystem implements FileSystem {
  readonly #maxBytes: number;
  readonly #root: Directory = new Map();
  readonly #locks = new Map<string, Lock>();
  #bytes = 0;

  constructor({ maxBytes = 1024 * 1024 * 1024 }: MemoryFileSystemOptions = {}) {
    checkWholeNumber('maxBytes', maxBytes, 0);
    this.#maxBytes = maxBytes;
  }

  open(path: string, { mode }: OpenOptions): File {
    const { directory, name } = this.#parent(path);
    let file = directory.get(name);
    if (file === undefined) {
      if (mode === 'read') throw notFound(path);
      file = { content: new PagedContent(), names: 1, handles: 0 };
      directory.set(name, file);
    } else if (mode === 'create') {
      throw exists(path);
    }
    if (isDirectory(file)) throw isADirectory(path);
    return this.#handle(path, file, mode);
  }

  rename(from: string, to: string): void {
    const source = this.#parent(from);
    const file = this.#file(from);
    const target = this.#parent(to);
    const replaced = target.directory.get(target.name);
    // Two names of one file: POSIX leaves both.
    if (replaced === file) return;
    if (replaced && isDirectory(replaced)) throw isADirectory(to);
    source.directory.delete(source.name);
    target.directory.set(target.name, file);
    if (replaced) this.#drop(replaced, 'names');
  }

  link(existing: string, added: string): void {
    const file = this.#file(existing);
    const { directory, name } = this.#parent(added);
    if (directory.has(name)) throw exists(added);
    directory.set(name, file);
    file.names += 1;
  }

  remove(path: string): void {
    const file = this.#file(path);
    const { directory, name } = this.#parent(path);
    directory.delete(name);
    this.#drop(file, 'names');
  }

  list(directory: string): string[] {
    return [...this.#directory(directory).keys()].sort();
  }

  mkdir(directory: string): void {
    let current = this.#root;
    for (const name of segments(directory)) {
      let next = current.get(name);
      if (next === undefined) current.set(name, (next = new Map()));
      if (!isDirectory(next)) throw notADirectory(directory);
      current = next;
    }
  }

  lock(path: string): Lock {
    this.#parent(path);
    const key = segments(path).join('/');
    if (this.#locks.has(key)) {
      throw new StorageError(
        'STORAGE_LOCKED',
        `${path} is locked by another user of this file system in memory`,
        { path },
      );
    }
    const lock: Lock = {
      path,
      release: () => {
        if (this.#locks.get(key) === lock) this.#locks.delete(key);
      },
    };
    this.#locks.set(key, lock);
    return lock;
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#directory(directory);
  }

  /** The directory that holds, or may come to hold, what `path` names. */
  #parent(path: string): { directory: Directory; name: string } {
    const names = segments(path);
    const name = names.pop();
    if (name === undefined) throw isADirectory(path);
    return { directory: this.#walk(names, path), name };
  }

  #directory(path: string): Directory {
    return this.#walk(segments(path), path);
  }

  #walk(names: readonly string[], path: string): Directory {
    let current = this.#root;
    for (const name of names) {
      const next = current.get(name);
      if (next === undefined) throw notFound(path);
      if (!isDirectory(next)) throw notADirectory(path);
      current = next;
    }
    return current;
  }

  #file(path: string): MemoryFile {
    const { directory, name } = this.#parent(path);
    const file = directory.get(name);
    if (file === undefined) throw notFound(path);
    if (isDirectory(file)) throw isADirectory(path);
    return file;
  }

  #drop(file: MemoryFile, reference: 'names' | 'handles'): void {
    file[reference] -= 1;
    if (file.names + file.handles === 0) this.#bytes -= file.content.size;
  }

  /** Makes `file` `size` bytes long, or as long as there is room for. */
  #resize(path: string, file: MemoryFile, size: number): void {
    const { content } = file;
    const room = this.#maxBytes - this.#bytes;
    const granted = Math.min(size, content.size + room);
    this.#bytes += granted - content.size;
    content.resize(granted);
    if (granted < size) {
      throw new StorageError('STORAGE_FULL', `no space left for ${path}`, { path });
    }
  }

  #write(path: string, file: MemoryFile, position: number, data: Uint8Array): void {
    const { content } = file;
    const end = position + data.length;
    if (data.length === 0) return;
    try {
      if (end > content.size) this.#resize(path, file, end);
    } finally {
      // A disk that fills up keeps what it had room for.
      content.write(position, data.subarray(0, Math.max(0, content.size - position)));
    }
  }

  #handle(path: string, file: MemoryFile, mode: OpenOptions['mode']): File {
    file.handles += 1;
    let closed = false;
    const { content } = file;
    const use = (position = 0): void => {
      if (closed) throw new StorageError('STORAGE_CLOSED', `${path} is closed`, { path });
      checkWholeNumber('a position or size', position, 0);
    };
    const change = (position: number): void => {
      use(position);
      if (mode === 'read') {
        throw new StorageError('STORAGE_IO', `${path} is open for reading only`, { path });
      }
    };
    return {
      path,
      read: (position, target) => {
        use(position);
        return content.read(position, target);
      },
      write: (position, data) => {
        change(position);
        this.#write(path, file, position, data);
      },
      truncate: (size) => {
        change(size);
        this.#resize(path, file, size);
      },
      preallocate: (size) => {
        change(size);
        const before = content.size;
        if (size <= before) return;
        try {
          this.#resize(path, file, size);
        } catch (error) {
          this.#resize(path, file, before);
          throw error;
        }
      },
      size: () => {
        use();
        return content.size;
      },
      datasync: async () => use(),
      close: () => {
        if (closed) return;
        closed = true;
        this.#drop(file, 'handles');
      },
    };
  }
}

/** A path's names from the root on; a leading `/` means nothing, `..` goes up. */
function segments(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

const notFound = (path: string) =>
  new StorageError('STORAGE_NOT_FOUND', `${path} does not exist`, { path });
const exists = (path: string) => new StorageError('STORAGE_EXISTS', `${path} exists`, { path });
const isADirectory = (path: string) =>
  new StorageError('STORAGE_IO', `${path} is a directory`, { path });
const notADirectory = (path: string) =>
  new StorageError('STORAGE_NOT_A_DIRECTORY', `${path} leads through a file`, { path });
