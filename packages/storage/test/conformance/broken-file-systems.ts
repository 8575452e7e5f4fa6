/**
 * File systems that break one rule each. A suite that lets one of them pass proves nothing.
 */
import { type File, type Lock, type OpenOptions, StorageError } from '@ds/storage';
import { FileDelegate, FileSystemDelegate } from './delegate.ts';
import type { ForgetfulFileSystem } from './forgetful-file-system.ts';
import type { Wrap } from './subjects.ts';

export interface BrokenFileSystem {
  /** How the title of the test that must fail begins. */
  readonly breaks: string;
  readonly bug: string;
  readonly wrap: Wrap;
}

type FileClass = new (sound: File) => FileDelegate;

/** A file system whose files are of the class given. */
const withFiles = (Broken: FileClass): Wrap => {
  class Wrapped extends FileSystemDelegate {
    protected override file(file: File): File {
      return new Broken(file);
    }
  }
  return (sound) => new Wrapped(sound);
};

const as =
  (Broken: new (sound: ForgetfulFileSystem) => FileSystemDelegate): Wrap =>
  (sound) =>
    new Broken(sound);

class WritesKeptUntilClose extends FileDelegate {
  readonly #kept: [number, Uint8Array][] = [];
  override write(position: number, data: Uint8Array): void {
    this.#kept.push([position, data.slice()]);
  }
  override datasync(): Promise<void> {
    this.#flush();
    return super.datasync();
  }
  override close(): void {
    this.#flush();
    super.close();
  }
  #flush(): void {
    for (const [position, data] of this.#kept.splice(0)) super.write(position, data);
  }
}

class UnsortedList extends FileSystemDelegate {
  override list(directory: string): string[] {
    return super.list(directory).reverse();
  }
}

class ShortReads extends FileDelegate {
  override read(position: number, target: Uint8Array): number {
    return super.read(position, target.subarray(0, 65_536));
  }
}

class ShortWrites extends FileDelegate {
  override write(position: number, data: Uint8Array): void {
    super.write(position, data.subarray(0, 1_048_576));
  }
}

class WritesTheWholeBuffer extends FileDelegate {
  override write(position: number, data: Uint8Array): void {
    super.write(position, new Uint8Array(data.buffer, 0, data.length));
  }
}

class GarbageWhenFull extends FileDelegate {
  override write(position: number, data: Uint8Array): void {
    try {
      super.write(position, data);
    } catch (error) {
      super.write(position, new Uint8Array(10).fill(0xee));
      throw error;
    }
  }
}

class RenameKeepsTheSource extends FileSystemDelegate {
  override rename(from: string, to: string): void {
    super.rename(from, to);
    super.link(to, from);
  }
}

class RenameInTwoSteps extends FileSystemDelegate {
  override rename(from: string, to: string): void {
    if (this.list(parentOf(to)).includes(nameOf(to))) {
      // The removal reaches the device at once, the new name later.
      super.remove(to);
      this.sound.persistNames(parentOf(to));
    }
    super.rename(from, to);
  }
}

class LinkReplaces extends FileSystemDelegate {
  override link(existing: string, added: string): void {
    if (this.list(parentOf(added)).includes(nameOf(added))) super.remove(added);
    super.link(existing, added);
  }
}

class GapsOfOnes extends FileDelegate {
  override write(position: number, data: Uint8Array): void {
    const end = this.size();
    if (position > end) super.write(end, new Uint8Array(position - end).fill(0xff));
    super.write(position, data);
  }
}

class TruncateKeepsBytes extends FileDelegate {
  #cut: { from: number; bytes: Uint8Array } | undefined;
  override truncate(size: number): void {
    const end = this.size();
    if (size < end) {
      const bytes = new Uint8Array(end - size);
      super.read(size, bytes);
      this.#cut = { from: size, bytes };
      super.truncate(size);
    } else {
      super.truncate(size);
      if (this.#cut) super.write(end, this.#cut.bytes.subarray(0, size - end));
    }
  }
}

class PreallocateShrinks extends FileDelegate {
  override preallocate(size: number): void {
    super.truncate(size);
  }
}

class PreallocateTakesNoSpace extends FileDelegate {
  readonly #promised = { size: 0 };
  override preallocate(size: number): void {
    this.#promised.size = Math.max(size, this.#promised.size);
  }
  override size(): number {
    return Math.max(super.size(), this.#promised.size);
  }
}

class FailedSyncIsSilent extends FileDelegate {
  override datasync(): Promise<void> {
    return super.datasync().catch(() => {});
  }
}

class FailedSyncDestroys extends FileDelegate {
  override async datasync(): Promise<void> {
    try {
      await super.datasync();
    } catch (error) {
      super.truncate(0);
      await super.datasync();
      throw error;
    }
  }
}

class SyncSkipsTheDevice extends FileDelegate {
  override async datasync(): Promise<void> {
    this.size();
  }
}

class DirectorySyncSkipsTheDevice extends FileSystemDelegate {
  override async syncDirectory(directory: string): Promise<void> {
    this.list(directory);
  }
}

class DirectorySyncSkipsItsPlace extends FileSystemDelegate {
  override async syncDirectory(directory: string): Promise<void> {
    this.list(directory);
    this.sound.persistNames(directory);
  }
}

class LockForAll extends FileSystemDelegate {
  override lock(path: string): Lock {
    this.list(parentOf(path));
    return { path, release: () => {} };
  }
}

class LockOfOneView extends FileSystemDelegate {
  readonly #held = new Set<string>();
  override lock(path: string): Lock {
    this.list(parentOf(path));
    if (this.#held.has(path)) throw new StorageError('STORAGE_LOCKED', 'locked', { path });
    this.#held.add(path);
    let released = false;
    const release = () => {
      if (!released) this.#held.delete(path);
      released = true;
    };
    return { path, release };
  }
}

class ReleaseByPath extends FileSystemDelegate {
  static readonly holders = new WeakMap<ForgetfulFileSystem, Map<string, Lock>>();
  override lock(path: string): Lock {
    const lock = super.lock(path);
    const holders = ReleaseByPath.holders.get(this.sound) ?? new Map<string, Lock>();
    ReleaseByPath.holders.set(this.sound, holders.set(path, lock));
    return { path, release: () => holders.get(path)?.release() };
  }
}

class LockOutlivesItsOwner extends FileSystemDelegate {
  override lockAndDie(path: string): void {
    this.lock(path);
  }
}

class LockFileOnDisk extends FileSystemDelegate {
  override lock(path: string): Lock {
    try {
      this.sound.open(path, { mode: 'create' }).close();
    } catch (error) {
      if ((error as StorageError).code !== 'STORAGE_EXISTS') throw error;
      throw new StorageError('STORAGE_LOCKED', 'locked', { path });
    }
    this.sound.persistNames(parentOf(path));
    let released = false;
    const release = () => {
      if (!released) this.remove(path);
      released = true;
    };
    return { path, release };
  }
  override lockAndDie(path: string): void {
    this.lock(path);
  }
}

class PlainErrors extends FileSystemDelegate {
  override open(path: string, options: OpenOptions): File {
    try {
      return super.open(path, options);
    } catch (error) {
      throw new Error((error as Error).message);
    }
  }
}

class CreateOpensWhatIsThere extends FileSystemDelegate {
  override open(path: string, { mode }: OpenOptions): File {
    return super.open(path, { mode: mode === 'create' ? 'write' : mode });
  }
}

class NotADirectoryIsNotFound extends FileSystemDelegate {
  override list(directory: string): string[] {
    try {
      return super.list(directory);
    } catch {
      throw new StorageError('STORAGE_NOT_FOUND', 'not found', { path: directory });
    }
  }
}

class CloseIsForgotten extends FileDelegate {
  override close(): void {}
}

class ReadersMayWrite extends FileSystemDelegate {
  override open(path: string, { mode }: OpenOptions): File {
    if (mode === 'read') super.open(path, { mode }).close();
    return super.open(path, { mode: mode === 'read' ? 'write' : mode });
  }
}

class FullIsIo extends FileDelegate {
  override write(position: number, data: Uint8Array): void {
    try {
      super.write(position, data);
    } catch (cause) {
      throw new StorageError('STORAGE_IO', 'failed', { cause, path: this.path });
    }
  }
}

/** Opens anew at each read, by name. */
class FilesAreTheirNames extends FileSystemDelegate {
  protected override file(file: File, options: OpenOptions): File {
    const { sound } = this;
    class ByName extends FileDelegate {
      override read(position: number, target: Uint8Array): number {
        if (options.mode !== 'read') return super.read(position, target);
        const named = sound.open(this.path, { mode: 'read' });
        try {
          return named.read(position, target);
        } finally {
          named.close();
        }
      }
    }
    return new ByName(file);
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const brokenFileSystems: readonly BrokenFileSystem[] = [
  { breaks: 'rule 1:', bug: 'keeps writes to itself', wrap: withFiles(WritesKeptUntilClose) },
  { breaks: 'rule 1:', bug: 'lists in no order', wrap: as(UnsortedList) },
  { breaks: 'rule 2:', bug: 'reads less than asked', wrap: withFiles(ShortReads) },
  { breaks: 'rule 2:', bug: 'writes less than given', wrap: withFiles(ShortWrites) },
  { breaks: 'rule 2:', bug: 'writes around a subarray', wrap: withFiles(WritesTheWholeBuffer) },
  { breaks: 'rule 2:', bug: 'writes garbage when full', wrap: withFiles(GarbageWhenFull) },
  { breaks: 'rule 3:', bug: 'keeps the old name at a rename', wrap: as(RenameKeepsTheSource) },
  { breaks: 'rule 3:', bug: 'renames in two steps', wrap: as(RenameInTwoSteps) },
  { breaks: 'rule 3:', bug: 'replaces the target of a link', wrap: as(LinkReplaces) },
  { breaks: 'rule 4:', bug: 'fills gaps with ones', wrap: withFiles(GapsOfOnes) },
  { breaks: 'rule 4:', bug: 'brings cut bytes back', wrap: withFiles(TruncateKeepsBytes) },
  { breaks: 'rule 4:', bug: 'shrinks at preallocate', wrap: withFiles(PreallocateShrinks) },
  { breaks: 'rule 7:', bug: 'preallocates nothing', wrap: withFiles(PreallocateTakesNoSpace) },
  { breaks: 'rule 5:', bug: 'keeps a failed sync secret', wrap: withFiles(FailedSyncIsSilent) },
  { breaks: 'rule 5:', bug: 'loses more in a failed sync', wrap: withFiles(FailedSyncDestroys) },
  { breaks: 'rule 6:', bug: 'locks nothing', wrap: as(LockForAll) },
  { breaks: 'rule 6:', bug: 'locks for itself alone', wrap: as(LockOfOneView) },
  { breaks: 'rule 6:', bug: "releases the next owner's lock", wrap: as(ReleaseByPath) },
  { breaks: 'rule 6:', bug: 'leaves a lock to a dead owner', wrap: as(LockOutlivesItsOwner) },
  { breaks: 'rule 6: a crash', bug: 'locks across a crash', wrap: as(LockFileOnDisk) },
  { breaks: 'rule 7:', bug: 'throws errors without codes', wrap: as(PlainErrors) },
  { breaks: 'rule 7:', bug: 'creates what exists', wrap: as(CreateOpensWhatIsThere) },
  { breaks: 'rule 7:', bug: 'takes a file for nothing', wrap: as(NotADirectoryIsNotFound) },
  { breaks: 'rule 7:', bug: 'forgets to close', wrap: withFiles(CloseIsForgotten) },
  { breaks: 'rule 7:', bug: 'lets readers write', wrap: as(ReadersMayWrite) },
  { breaks: 'rule 7:', bug: 'calls a full disk broken', wrap: withFiles(FullIsIo) },
  { breaks: 'rule 8:', bug: 'reads by name', wrap: as(FilesAreTheirNames) },
  { breaks: 'durability', bug: 'does not sync files', wrap: withFiles(SyncSkipsTheDevice) },
  { breaks: 'durability', bug: 'does not sync names', wrap: as(DirectorySyncSkipsTheDevice) },
  { breaks: 'durability', bug: 'syncs no place', wrap: as(DirectorySyncSkipsItsPlace) },
];
