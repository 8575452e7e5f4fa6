/** Passes everything on; the broken ones override what they break. */
import type {
  Batch,
  Bounds,
  Entry,
  File,
  FileSystem,
  KeyValueStore,
  Lock,
  OpenOptions,
  Snapshot,
  StoreStatus,
  WriteOptions,
} from '@ds/storage';
import type { ForgetfulFileSystem } from './forgetful-file-system.ts';

export class FileSystemDelegate implements FileSystem {
  protected readonly sound: ForgetfulFileSystem;

  constructor(sound: ForgetfulFileSystem) {
    this.sound = sound;
  }

  /** What stands for an opened file. */
  protected file(file: File, _options: OpenOptions): File {
    return file;
  }

  open(path: string, options: OpenOptions): File {
    return this.file(this.sound.open(path, options), options);
  }

  rename(from: string, to: string): void {
    this.sound.rename(from, to);
  }

  link(existing: string, added: string): void {
    this.sound.link(existing, added);
  }

  remove(path: string): void {
    this.sound.remove(path);
  }

  list(directory: string): string[] {
    return this.sound.list(directory);
  }

  mkdir(directory: string): void {
    this.sound.mkdir(directory);
  }

  lock(path: string): Lock {
    return this.sound.lock(path);
  }

  lockAndDie(path: string): void {
    this.sound.lockAndDie(path);
  }

  syncDirectory(directory: string): Promise<void> {
    return this.sound.syncDirectory(directory);
  }
}

export class FileDelegate implements File {
  protected readonly sound: File;

  constructor(sound: File) {
    this.sound = sound;
  }

  get path(): string {
    return this.sound.path;
  }

  read(position: number, target: Uint8Array): number {
    return this.sound.read(position, target);
  }

  write(position: number, data: Uint8Array): void {
    this.sound.write(position, data);
  }

  truncate(size: number): void {
    this.sound.truncate(size);
  }

  preallocate(size: number): void {
    this.sound.preallocate(size);
  }

  size(): number {
    return this.sound.size();
  }

  datasync(): Promise<void> {
    return this.sound.datasync();
  }

  close(): void {
    this.sound.close();
  }
}

export class StoreDelegate implements KeyValueStore {
  protected readonly sound: KeyValueStore;

  constructor(sound: KeyValueStore) {
    this.sound = sound;
  }

  get maxKeyBytes(): number {
    return this.sound.maxKeyBytes;
  }

  get maxValueBytes(): number {
    return this.sound.maxValueBytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.sound.get(key);
  }

  range(bounds?: Bounds): Iterable<Entry> {
    return this.sound.range(bounds);
  }

  write(batch: Batch, options?: WriteOptions): Promise<void> {
    return this.sound.write(batch, options);
  }

  snapshot(): Snapshot {
    return this.sound.snapshot();
  }

  status(): StoreStatus {
    return this.sound.status();
  }

  sync(): Promise<void> {
    return this.sound.sync();
  }

  close(): Promise<void> {
    return this.sound.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
