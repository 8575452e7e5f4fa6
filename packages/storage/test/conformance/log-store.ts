/**
 * A small engine on files, to put the store suite to the test: a MemoryStore whose batches are
 * also appended to a log of checksummed records. A second file says how much of the log had been
 * synced when it was last written, so that damage below it is told from a torn end above it.
 *
 * What it does in each situation is a method of its own: the broken stores replace one each.
 */
import {
  type Batch,
  type Bounds,
  checkBatch,
  crc32,
  type Entry,
  type File,
  type FileSystem,
  type KeyValueStore,
  type Operation,
  type Snapshot,
  StorageError,
  type StoreStatus,
  type WriteOptions,
} from '@ds/storage';
import { MemoryStore } from '@ds/storage/memory';

const HEADER_BYTES = 8;
export const LOG = 'log';

export class LogStore implements KeyValueStore {
  readonly maxKeyBytes = 1_000;
  readonly maxValueBytes = 5_000_000;
  protected readonly memory: MemoryStore = new MemoryStore(this);
  protected readonly log: File;
  readonly #mark: File;
  #end = 0;
  #syncedEnd = 0;
  #failed = false;
  #closing: Promise<void> | undefined;
  readonly #pending = new Set<Promise<void>>();

  constructor(fileSystem: FileSystem, directory: string) {
    this.log = fileSystem.open(`${directory}/${LOG}`, { mode: 'write' });
    this.#mark = fileSystem.open(`${directory}/mark`, { mode: 'write' });
    this.recover();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.memory.get(key);
  }

  range(bounds?: Bounds): Iterable<Entry> {
    return this.memory.range(bounds);
  }

  snapshot(): Snapshot {
    return this.memory.snapshot();
  }

  async write(batch: Batch, { durable = false }: WriteOptions = {}): Promise<void> {
    if (this.#closing) throw new StorageError('STORAGE_CLOSED', 'the store is closed');
    this.checkHealthy();
    checkBatch(batch, this);
    this.append(batch);
    const applied = this.memory.write(batch);
    const written = applied.then(() => (durable ? this.syncLog() : undefined));
    this.#pending.add(written);
    try {
      await written;
    } finally {
      this.#pending.delete(written);
    }
  }

  status(): StoreStatus {
    const state = this.#failed && !this.#closing ? 'failed' : this.memory.status().state;
    return { ...this.memory.status(), state };
  }

  async sync(): Promise<void> {
    if (this.#closing) throw new StorageError('STORAGE_CLOSED', 'the store is closed');
    this.checkHealthy();
    await this.syncLog();
  }

  close(): Promise<void> {
    this.#closing ??= this.shutDown();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected async shutDown(): Promise<void> {
    await Promise.allSettled(this.#pending);
    try {
      if (!this.#failed) await this.syncLog();
      if (!this.#failed) await this.writeMark();
    } finally {
      await this.memory.close();
      this.log.close();
      this.#mark.close();
    }
  }

  protected checkHealthy(): void {
    if (this.#failed) throw new StorageError('STORAGE_FAILED', 'a sync has failed');
  }

  protected async syncLog(): Promise<void> {
    const end = this.#end;
    try {
      await this.log.datasync();
    } catch (cause) {
      this.#failed = true;
      throw new StorageError('STORAGE_FAILED', 'a sync has failed', { cause });
    }
    this.checkHealthy();
    this.#syncedEnd = Math.max(this.#syncedEnd, end);
  }

  protected async writeMark(): Promise<void> {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#syncedEnd);
    view.setUint32(4, crc32(bytes, 0, 4));
    this.#mark.write(0, bytes);
    await this.#mark.datasync();
  }

  protected append(batch: Batch): void {
    const payload = encode(batch);
    const record = new Uint8Array(HEADER_BYTES + payload.length);
    const view = new DataView(record.buffer);
    view.setUint32(4, payload.length);
    record.set(payload, HEADER_BYTES);
    view.setUint32(0, crc32(record, 4));
    this.log.write(this.#end, record);
    this.#end += record.length;
  }

  protected recover(): void {
    const content = new Uint8Array(this.log.size());
    this.log.read(0, content);
    const view = new DataView(content.buffer);
    while (this.#end + HEADER_BYTES <= content.length) {
      const next = this.#end + HEADER_BYTES + view.getUint32(this.#end + 4);
      if (next > content.length || !this.isSound(content, this.#end, next)) break;
      void this.memory.write(decode(content.subarray(this.#end + HEADER_BYTES, next)));
      this.#end = next;
    }
    if (this.#end < this.readMark()) this.onDamage(this.#end);
    this.log.truncate(this.#end);
    this.#syncedEnd = this.#end;
  }

  protected isSound(content: Uint8Array, start: number, end: number): boolean {
    return new DataView(content.buffer).getUint32(start) === crc32(content, start + 4, end);
  }

  protected onDamage(offset: number): void {
    const { path } = this.log;
    throw new StorageError('STORAGE_CORRUPT', `${path} is damaged`, { path, offset });
  }

  protected readMark(): number {
    const bytes = new Uint8Array(8);
    this.#mark.read(0, bytes);
    const view = new DataView(bytes.buffer);
    return view.getUint32(4) === crc32(bytes, 0, 4) ? view.getUint32(0) : 0;
  }
}

/** Per operation: its kind, two lengths, two byte strings; a range without an end has length -1. */
function encode(batch: Batch): Uint8Array {
  const parts = batch.flatMap((operation) => {
    const [first, second] = partsOf(operation);
    const head = new DataView(new ArrayBuffer(9));
    head.setUint8(0, KINDS.indexOf(operation.type));
    head.setInt32(1, first?.length ?? -1);
    head.setInt32(5, second?.length ?? -1);
    return [new Uint8Array(head.buffer), first ?? NOTHING, second ?? NOTHING];
  });
  return new Uint8Array(Buffer.concat(parts));
}

const KINDS: readonly Operation['type'][] = ['put', 'delete', 'deleteRange'];
const NOTHING = new Uint8Array(0);

function partsOf(operation: Operation): [Uint8Array | undefined, Uint8Array | undefined] {
  if (operation.type === 'deleteRange') return [operation.gte, operation.lt];
  return [operation.key, operation.type === 'put' ? operation.value : undefined];
}

function decode(payload: Uint8Array): Batch {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const batch: Operation[] = [];
  let at = 0;
  const part = (start: number, length: number) =>
    length < 0 ? undefined : payload.subarray(start, start + length);
  while (at < payload.length) {
    const type = KINDS[view.getUint8(at)]!;
    const first = part(at + 9, view.getInt32(at + 1));
    const next = at + 9 + (first?.length ?? 0);
    const second = part(next, view.getInt32(at + 5));
    at = next + (second?.length ?? 0);
    if (type === 'deleteRange') batch.push({ type, gte: first, lt: second });
    else if (type === 'delete') batch.push({ type, key: first ?? NOTHING });
    else batch.push({ type, key: first ?? NOTHING, value: second ?? NOTHING });
  }
  return batch;
}
