/**
 * A file system that forgets at a power cut what was not synced: enough of one to put the
 * conformance suites to the test. What becomes of unsynced bytes and names is drawn.
 *
 * Beside a living MemoryFileSystem it keeps what is on the device: per file the bytes of its last
 * datasync, per directory the names of its last syncDirectory. Paths are absolute.
 */
import { type File, type FileSystem, type Lock, type OpenOptions, StorageError } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';

type Draw = (below: number) => number;

/** A file, whatever its names are. */
interface Inode {
  durable: Uint8Array;
  /** Reads the file as it is now, also when it has no name any more. */
  readonly reader: File;
}

type Names = ReadonlyMap<string, Inode | 'directory'>;

const SECTOR_BYTES = 512;
/** A sync takes its time, in which others write. */
const SYNC_TURNS = 12;

export class ForgetfulFileSystem implements FileSystem {
  readonly #live: MemoryFileSystem;
  readonly #draw: Draw;
  readonly #inodes = new Map<string, Inode>();
  readonly #durableNames = new Map<string, Names>();
  #isOff = false;
  #failsNextSync = false;

  constructor(draw: Draw, live: MemoryFileSystem = new MemoryFileSystem()) {
    this.#draw = draw;
    this.#live = live;
  }

  failNextDatasync(): void {
    this.#failsNextSync = true;
  }

  open(path: string, options: OpenOptions): File {
    this.#checkPower(path);
    const file = this.#live.open(path, options);
    const inode = this.#inodes.get(path) ?? this.#inodeOf(path);
    const powered = <T>(run: () => T): T => {
      this.#checkPower(path);
      return run();
    };
    return {
      path,
      read: (position, target) => powered(() => file.read(position, target)),
      write: (position, data) => powered(() => file.write(position, data)),
      truncate: (size) => powered(() => file.truncate(size)),
      preallocate: (size) => powered(() => file.preallocate(size)),
      size: () => powered(() => file.size()),
      datasync: () => this.#datasync(file, inode),
      close: () => file.close(),
    };
  }

  rename(from: string, to: string): void {
    this.#checkPower(from);
    this.#live.rename(from, to);
    this.#inodes.set(to, this.#inodes.get(from)!);
    this.#inodes.delete(from);
  }

  link(existing: string, added: string): void {
    this.#checkPower(existing);
    this.#live.link(existing, added);
    this.#inodes.set(added, this.#inodes.get(existing)!);
  }

  remove(path: string): void {
    this.#checkPower(path);
    this.#live.remove(path);
    this.#inodes.delete(path);
  }

  list(directory: string): string[] {
    this.#checkPower(directory);
    return this.#live.list(directory);
  }

  mkdir(directory: string): void {
    this.#checkPower(directory);
    this.#live.mkdir(directory);
  }

  lock(path: string): Lock {
    this.#checkPower(path);
    return this.#live.lock(path);
  }

  /** Another owner takes the lock and dies, and the host takes it back. */
  lockAndDie(path: string): void {
    this.lock(path).release();
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#checkPower(directory);
    await this.#live.syncDirectory(directory);
    this.persistNames(directory);
    this.persistPlace(directory);
  }

  /** Makes a directory's own name durable, and those above it. */
  persistPlace(directory: string): void {
    const cut = directory.lastIndexOf('/');
    if (cut < 0) return;
    const parent = directory.slice(0, cut);
    const names = new Map(this.#durableNames.get(parent));
    this.#durableNames.set(parent, names.set(directory.slice(cut + 1), 'directory'));
    this.persistPlace(parent);
  }

  /** Names may reach the device at any time, also unasked. */
  persistNames(directory: string): void {
    this.#durableNames.set(directory, this.#namesIn(directory));
  }

  /** Syncs everything at once: for what a test finds there when it begins. */
  settle(directory = ''): void {
    for (const inode of this.#inodes.values()) inode.durable = contentOf(inode.reader);
    const names = this.#namesIn(directory);
    this.#durableNames.set(directory, names);
    for (const [name, node] of names) if (node === 'directory') this.settle(`${directory}/${name}`);
  }

  /** Cuts the power. Gives what is found when it is back. */
  crash(): ForgetfulFileSystem {
    const next = new ForgetfulFileSystem(this.#draw);
    const places = new Map<Inode, string>();
    const restore = (directory: string): void => {
      const durable: Names = this.#durableNames.get(directory) ?? new Map();
      const names = this.#draw(2) === 0 ? durable : this.#namesIn(directory);
      for (const [name, node] of names) {
        const path = `${directory}/${name}`;
        if (node === 'directory') {
          next.mkdir(path);
          restore(path);
          continue;
        }
        const place = places.get(node);
        if (place) next.link(place, path);
        else next.#put(path, this.#survivorOf(node));
        if (!place) places.set(node, path);
      }
    };
    restore('');
    this.#isOff = true;
    next.settle();
    return next;
  }

  #put(path: string, content: Uint8Array): void {
    const file = this.open(path, { mode: 'create' });
    file.write(0, content);
    file.close();
  }

  /** The durable bytes, those written since, or some sectors of each. */
  #survivorOf(inode: Inode): Uint8Array {
    const current = contentOf(inode.reader);
    const fate = this.#draw(3);
    if (fate === 0) return inode.durable;
    if (fate === 1) return current;
    const mixed = (this.#draw(2) === 0 ? inode.durable : current).slice();
    for (let at = 0; at < mixed.length; at += SECTOR_BYTES) {
      const from = this.#draw(2) === 0 ? inode.durable : current;
      const sector = new Uint8Array(Math.min(SECTOR_BYTES, mixed.length - at));
      sector.set(from.subarray(at, at + sector.length));
      mixed.set(sector, at);
    }
    return mixed;
  }

  async #datasync(file: File, inode: Inode): Promise<void> {
    this.#checkPower(file.path);
    const content = contentOf(inode.reader);
    await file.datasync();
    if (this.#failsNextSync) {
      this.#failsNextSync = false;
      throw new StorageError('STORAGE_IO', `cannot sync ${file.path}`, { path: file.path });
    }
    for (let turn = 0; turn < SYNC_TURNS; turn += 1) await Promise.resolve();
    this.#checkPower(file.path);
    inode.durable = content;
  }

  #inodeOf(path: string): Inode {
    const reader = this.#live.open(path, { mode: 'read' });
    const inode: Inode = { durable: new Uint8Array(0), reader };
    this.#inodes.set(path, inode);
    return inode;
  }

  #namesIn(directory: string): Names {
    return new Map(
      this.#live
        .list(directory)
        .map((name) => [name, this.#inodes.get(`${directory}/${name}`) ?? 'directory']),
    );
  }

  #checkPower(path: string): void {
    if (this.#isOff) throw new StorageError('STORAGE_IO', `no power for ${path}`, { path });
  }
}

function contentOf(file: File): Uint8Array {
  const content = new Uint8Array(file.size());
  file.read(0, content);
  return content;
}
