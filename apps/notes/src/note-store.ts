/**
 * A note in a key-value store: one value with everything up to some moment, and the updates since,
 * in the order in which they came.
 *
 *   note            what `Text.save` gave, with the whole history
 *   update/<n>      8 bytes, most significant first: updates to apply on top of it
 *
 * After `FOLD_AFTER` updates they are folded into the value, in one batch that also deletes them,
 * so a crash leaves either both or neither. Applying an update twice changes nothing.
 *
 * Invariants: the store never holds an update that cannot be applied; what waits for something that
 * has not arrived yet is kept as it came, and not folded away; once {@link NoteStore.saved} has
 * resolved, everything applied before the call survives a power cut.
 */
import { CrdtError, Text } from '@ds/crdt';
import type { Replicated } from '@ds/crdt/sync';
import type { KeyValueStore, Operation } from '@ds/storage';
import { MAX_NOTE_BYTES } from './note-messages.ts';

const FOLD_AFTER = 1_000;
const SAVED: Uint8Array = new TextEncoder().encode('note');
const FIRST: Uint8Array = updateKey(0n);
const AFTER_LAST: Uint8Array = new TextEncoder().encode('update0');

/** The server's copy makes no edits; pages draw their numbers from 1 on. */
export const SERVER_REPLICA = 0;

export interface NoteStoreOptions {
  readonly store: KeyValueStore;
  /** The disk has failed: nothing more can be kept. */
  readonly onFailure: (error: unknown) => void;
  /** How much to take, as updates. @default MAX_NOTE_BYTES */
  readonly maxBytes?: number;
}

export class NoteStore implements Replicated {
  readonly text: Text;
  readonly #store: KeyValueStore;
  readonly #maxBytes: number;
  readonly #onFailure: (error: unknown) => void;
  #next = 0n;
  #unfolded = 0;
  /** All that was taken, as updates. */
  #bytes: number;
  #saving: Promise<void> = Promise.resolve();

  /** @throws {CrdtError} for a note that is damaged. */
  constructor({ store, onFailure, maxBytes = MAX_NOTE_BYTES }: NoteStoreOptions) {
    this.#store = store;
    this.#onFailure = onFailure;
    this.#maxBytes = maxBytes;
    const saved = store.get(SAVED);
    const options = { replica: SERVER_REPLICA };
    this.text = saved === undefined ? new Text(options) : Text.load(saved, options);
    for (const { key, value } of store.range({ gte: FIRST, lt: AFTER_LAST })) {
      this.text.apply(value);
      this.#next = numberOf(key) + 1n;
      this.#unfolded += 1;
    }
    this.#bytes = this.text.updateSince().length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  known(): ReadonlyMap<number, number> {
    return this.text.known();
  }

  updateSince(known: ReadonlyMap<number, number>, maxBytes?: number): Uint8Array {
    return this.text.updateSince(known, maxBytes);
  }

  /**
   * Applies an update and starts to write it.
   * @throws {CrdtError} `CRDT_LIMIT` when the note is full, `CRDT_MALFORMED` for what is no update.
   */
  apply(update: Uint8Array): void {
    if (this.#bytes + update.length > this.#maxBytes) {
      throw new CrdtError('CRDT_LIMIT', `the note is full: it takes ${this.#maxBytes} bytes`);
    }
    const { text } = this;
    const before = text.known();
    const waiting = text.pending;
    try {
      text.apply(update);
    } catch (error) {
      // What came before the fault is applied, so it is kept, and the fault is not.
      const applied = text.updateSince(before);
      if (applied.length > 0) this.#append(applied);
      throw error;
    }
    if (eventsOf(text.known()) > eventsOf(before) || text.pending !== waiting) {
      this.#append(update);
    }
  }

  /** Resolves when all that was applied before this call is on disk; rejects if it will not be. */
  saved(): Promise<void> {
    return this.#saving;
  }

  #append(update: Uint8Array): void {
    this.#bytes += update.length;
    this.#unfolded += 1;
    const folding = this.#unfolded >= FOLD_AFTER && this.text.pending === 0;
    const batch: Operation[] = folding
      ? [
          { type: 'put', key: SAVED, value: this.text.save() },
          { type: 'deleteRange', gte: FIRST, lt: AFTER_LAST },
        ]
      : [{ type: 'put', key: updateKey(this.#next), value: update }];
    if (folding) this.#unfolded = 0;
    this.#next += 1n;
    this.#saving = this.#store.write(batch, { durable: true });
    this.#saving.catch(this.#onFailure);
  }
}

/** How many characters were ever inserted or deleted. */
function eventsOf(known: ReadonlyMap<number, number>): number {
  let events = 0;
  for (const count of known.values()) events += count;
  return events;
}

function updateKey(number: bigint): Uint8Array {
  const key = new Uint8Array(15);
  key.set(new TextEncoder().encode('update/'));
  new DataView(key.buffer).setBigUint64(7, number);
  return key;
}

function numberOf(key: Uint8Array): bigint {
  return new DataView(key.buffer, key.byteOffset + 7, 8).getBigUint64(0);
}
