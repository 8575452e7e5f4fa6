/** Level's token for an explicit snapshot, over the store's own. */
import type { KeyValueStore, Reader } from '@ds/storage';
import { AbstractSnapshot } from 'abstract-level';

export class StoreSnapshot extends AbstractSnapshot {
  /** The store that it is of. */
  readonly store: KeyValueStore;
  /** That store as it was. */
  readonly reader: Reader;
  readonly #release: () => void;

  constructor(store: KeyValueStore, options: object) {
    const held = store.snapshot();
    // Its owner, a database or a sublevel, is in the options; the types do not tell.
    super(...([options] as unknown as []));
    this.store = store;
    this.reader = held;
    this.#release = () => held.release();
  }

  /** Called once no read uses it any more. */
  protected async _close(): Promise<void> {
    this.#release();
  }
}
