/**
 * What an engine asks of a disk.
 *
 * Calls are synchronous, since they meet the operating system's cache and a promise per call costs
 * more than the call; only the two that wait for the device are promises. Nothing is durable until
 * one of those two has resolved:
 *
 * | to survive a power cut                        | await                                       |
 * |-----------------------------------------------|---------------------------------------------|
 * | a file's bytes and size                       | its `datasync`                              |
 * | that a file was created, linked, removed      | `syncDirectory` of its directory            |
 * | that a file was renamed                       | the same; across two directories, of both   |
 * | that a directory was made                     | `syncDirectory` of it, or of its parent     |
 *
 * Rules every file system keeps, checked by `@ds/storage/conformance`:
 *  1. Reads see all earlier writes of this process at once, synced or not.
 *  2. `read` returns fewer bytes than asked only at the end of the file. `write` writes all or
 *     throws; after a throw any prefix may have been written.
 *  3. `rename` replaces its target in one step: after a crash the name holds the old file or the
 *     new one, never neither. `link` fails when its target exists.
 *  4. Bytes never written (a gap, the grown part of a file) read as zero.
 *  5. After a `datasync` that failed, the bytes it covered are in doubt: they may read back and yet
 *     be gone after a crash. Never retry it, and trust no other `datasync` of that file that was
 *     under way at the same time: stop writing, reopen, recover.
 *  6. A lock is held by one owner at a time, and not by an owner that has died.
 *  7. Errors are {@link StorageError}: `STORAGE_NOT_FOUND`, `STORAGE_EXISTS`,
 *     `STORAGE_NOT_A_DIRECTORY`, `STORAGE_LOCKED`, `STORAGE_FULL` (no space left), `STORAGE_CLOSED`
 *     (a file used after `close`), `STORAGE_IO` (all else), each with `path` and `cause`.
 *  8. A removed file stays readable through what has it open.
 */

/** How to open a file. */
export interface OpenOptions {
  /**
   * `'read'`: the file must exist, writing throws. `'write'`: read and write; the file is created
   * when absent. `'create'`: read and write; `STORAGE_EXISTS` when present.
   */
  readonly mode: 'read' | 'write' | 'create';
}

/** An open file. Positions and sizes are in bytes. */
export interface File {
  readonly path: string;
  /**
   * Fills `target` from `position` on; returns the bytes read, fewer than asked only at the end of
   * the file.
   */
  read(position: number, target: Uint8Array): number;
  /** Writes all of `data` at `position`, growing the file as needed. */
  write(position: number, data: Uint8Array): void;
  /** Cuts or grows (with zeros) the file to `size`. */
  truncate(size: number): void;
  /**
   * Makes the file at least `size` bytes long, zeros beyond its old end, with its space taken on
   * the device: later writes inside it neither grow the file nor run out of space. Never shrinks.
   */
  preallocate(size: number): void;
  size(): number;
  /** Resolves when all bytes written so far, and the size, are durable. See rule 5. */
  datasync(): Promise<void>;
  /** Idempotent; does not sync. */
  close(): void;
}

/** A held lock. */
export interface Lock {
  readonly path: string;
  /** Gives the lock up. Idempotent. */
  release(): void;
}

/** A tree of directories and files; paths are separated by `/`. */
export interface FileSystem {
  open(path: string, options: OpenOptions): File;
  /** Moves a file, replacing `to` if it exists. */
  rename(from: string, to: string): void;
  /** Gives a file a second name. */
  link(existing: string, added: string): void;
  /** Removes a file. */
  remove(path: string): void;
  /** The names in a directory, files and directories alike, sorted. */
  list(directory: string): string[];
  /** Makes a directory and those above it; harmless when it is there. */
  mkdir(directory: string): void;
  /**
   * Takes the lock at `path`, in an existing directory, for this owner until `release` or its
   * death. May keep files named `path` and `path.*`, also afterwards: leave them alone.
   * @throws {StorageError} `STORAGE_LOCKED`, naming the owner.
   */
  lock(path: string): Lock;
  /** Resolves when the creations, renames, links and removals in `directory` are durable. */
  syncDirectory(directory: string): Promise<void>;
}
