/** What a store tells of itself. */
import type { StoreStatus } from '@ds/storage';

export interface BtreeStatus extends StoreStatus {
  readonly entries: number;
  readonly pageBytes: number;
  /** Pages that the tree and its space map are made of. */
  readonly usedPages: number;
  /** Pages given up that some reader or the last checkpoint still needs. */
  readonly waitingPages: number;
  /** The part of these that the oldest snapshot or range holds, in bytes; they make the file grow. */
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
  /** Whether all that was written is in the last checkpoint. */
  readonly isDurable: boolean;
}
