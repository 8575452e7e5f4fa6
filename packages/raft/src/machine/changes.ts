/**
 * What a group of entries has changed so far: later entries of the group see it, and the store gets
 * it in one batch.
 *
 * Cost: one map entry per key touched; a range sorts the keys changed within its bounds.
 */
import {
  type Bounds,
  compareBytes,
  type Entry,
  type KeyValueStore,
  type Operation,
} from '@ds/storage';
import type { Session, SessionRecords } from './sessions.ts';
import { SPACE, storeKey, u64Key, u64Pair } from './store-keys.ts';
import type { Transaction } from './transaction.ts';

interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

const NOTHING = new Uint8Array(0);
/** Never added to: of a group that changes nothing, a map of its own would be most of the cost. */
const UNCHANGED = new Map<string, Change>();

export class Changes implements Transaction, SessionRecords {
  readonly #store: KeyValueStore;
  #changed: Map<string, Change> = UNCHANGED;
  #open = true;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const full = this.#userKey(key);
    const changed = this.#changed.get(textOf(full));
    return changed === undefined ? this.#store.get(full) : changed.value;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.set(this.#userKey(key), value);
  }

  delete(key: Uint8Array): void {
    this.set(this.#userKey(key), undefined);
  }

  *range(bounds: Bounds = {}): Iterable<Entry> {
    if (!this.#open) throw ended();
    const { limit = Number.POSITIVE_INFINITY, ...unlimited } = bounds;
    let left = limit;
    for (const { key, value } of this.#merged(userBounds(unlimited))) {
      if (left <= 0) return;
      left -= 1;
      yield { key: key.subarray(1), value };
    }
  }

  /** What the store has and what has changed, in one order. */
  *#merged(bounds: Bounds): Iterable<Entry> {
    const order = bounds.reverse ? -1 : 1;
    const changed = [...this.#changed.values()]
      .filter(({ key }) => isWithin(key, bounds))
      .sort((a, b) => order * compareBytes(a.key, b.key));
    let at = 0;
    for (const entry of this.#store.range(bounds)) {
      for (; at < changed.length; at += 1) {
        const { key, value } = changed[at]!;
        if (order * compareBytes(key, entry.key) >= 0) break;
        if (value !== undefined) yield { key, value };
      }
      // A changed one comes in its own turn.
      if (!this.#changed.has(textOf(entry.key))) yield entry;
    }
    for (const { key, value } of changed.slice(at)) if (value !== undefined) yield { key, value };
  }

  putSession(id: number, { lastUsed, acknowledged }: Session): void {
    this.set(u64Key(SPACE.session, id), u64Pair(lastUsed, acknowledged));
  }

  deleteSession(id: number): void {
    this.set(u64Key(SPACE.session, id), undefined);
  }

  putAnswer(id: number, sequence: number, answer: Uint8Array): void {
    this.set(u64Key(SPACE.answer, id, sequence), answer);
  }

  deleteAnswer(id: number, sequence: number): void {
    this.set(u64Key(SPACE.answer, id, sequence), undefined);
  }

  set(key: Uint8Array, value: Uint8Array | undefined): void {
    if (this.#changed === UNCHANGED) this.#changed = new Map();
    this.#changed.set(textOf(key), { key, value });
  }

  /** The user's function has returned: what it kept is of no use any more. */
  close(): void {
    this.#open = false;
  }

  operations(): Operation[] {
    const operations: Operation[] = [];
    for (const { key, value } of this.#changed.values()) {
      operations.push(value === undefined ? { type: 'delete', key } : { type: 'put', key, value });
    }
    return operations;
  }

  #userKey(key: Uint8Array): Uint8Array {
    if (!this.#open) throw ended();
    return storeKey(SPACE.user, key);
  }
}

/** One character per byte: a map's key with the same equality. */
function textOf(key: Uint8Array): string {
  let text = '';
  for (let at = 0; at < key.length; at += 4096) {
    text += String.fromCharCode(...key.subarray(at, at + 4096));
  }
  return text;
}

/** The user's bounds in the space of the user's keys. */
export function userBounds({ gt, gte, lt, lte, ...rest }: Bounds): Bounds {
  const bound = (key: Uint8Array): Uint8Array => storeKey(SPACE.user, key);
  const start = gt ? { gt: bound(gt) } : { gte: bound(gte ?? NOTHING) };
  // Without an upper bound: everything before the next space.
  const end = lte ? { lte: bound(lte) } : { lt: lt ? bound(lt) : Uint8Array.of(SPACE.user + 1) };
  return { ...rest, ...start, ...end };
}

function isWithin(key: Uint8Array, { gt, gte, lt, lte }: Bounds): boolean {
  return (
    (gt === undefined || compareBytes(key, gt) > 0) &&
    (gte === undefined || compareBytes(key, gte) >= 0) &&
    (lt === undefined || compareBytes(key, lt) < 0) &&
    (lte === undefined || compareBytes(key, lte) <= 0)
  );
}

function ended(): TypeError {
  return new TypeError('a transaction ends when apply returns');
}
