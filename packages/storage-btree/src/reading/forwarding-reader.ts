/** Everything that can be read, for whatever has a reader and is one by that. */
import type { Bounds, Entry } from '@ds/storage';
import type { BtreeReader } from './view-reader.ts';

export abstract class ForwardingReader implements BtreeReader {
  protected abstract readonly reader: BtreeReader;

  get(key: Uint8Array): Uint8Array | undefined {
    return this.reader.get(key);
  }

  has(key: Uint8Array): boolean {
    return this.reader.has(key);
  }

  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    return this.reader.getMany(keys);
  }

  /** See `Reader.range`. Its end, a `break`, or closing let go of the pages it reads. */
  range(bounds: Bounds = {}): Iterable<Entry> {
    return this.reader.range(bounds);
  }

  /**
   * See {@link BtreeReader.countRange}. The first count after a write brings what was written into
   * the tree; in a transaction it costs a pass over what that has written.
   */
  countRange(bounds: Bounds = {}): number {
    return this.reader.countRange(bounds);
  }

  rank(key: Uint8Array): number {
    return this.reader.rank(key);
  }

  at(position: number): Entry | undefined {
    return this.reader.at(position);
  }
}
