/** What a store tells of itself. */
import type { StoreStatus } from '@ds/storage';
import type { Recovered } from './durable/recovery.ts';
import type { WriteBuffer } from './durable/write-buffer.ts';

export interface BtreeStatus extends StoreStatus {
  /** Entries that are in the tree; `countRange()` also counts what is in the buffer. */
  readonly entriesInTree: number;
  /** The memory of what is written and not in the tree yet. */
  readonly bufferBytes: number;
  readonly logBytes: number;
  readonly pageBytes: number;
  /** Pages that the tree and its space map are made of. */
  readonly usedPages: number;
  /** Pages given up that some reader or the last checkpoint still needs. */
  readonly waitingPages: number;
  /** The part of these that the oldest snapshot or range holds, in bytes: the file grows by it. */
  readonly heldByOldestReaderBytes: number;
  /** Snapshots and ranges that are being read. */
  readonly readers: number;
  /** The levels of the tree; a lookup reads one page of each. */
  readonly levels: number;
  readonly cachedBytes: number;
  /** Pages read from the file since opening. */
  readonly pagesRead: number;
  /** Pages written to the file since opening. */
  readonly pagesWritten: number;
  readonly checkpoints: number;
  /** Bytes written to logs since opening. */
  readonly logBytesWritten: number;
  /** Groups of durable writes that were synced together. */
  readonly syncs: number;
  /** Operations written so far, and how many of them would survive a power cut. */
  readonly lastSequence: number;
  readonly syncedSequence: number;
}

/** What is known of the store as a whole, with what its parts tell. */
export function statusOf(
  { data, working, log }: Recovered,
  buffer: WriteBuffer,
  whole: Pick<BtreeStatus, 'state' | 'snapshots' | 'syncs'>,
): BtreeStatus {
  const { pager, writer, readers, checkpoints } = data;
  const { space, pageBytes } = writer;
  const { tree } = working;
  return {
    ...whole,
    bytes: pager.file.size + log.bytes,
    entriesInTree: tree.entries,
    bufferBytes: buffer.bytes,
    logBytes: log.bytes,
    pageBytes,
    usedPages: space.usedPages,
    waitingPages: space.waitingPages,
    heldByOldestReaderBytes: space.waitingAfter(readers.oldest) * pageBytes,
    readers: readers.count,
    levels: tree.page === 0 ? 0 : tree.level + 1,
    cachedBytes: pager.cachedBytes,
    pagesRead: pager.reads,
    pagesWritten: writer.written,
    logBytesWritten: log.bytesWritten,
    checkpoints: checkpoints.count,
    lastSequence: buffer.lastSequence,
    syncedSequence: log.syncedSequence,
  };
}
