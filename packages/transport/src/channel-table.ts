/**
 * What every transport does the same way: open channels by name, check what is sent, decode and
 * deliver what arrives, count what is dropped, tell of peers. A transport keeps one table and adds
 * the wire.
 *
 * Invariant: a handler that throws stops nothing. Its error is a bug of the program, so it is
 * rethrown where nobody can miss it: as an unhandled rejection, unless `onHandlerError` takes it.
 */
import { TransportError } from './errors.ts';
import { measurePlain } from './plain.ts';
import type {
  Channel,
  NodeId,
  PeerEvent,
  SendResult,
  TransportStatus,
  Unsubscribe,
} from './transport.ts';

/** Takes what a handler threw; by default it becomes an unhandled rejection. */
export type HandlerErrorListener = (error: unknown) => void;

export interface ChannelTableOptions {
  readonly maxMessageBytes: number;
  /**
   * Hands a checked message of `bytes` bytes to the wire, which copies or encodes it before it
   * returns. Called only for well-formed messages within `maxMessageBytes`.
   */
  readonly submit: (to: NodeId, channel: string, message: unknown, bytes: number) => SendResult;
  readonly onHandlerError?: HandlerErrorListener | undefined;
}

/** A set of listeners that may change while it is being called. */
export class Listeners<A extends readonly unknown[]> {
  #listeners: readonly ((...args: A) => void)[] = [];
  readonly #onError: HandlerErrorListener;

  constructor(onError: HandlerErrorListener = rethrowUnhandled) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#listeners.length;
  }

  add(listener: (...args: A) => void): Unsubscribe {
    // Wrapped, so that one function subscribed twice is two subscriptions.
    const entry = (...args: A): void => listener(...args);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  emit(...args: A): void {
    for (const listener of this.#listeners) {
      try {
        listener(...args);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  clear(): void {
    this.#listeners = [];
  }
}

/** The open channels of one transport. */
export class ChannelTable {
  readonly #channels = new Map<string, OpenChannel>();
  readonly #peerListeners: Listeners<[event: PeerEvent]>;
  /** Peers for which a sender was told `'saturated'` and not yet that there is room. */
  readonly #saturated = new Set<NodeId>();
  readonly #options: ChannelTableOptions;
  readonly #onHandlerError: HandlerErrorListener;
  #closed = false;
  #sent = 0;
  #delivered = 0;
  #rejected = 0;
  #noChannel = 0;
  #lastRejection: TransportStatus['lastRejection'];

  constructor(options: ChannelTableOptions) {
    this.#options = options;
    this.#onHandlerError = options.onHandlerError ?? rethrowUnhandled;
    this.#peerListeners = new Listeners(this.#onHandlerError);
  }

  get closed(): boolean {
    return this.#closed;
  }

  counts(): Pick<TransportStatus, 'sent' | 'delivered' | 'dropped' | 'lastRejection'> {
    return {
      sent: this.#sent,
      delivered: this.#delivered,
      dropped: { rejected: this.#rejected, noChannel: this.#noChannel },
      lastRejection: this.#lastRejection,
    };
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    return this.#peerListeners.add(listener);
  }

  /** Tells of a connection that came up or went down. */
  peerChanged(event: PeerEvent): void {
    this.#peerListeners.emit(event);
    // What filled the old connection went with it: the new one has room.
    if (event.kind === 'up') this.drain(event.peer);
  }

  open<M>(name: string, decode: (plain: unknown) => M): Channel<M> {
    this.checkOpen();
    checkName(name, 64, 'a channel name');
    if (this.#channels.has(name)) {
      throw new TransportError('TRANSPORT_CHANNEL_IN_USE', `channel '${name}' is open already`);
    }
    const messages = new Listeners<[from: NodeId, message: M]>(this.#onHandlerError);
    const drains = new Listeners<[peer: NodeId]>(this.#onHandlerError);
    const entry: OpenChannel = { decode, messages: messages as Listeners<unknown[]>, drains };
    this.#channels.set(name, entry);
    return {
      name,
      send: (to, message) => this.#send(entry, name, to, message),
      onMessage: (handle) => messages.add(handle),
      onDrain: (listener) => drains.add(listener),
      close: () => {
        if (this.#channels.get(name) === entry) this.#channels.delete(name);
        messages.clear();
        drains.clear();
      },
    };
  }

  /** Decodes and delivers what arrived from `from`, or counts why not. Never throws. */
  deliver(from: NodeId, name: string, plain: unknown): void {
    if (this.#closed) return;
    const channel = this.#channels.get(name);
    if (channel === undefined || channel.messages.size === 0) {
      this.#noChannel += 1;
      return;
    }
    let message: unknown;
    try {
      message = channel.decode(plain);
    } catch (error) {
      // Hostile or outdated peers are expected; the count and the last case are how people notice.
      this.#rejected += 1;
      this.#lastRejection = { from, channel: name, error };
      return;
    }
    this.#delivered += 1;
    channel.messages.emit(from, message);
  }

  /** Tells every channel that `peer` has room again, if anybody was told that it had none. */
  drain(peer: NodeId): void {
    if (!this.#saturated.delete(peer)) return;
    for (const channel of this.#channels.values()) channel.drains.emit(peer);
  }

  close(): void {
    this.#closed = true;
    this.#peerListeners.clear();
    for (const channel of this.#channels.values()) {
      channel.messages.clear();
      channel.drains.clear();
    }
    this.#channels.clear();
  }

  /** @throws {TransportError} `TRANSPORT_CLOSED` */
  checkOpen(): void {
    if (this.#closed) throw new TransportError('TRANSPORT_CLOSED', 'the transport is closed');
  }

  #send(entry: OpenChannel, name: string, to: NodeId, message: unknown): SendResult {
    this.checkOpen();
    if (this.#channels.get(name) !== entry) {
      throw new TransportError('TRANSPORT_CLOSED', `channel '${name}' is closed`);
    }
    const bytes = measurePlain(message);
    if (bytes > this.#options.maxMessageBytes) {
      throw new TransportError(
        'TRANSPORT_MESSAGE_TOO_LARGE',
        `a message of ${bytes} bytes exceeds the limit of ${this.#options.maxMessageBytes}; send it in parts`,
      );
    }
    const result = this.#options.submit(to, name, message, bytes);
    if (result === 'queued') this.#sent += 1;
    else if (result === 'saturated') this.#saturated.add(to);
    return result;
  }
}

interface OpenChannel {
  readonly decode: (plain: unknown) => unknown;
  readonly messages: Listeners<unknown[]>;
  readonly drains: Listeners<[peer: NodeId]>;
}

/** @throws {RangeError} unless `name` is a well-formed string of 1 to `maxBytes` bytes. */
export function checkName(name: string, maxBytes: number, what: string): void {
  const bytes = typeof name === 'string' && name.isWellFormed() ? utf8Length(name) : 0;
  if (bytes < 1 || bytes > maxBytes) {
    throw new RangeError(`${what} is a string of 1 to ${maxBytes} bytes, got ${String(name)}`);
  }
}

/** @throws {RangeError} unless `id` is a node's name: 1 to 128 bytes. */
export function checkNodeId(id: NodeId): void {
  checkName(id, 128, 'a node id');
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function rethrowUnhandled(error: unknown): void {
  void Promise.reject(error);
}
