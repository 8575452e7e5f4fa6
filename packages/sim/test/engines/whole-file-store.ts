/**
 * A toy engine: all that it holds is one file, and every write makes a new one in its place. Slow,
 * and sound, since a name that is moved is the old file or the new one.
 *
 * What crash safety hangs on are methods: the broken ones replace one each.
 */
import {
  type Batch,
  type Bounds,
  crc32,
  type Entry,
  type File,
  type FileSystem,
  type KeyValueStore,
  type Snapshot,
  StorageError,
  type StoreStatus,
  type WriteOptions,
} from '@ds/storage';
import { MemoryStore } from '@ds/storage/memory';

const CHECKSUM_BYTES = 4;
const LENGTHS_BYTES = 8;

export class WholeFileStore implements KeyValueStore {
  readonly maxKeyBytes = 1_000;
  readonly maxValueBytes = 100_000;
  protected readonly fileSystem: FileSystem;
  protected readonly path: string;
  readonly #directory: string;
  readonly #memory: MemoryStore = new MemoryStore(this);
  #last: Promise<void> = Promise.resolve();
  #failure: StorageError | undefined;
  #closing: Promise<void> | undefined;

  constructor(fileSystem: FileSystem, directory: string) {
    this.fileSystem = fileSystem;
    this.#directory = directory;
    this.path = `${directory}/whole`;
  }

  async open(): Promise<this> {
    this.fileSystem.mkdir(this.#directory);
    await this.syncDirectory();
    if (!this.fileSystem.list(this.#directory).includes('whole')) return this;
    const file = this.fileSystem.open(this.path, { mode: 'read' });
    const content = new Uint8Array(file.size());
    file.read(0, content);
    file.close();
    if (!this.isSound(content)) {
      const place = { path: this.path, offset: 0 };
      throw new StorageError('STORAGE_CORRUPT', `${this.path} is damaged`, place);
    }
    await this.#memory.write(decode(content.subarray(CHECKSUM_BYTES)));
    return this;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#memory.get(key);
  }

  range(bounds?: Bounds): Iterable<Entry> {
    return this.#memory.range(bounds);
  }

  snapshot(): Snapshot {
    return this.#memory.snapshot();
  }

  write(batch: Batch, { durable = false }: WriteOptions = {}): Promise<void> {
    const written = this.#last.then(() => this.#write(batch, durable));
    this.#last = written.catch(() => {});
    return written;
  }

  status(): StoreStatus {
    const status = this.#memory.status();
    return { ...status, state: this.#failure && status.state === 'open' ? 'failed' : status.state };
  }

  sync(): Promise<void> {
    return this.write([], { durable: true });
  }

  close(): Promise<void> {
    this.#closing ??= this.sync().finally(() => this.#memory.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected async syncFile(file: File): Promise<void> {
    await file.datasync();
  }

  protected async syncDirectory(): Promise<void> {
    await this.fileSystem.syncDirectory(this.#directory);
  }

  protected isSound(content: Uint8Array): boolean {
    if (content.length < CHECKSUM_BYTES) return false;
    const claimed = new DataView(content.buffer).getUint32(0);
    return claimed === crc32(content, CHECKSUM_BYTES, content.length);
  }

  protected async replace(content: Uint8Array): Promise<void> {
    const next = `${this.path}.new`;
    const file = this.fileSystem.open(next, { mode: 'write' });
    try {
      file.truncate(0);
      file.write(0, content);
      await this.syncFile(file);
    } finally {
      file.close();
    }
    this.fileSystem.rename(next, this.path);
  }

  async #write(batch: Batch, durable: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const next = new MemoryStore(this);
    await next.write([...this.#memory.range()].map((entry) => ({ type: 'put', ...entry })));
    await next.write(batch);
    try {
      await this.replace(encode([...next.range()]));
      if (durable) await this.syncDirectory();
    } catch (cause) {
      this.#failure = new StorageError('STORAGE_FAILED', 'a write has failed', { cause });
      throw this.#failure;
    }
    await this.#memory.write(batch);
  }
}

/** A checksum of all that follows: for each entry two lengths, its key, its value. */
function encode(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap(({ key, value }) => {
    const lengths = new DataView(new ArrayBuffer(LENGTHS_BYTES));
    lengths.setUint32(0, key.length);
    lengths.setUint32(4, value.length);
    return [new Uint8Array(lengths.buffer), key, value];
  });
  const content = new Uint8Array(Buffer.concat([new Uint8Array(CHECKSUM_BYTES), ...parts]));
  const checksum = crc32(content, CHECKSUM_BYTES, content.length);
  new DataView(content.buffer).setUint32(0, checksum);
  return content;
}

function decode(body: Uint8Array): Batch {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const batch: { type: 'put'; key: Uint8Array; value: Uint8Array }[] = [];
  for (let at = 0; at < body.length; ) {
    const keyStart = at + LENGTHS_BYTES;
    const valueStart = keyStart + view.getUint32(at);
    at = valueStart + view.getUint32(keyStart - 4);
    const [key, value] = [body.slice(keyStart, valueStart), body.slice(valueStart, at)];
    batch.push({ type: 'put', key, value });
  }
  return batch;
}
