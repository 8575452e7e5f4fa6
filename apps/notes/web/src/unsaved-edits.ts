/**
 * Edits that are not on the server's disk yet, in the browser's storage: they outlive the page.
 *
 * A page keeps its own under its replica's number, and applies what earlier pages have left there;
 * an update may be applied by several pages, for the same edit comes in once. Whoever hears from
 * the server that all of it is on disk takes it away.
 *
 * What was left may follow on what only the server has: it waits in the text until that arrives.
 */
import type { Text } from '@ds/crdt';
import { MAX_ASKED } from '../../src/note-messages.ts';

const PREFIX = 'notes.unsaved.';
/** Somebody who types is not kept waiting for the storage at each key. */
const KEPT_WITHIN_MS = 250;

interface Kept {
  /** Up to which event of its replica the update goes. */
  readonly until: number;
  /** In base 64. */
  readonly update: string;
}

export class UnsavedEdits {
  readonly #text: Text;
  readonly #storage: Storage;
  /** Replicas of earlier pages whose edits are here. */
  readonly #left: Set<number> = new Set();
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #saved = 0;
  #isKept = true;

  constructor(text: Text, storage: Storage) {
    this.#text = text;
    this.#storage = storage;
    addEventListener('pagehide', () => this.#write());
  }

  /** How many edits of this page are not on the server's disk. */
  get count(): number {
    return this.#until - this.#saved;
  }

  /** False when the browser has no room for them. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Of whom to hear from the server what is saved. */
  get replicas(): number[] {
    return [this.#text.replica, ...this.#left];
  }

  /** Applies what earlier pages could not send. */
  restore(): void {
    for (const key of Object.keys(this.#storage)) {
      if (!key.startsWith(PREFIX) || this.#left.size + 1 >= MAX_ASKED) continue;
      const replica = Number(key.slice(PREFIX.length));
      const kept = this.#read(replica);
      if (kept === undefined) continue;
      this.#text.apply(Uint8Array.from(atob(kept.update), (byte) => byte.charCodeAt(0)));
      this.#left.add(replica);
    }
  }

  /** Soon writes down what is not saved; to be called after each edit. */
  keep(): void {
    this.#keeping ??= setTimeout(() => {
      this.#keeping = undefined;
      this.#write();
    }, KEPT_WITHIN_MS);
  }

  /** So many events of `replica` are on the server's disk. */
  saved(replica: number, saved: number): void {
    if (replica === this.#text.replica) this.#saved = saved;
    const kept = this.#read(replica);
    if (kept === undefined || kept.until > saved) return;
    this.#storage.removeItem(keyOf(replica));
    this.#left.delete(replica);
  }

  #write(): void {
    if (this.count <= 0) return;
    const { replica } = this.#text;
    const others = this.#text.known();
    const update = this.#text.updateSince(new Map([...others, [replica, this.#saved]]));
    const characters = Array.from(update, (byte) => String.fromCharCode(byte));
    const kept: Kept = { until: this.#until, update: btoa(characters.join('')) };
    try {
      this.#storage.setItem(keyOf(replica), JSON.stringify(kept));
      this.#isKept = true;
    } catch (error) {
      // The storage is full, or may not be used: the page says so.
      if (!(error instanceof DOMException)) throw error;
      this.#isKept = false;
    }
  }

  get #until(): number {
    return this.#text.known().get(this.#text.replica) ?? 0;
  }

  #read(replica: number): Kept | undefined {
    const found = this.#storage.getItem(keyOf(replica));
    return found === null ? undefined : (JSON.parse(found) as Kept);
  }
}

function keyOf(replica: number): string {
  return `${PREFIX}${replica}`;
}
