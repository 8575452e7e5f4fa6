/**
 * Who else is here, and where their cursors are: not part of the document, and soon forgotten.
 *
 * Each replica tells of itself with a number that grows; the largest wins, so messages may be lost,
 * doubled and reordered. Somebody not heard of for `maxAgeMs` is gone: tell again well before that.
 * Time is handed in.
 */
import { type Anchor, anchorAt, positionOf } from './anchor.ts';
import type { Text } from './text.ts';

/** A selection: it was begun at `anchor`, and the cursor is at `head`. */
export interface Selection {
  readonly anchor: number;
  readonly head: number;
}

/** Plain data to send to the others. */
export interface PresenceMessage<User> {
  readonly replica: number;
  readonly count: number;
  /** Undefined for one that leaves. */
  readonly user?: User;
  readonly anchor?: Anchor;
  readonly head?: Anchor;
}

export interface Present<User> {
  readonly replica: number;
  readonly user: User;
  /** Undefined while they have none, or what it holds on to has not arrived. */
  readonly selection: Selection | undefined;
}

export interface PresenceOptions {
  /** @default 30000 */
  readonly maxAgeMs?: number;
  /** How many others to keep at most; those not heard of for longest go first. @default 1000 */
  readonly maxReplicas?: number;
}

interface Heard<User> {
  readonly message: PresenceMessage<User>;
  readonly atMs: number;
}

export class Presence<User> {
  readonly #text: Text;
  readonly #maxAgeMs: number;
  readonly #maxReplicas: number;
  readonly #heard: Map<number, Heard<User>> = new Map();
  #count = 0;

  constructor(text: Text, { maxAgeMs = 30_000, maxReplicas = 1000 }: PresenceOptions = {}) {
    for (const bound of [maxAgeMs, maxReplicas]) {
      if (!(bound > 0 && bound < Number.POSITIVE_INFINITY)) {
        throw new RangeError(`a bound must be positive and finite, got ${bound}`);
      }
    }
    this.#text = text;
    this.#maxAgeMs = maxAgeMs;
    this.#maxReplicas = maxReplicas;
  }

  /**
   * Tells of this replica's user; `nowMs` is any clock's that goes on after a restart, so that the
   * news after it wins over those before. Returns the message to send.
   */
  announce(user: User, selection: Selection | undefined, nowMs: number): PresenceMessage<User> {
    const message = { ...this.leave(nowMs), user };
    if (selection === undefined) return message;
    const anchor = anchorAt(this.#text, selection.anchor);
    return { ...message, anchor, head: anchorAt(this.#text, selection.head) };
  }

  /** Tells that this replica's user leaves. */
  leave(nowMs: number): PresenceMessage<User> {
    this.#count = Math.max(this.#count + 1, Math.floor(nowMs));
    return { replica: this.#text.replica, count: this.#count };
  }

  /** Takes note of a message. False when it is older than what is known. */
  receive(message: PresenceMessage<User>, nowMs: number): boolean {
    const { replica, count } = message;
    const known = this.#heard.get(replica);
    if (replica === this.#text.replica || (known && known.message.count >= count)) return false;
    this.#heard.delete(replica);
    this.#heard.set(replica, { message, atMs: nowMs });
    const [eldest] = this.#heard.keys();
    if (this.#heard.size > this.#maxReplicas) this.#heard.delete(eldest as number);
    return true;
  }

  /** The others that were heard of lately. */
  others(nowMs: number): Present<User>[] {
    const present: Present<User>[] = [];
    for (const [replica, { message, atMs }] of [...this.#heard]) {
      if (nowMs - atMs > this.#maxAgeMs) this.#heard.delete(replica);
      else if (message.user !== undefined) {
        present.push({ replica, user: message.user, selection: this.#selectionOf(message) });
      }
    }
    return present;
  }

  #selectionOf({ anchor, head }: PresenceMessage<User>): Selection | undefined {
    if (anchor === undefined || head === undefined) return undefined;
    const from = positionOf(this.#text, anchor);
    const to = positionOf(this.#text, head);
    return from === undefined || to === undefined ? undefined : { anchor: from, head: to };
  }
}
