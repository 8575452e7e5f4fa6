/**
 * A store that outlives its node the way a disk does: after a crash it holds everything up to the
 * last finished sync, and of the batches after it some first part.
 */
import type { Clock } from '@ds/clock';
import type { Batch, KeyValueStore, Operation, StoreStatus, WriteOptions } from '@ds/storage';
import { MemoryStore } from '@ds/storage/memory';

/** What is on the disk of one node, from life to life. */
export class StoreDisk {
  readonly #synced = new MemoryStore();
  #unsynced: Batch[] = [];
  /** Batches that were ever kept, and lives begun. */
  #kept = 0;
  #lives = 0;

  /** The store as the next life finds it. */
  async open(clock: Clock, random: () => number): Promise<KeyValueStore> {
    this.#keep(Math.floor(random() * (this.#unsynced.length + 1)));
    this.#unsynced = [];
    this.#lives += 1;
    const store = new MemoryStore();
    await store.write(Array.from(this.#synced.range(), (entry) => ({ type: 'put', ...entry })));
    return new CrashStore(store, this, clock, random);
  }

  write(batch: Batch): void {
    this.#unsynced.push(batch.map(copyOf));
  }

  /** How much a sync that begins now will cover; `finish` says that it has. */
  beginSync(): { finish(): void } {
    const life = this.#lives;
    const upTo = this.#kept + this.#unsynced.length;
    return {
      finish: () => {
        // Another sync may have covered some of it, and another life has begun anew.
        if (life === this.#lives) this.#keep(Math.max(0, upTo - this.#kept));
      },
    };
  }

  #keep(count: number): void {
    const kept = this.#unsynced.slice(0, count);
    this.#kept += kept.length;
    this.#unsynced = this.#unsynced.slice(count);
    // Visible when the call returns; an error would be the test's own, and ends the run.
    for (const batch of kept) void this.#synced.write(batch);
  }
}

class CrashStore implements KeyValueStore {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly #store: MemoryStore;
  readonly #disk: StoreDisk;
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(store: MemoryStore, disk: StoreDisk, clock: Clock, random: () => number) {
    this.maxKeyBytes = store.maxKeyBytes;
    this.maxValueBytes = store.maxValueBytes;
    this.#store = store;
    this.#disk = disk;
    this.#clock = clock;
    this.#random = random;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#store.get(key);
  }

  range: KeyValueStore['range'] = (bounds) => this.#store.range(bounds);

  async write(batch: Batch, { durable = false }: WriteOptions = {}): Promise<void> {
    this.#disk.write(batch);
    await this.#store.write(batch);
    if (durable) await this.sync();
  }

  snapshot(): ReturnType<KeyValueStore['snapshot']> {
    return this.#store.snapshot();
  }

  status(): StoreStatus {
    return this.#store.status();
  }

  sync(): Promise<void> {
    const sync = this.#disk.beginSync();
    return new Promise((resolve) => {
      this.#clock.setTimer(this.#random() * 5, () => {
        sync.finish();
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function copyOf(operation: Operation): Operation {
  if (operation.type === 'put') {
    return { type: 'put', key: operation.key.slice(), value: operation.value.slice() };
  }
  if (operation.type === 'delete') return { type: 'delete', key: operation.key.slice() };
  return { type: 'deleteRange', gte: operation.gte?.slice(), lt: operation.lt?.slice() };
}
