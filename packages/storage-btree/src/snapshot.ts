/** A reader that can be given up, and tells so to whoever uses it after that. */
import { type Snapshot, StorageError } from '@ds/storage';
import type { BtreeReader, ViewReader } from './view-reader.ts';

export type BtreeSnapshot = Snapshot & BtreeReader;

/**
 * A snapshot that reads by what `readerWith` makes; `check` throws when its store is closed, and
 * `onRelease` is called once.
 */
export function snapshotOf(
  readerWith: (check: () => void) => ViewReader,
  check: () => void,
  onRelease: () => void,
): BtreeSnapshot {
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    onRelease();
  };
  const reader = readerWith(() => {
    check();
    if (isReleased) throw new StorageError('STORAGE_CLOSED', 'the snapshot has been released');
  });
  return {
    get: (key) => reader.get(key),
    has: (key) => reader.has(key),
    getMany: (keys) => reader.getMany(keys),
    range: (bounds) => reader.range(bounds),
    countRange: (bounds) => reader.countRange(bounds),
    rank: (key) => reader.rank(key),
    at: (position) => reader.at(position),
    release,
    [Symbol.dispose]: release,
  };
}
