/** A snapshot as its holder has it: good for reading until it is released or the store ends. */
import { type Bounds, type Entry, type Snapshot, StorageError } from '@ds/storage';

export interface SnapshotSource {
  /** @throws {StorageError} `STORAGE_CLOSED` once reading is over. */
  check(): void;
  get(key: Uint8Array): Uint8Array | undefined;
  /** `check` throws as above, and when the snapshot has been released. */
  range(bounds: Bounds, check: () => void): Iterable<Entry>;
  onRelease(): void;
}

export function snapshotHandle(source: SnapshotSource): Snapshot {
  let isReleased = false;
  const check = (): void => {
    source.check();
    if (isReleased) throw new StorageError('STORAGE_CLOSED', 'the snapshot has been released');
  };
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    source.onRelease();
  };
  return {
    get: (key) => {
      check();
      return source.get(key);
    },
    range: (bounds = {}) => {
      check();
      return source.range(bounds, check);
    },
    release,
    [Symbol.dispose]: release,
  };
}
