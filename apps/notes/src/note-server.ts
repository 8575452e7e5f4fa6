/**
 * The server's part: takes every page's edits, keeps them, and passes them on, and with them where
 * everybody's cursor is.
 *
 * An edit is passed on at once and told to be saved when it is on disk. If the server dies in
 * between, the pages that have it send it again when they come back.
 */
import { type Clock, systemClock } from '@ds/clock';
import type { CrdtError, PresenceMessage } from '@ds/crdt';
import { decodeSyncMessage, Replicator } from '@ds/crdt/sync';
import type { Channel, NodeId, Transport } from '@ds/transport';
import {
  decodePresence,
  decodeSavingQuestion,
  EXCHANGE_MS,
  MAX_ASKED,
  NOTE_CHANNEL,
  PRESENCE_CHANNEL,
  SAVING_CHANNEL,
  type SavingAnswer,
  type Visitor,
} from './note-messages.ts';
import type { NoteStore } from './note-store.ts';

export interface NoteServerOptions {
  /** Where the pages come in. */
  readonly door: Transport;
  readonly store: NoteStore;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default EXCHANGE_MS */
  readonly exchangeMs?: number;
}

export interface NoteServerStatus {
  readonly length: number;
  readonly bytes: number;
  /** Updates that were no updates, or did not fit. */
  readonly rejected: number;
}

export class NoteServer {
  readonly #store: NoteStore;
  readonly #replicator: Replicator;
  readonly #saving: Channel<unknown>;
  /** Of which replicas each page wants to hear what is saved, and what it has heard. */
  readonly #asked: Map<NodeId, Map<number, number>> = new Map();

  constructor({ door, store, clock = systemClock, exchangeMs = EXCHANGE_MS }: NoteServerOptions) {
    this.#store = store;
    this.#replicator = new Replicator({
      replicated: store,
      channel: door.channel(NOTE_CHANNEL, decodeSyncMessage),
      neighbours: door,
      clock,
      exchangeMs,
      onApplied: () => this.#tellSaved(),
      onRejected: (from, error) => this.#rejected(from, error),
    });
    this.#saving = door.channel<unknown>(SAVING_CHANNEL, decodeSavingQuestion);
    this.#saving.onMessage((from, question) => {
      const { replica } = question as ReturnType<typeof decodeSavingQuestion>;
      const asked = this.#asked.get(from) ?? new Map<number, number>();
      if (asked.size >= MAX_ASKED && !asked.has(replica)) return;
      this.#asked.set(from, asked.set(replica, -1));
      this.#tellSaved();
    });
    door.onPeer(({ kind, peer }) => kind === 'down' && this.#asked.delete(peer));
    passPresenceOn(door);
  }

  status(): NoteServerStatus {
    const { rejected } = this.#replicator.status();
    return { length: this.#store.text.length, bytes: this.#store.bytes, rejected };
  }

  close(): void {
    this.#replicator.close();
  }

  /** Tells each page how many of its edits are on disk, once those of this moment are. */
  #tellSaved(): void {
    const known = this.#store.known();
    this.#store.saved().then(
      () => {
        for (const [peer, asked] of this.#asked) {
          for (const [replica, told] of asked) {
            const saved = known.get(replica) ?? 0;
            if (saved > told) this.#tell(peer, { replica, saved, full: false });
          }
        }
      },
      // The store's `onFailure` has heard of it.
      () => {},
    );
  }

  #rejected(from: NodeId, { code }: CrdtError): void {
    if (code !== 'CRDT_LIMIT') return;
    for (const [replica, told] of this.#asked.get(from) ?? []) {
      this.#tell(from, { replica, saved: Math.max(0, told), full: true });
    }
  }

  #tell(peer: NodeId, answer: SavingAnswer): void {
    const asked = this.#asked.get(peer);
    // What finds no room is told with the next edit that is saved.
    if (asked && this.#saving.send(peer, answer) === 'queued') {
      asked.set(answer.replica, answer.saved);
    }
  }
}

/** Every page hears where the others' cursors are, who came before it, and who left. */
function passPresenceOn(door: Transport): void {
  const present = new Map<NodeId, PresenceMessage<Visitor>>();
  const channel = door.channel(PRESENCE_CHANNEL, decodePresence);
  const tell = (message: PresenceMessage<Visitor>, except: NodeId): void => {
    // Told again soon, so one that finds no room is no loss.
    for (const peer of door.peers()) if (peer !== except) channel.send(peer, message);
  };
  channel.onMessage((from, message) => {
    present.set(from, message);
    tell(message, from);
  });
  door.onPeer(({ kind, peer }) => {
    if (kind === 'up') {
      for (const message of present.values()) channel.send(peer, message);
      return;
    }
    const last = present.get(peer);
    present.delete(peer);
    if (last !== undefined) tell({ replica: last.replica, count: last.count + 1 }, peer);
  });
}
