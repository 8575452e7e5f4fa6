/** Databases that break one rule each, and the part of abstract-level's suite that is to see it. */
import type {
  Batch,
  Bounds,
  DeleteRange,
  Entry,
  KeyValueStore,
  Operation,
  Snapshot,
  StoreStatus,
  WriteOptions,
} from '@ds/storage';
import { MemoryStore } from '@ds/storage/memory';
import { StoreLevel } from '../../src/index.ts';
import type { StoreIterator } from '../../src/iterators.ts';
import type { IteratorOptions } from '../../src/options.ts';

export interface BrokenDatabase {
  /** The tests by which it is judged; a sound database passes them. */
  readonly tests: RegExp;
  create(options?: object): Pick<StoreLevel, 'supports'>;
}

export const BROKEN_DATABASES: Readonly<Record<string, BrokenDatabase>> = {
  'ranges begin where they like': {
    tests: /seek\(\)/,
    create: on(
      () =>
        new (class extends Delegate {
          override bounds({ gt, gte, ...others }: Bounds): Bounds {
            return others;
          }
        })(),
    ),
  },
  'reverse ranges run forward': {
    tests: /seek\(\) on reverse/,
    create: on(
      () =>
        new (class extends Delegate {
          override bounds(bounds: Bounds): Bounds {
            return { ...bounds, reverse: false };
          }
        })(),
    ),
  },
  'the inclusive upper bound is left out': {
    tests: /^iterator\(\) range (setup|with lte|teardown)/,
    create: on(
      () =>
        new (class extends Delegate {
          override bounds({ lte, lt = lte, ...others }: Bounds): Bounds {
            return { ...others, lt };
          }
        })(),
    ),
  },
  'later writes leak into iterators and snapshots': {
    tests: /snapshot/,
    create: on(
      () =>
        new (class extends Delegate {
          override snapshot(): Snapshot {
            return { ...this.live(), release() {}, [Symbol.dispose]() {} };
          }
        })(),
    ),
  },
  'entries share the memory of the next one': {
    tests: /^iterator( data)? (setup|teardown)|^iterator\(\)\.all/,
    create: on(
      () =>
        new (class extends Delegate {
          override *entries(entries: Iterable<Entry>): Iterable<Entry> {
            const key = new Uint8Array(1_000);
            for (const entry of entries) {
              key.set(entry.key);
              yield { key: key.subarray(0, entry.key.length), value: entry.value };
            }
          }
        })(),
    ),
  },
  'a batch is cut short': {
    tests: /batch/,
    create: on(
      () =>
        new (class extends Delegate {
          override operations(batch: Batch): Batch {
            return batch.slice(0, 1);
          }
        })(),
    ),
  },
  'clear takes the key after its range too': {
    tests: /clear\(\) range with lte?=/,
    create: on(
      () =>
        new (class extends Delegate {
          override operations(batch: Batch): Batch {
            return batch.map((each) => (each.type === 'deleteRange' ? widened(each) : each));
          }
        })(),
    ),
  },
  'seek goes nowhere': {
    tests: /seek\(\)/,
    create: (options) => new SeeksNowhere(new MemoryStore(), options),
  },
};

/** A sound database, to show that the same tests pass where nothing is broken. */
export const SOUND: BrokenDatabase['create'] = on(() => new Delegate());

function on(openStore: () => KeyValueStore): BrokenDatabase['create'] {
  return (options) => new StoreLevel(openStore(), options);
}

/** Up to and with the key that the range ends before. */
function widened({ lt, ...range }: DeleteRange): Operation {
  return { ...range, lt: lt && Uint8Array.of(...lt, 0) };
}

/** A MemoryStore whose decisions can be replaced one by one. */
class Delegate implements KeyValueStore {
  readonly #store = new MemoryStore();
  readonly maxKeyBytes: number = this.#store.maxKeyBytes;
  readonly maxValueBytes: number = this.#store.maxValueBytes;

  bounds(bounds: Bounds): Bounds {
    return bounds;
  }

  entries(entries: Iterable<Entry>): Iterable<Entry> {
    return entries;
  }

  operations(batch: Batch): Batch {
    return batch;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#store.get(key);
  }

  range(bounds: Bounds = {}): Iterable<Entry> {
    return this.entries(this.#store.range(this.bounds(bounds)));
  }

  /** A reader of what is there now, whenever that is. */
  live(): Pick<Snapshot, 'get' | 'range'> {
    return { get: (key) => this.get(key), range: (bounds) => this.range(bounds) };
  }

  write(batch: Batch, _options?: WriteOptions): Promise<void> {
    return this.#store.write(this.operations(batch));
  }

  snapshot(): Snapshot {
    const held = this.#store.snapshot();
    const release = (): void => held.release();
    return {
      get: (key) => held.get(key),
      range: (bounds = {}) => this.entries(held.range(this.bounds(bounds))),
      release,
      [Symbol.dispose]: release,
    };
  }

  status(): StoreStatus {
    return this.#store.status();
  }

  sync(): Promise<void> {
    return this.#store.sync();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class SeeksNowhere extends StoreLevel {
  protected override _iterator(options: IteratorOptions): StoreIterator<this, string, string> {
    return Object.defineProperty(super._iterator(options), '_seek', { value() {} });
  }
}
