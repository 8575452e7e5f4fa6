/**
 * What a member says to the others, put on the wire. Followers that are equally far get one and the
 * same message, one after the other: it is encoded once.
 */
import type { Channel, NodeId } from '@ds/transport';
import { encodeMessage, type RaftMessage, type WireMessage } from '../core/message.ts';

export class MessageSender {
  readonly #channel: Channel<unknown>;
  #encoded: { readonly message: RaftMessage; readonly wire: WireMessage } | undefined;

  constructor(channel: Channel<unknown>) {
    this.#channel = channel;
  }

  /** Returns whether the transport has taken it. */
  send(to: NodeId, message: RaftMessage): boolean {
    if (message !== this.#encoded?.message) {
      this.#encoded = { message, wire: encodeMessage(message) };
    }
    return this.#channel.send(to, this.#encoded.wire) === 'queued';
  }
}
