/**
 * Tells the others where this page's cursor is, and hears where theirs are.
 *
 * Told when it has moved, `TOLD_EVERY_MS` apart at most, and again every `AGAIN_EVERY_MS`, so that
 * nobody takes a reader who does not move for gone.
 */
import { Presence, type PresenceMessage, type Present, type Selection, type Text } from '@ds/crdt';
import type { Channel, Transport } from '@ds/transport';
import { decodePresence, PRESENCE_CHANNEL, type Visitor } from '../../src/note-messages.ts';

const TOLD_EVERY_MS = 60;
const AGAIN_EVERY_MS = 10_000;

export interface PresenceChannelOptions {
  readonly text: Text;
  readonly transport: Transport;
  readonly visitor: () => Visitor;
  readonly selection: () => Selection;
  /** Somebody came, moved or left. */
  readonly changed: () => void;
}

export class PresenceChannel {
  readonly #options: PresenceChannelOptions;
  readonly #presence: Presence<Visitor>;
  readonly #channel: Channel<PresenceMessage<Visitor>>;
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PresenceChannelOptions) {
    this.#options = options;
    this.#presence = new Presence(options.text);
    this.#channel = options.transport.channel(PRESENCE_CHANNEL, decodePresence);
    this.#channel.onMessage((_from, message) => {
      if (this.#presence.receive(message, Date.now())) options.changed();
    });
    options.transport.onPeer(({ kind }) => kind === 'up' && this.tell());
    setInterval(() => {
      this.tell();
      // Somebody may have become too old meanwhile.
      options.changed();
    }, AGAIN_EVERY_MS);
  }

  others(): Present<Visitor>[] {
    return this.#presence.others(Date.now());
  }

  /** Soon tells the others where this page's cursor is. */
  tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const { visitor, selection, transport } = this.#options;
      const message = this.#presence.announce(visitor(), selection(), Date.now());
      for (const peer of transport.peers()) this.#channel.send(peer, plainOf(message));
    }, TOLD_EVERY_MS);
  }
}

/** Without the fields that are undefined: messages are plain data. */
function plainOf(message: PresenceMessage<Visitor>): PresenceMessage<Visitor> {
  const { replica, count, user, anchor, head } = message;
  return {
    ...{ replica, count },
    ...(user && { user }),
    ...(anchor && { anchor }),
    ...(head && { head }),
  };
}
