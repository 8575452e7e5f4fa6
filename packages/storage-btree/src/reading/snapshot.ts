/** A reader that can be given up, and tells so to whoever uses it after that. */
import { type Snapshot, StorageError } from '@ds/storage';
import { ForwardingReader } from './forwarding-reader.ts';
import type { BtreeReader } from './view-reader.ts';

export type BtreeSnapshot = Snapshot & BtreeReader;

export interface HeldReaderOptions {
  /** Makes what it reads by; `check` throws once it has been released. */
  readerWith(check: () => void): BtreeReader;
  /** Called once. */
  onRelease(): void;
}

export class HeldReader extends ForwardingReader implements BtreeSnapshot {
  protected readonly reader: BtreeReader;
  readonly #onRelease: () => void;
  #isReleased = false;

  constructor({ readerWith, onRelease }: HeldReaderOptions) {
    super();
    this.#onRelease = onRelease;
    this.reader = readerWith(() => {
      if (!this.#isReleased) return;
      throw new StorageError('STORAGE_CLOSED', 'the snapshot has been released');
    });
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#onRelease();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
