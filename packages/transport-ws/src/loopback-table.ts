/**
 * The channels of a node that reaches others over sockets and itself over a {@link Loopback}.
 * Where a message to another node goes is the transport's to say.
 */
import {
  ChannelTable,
  type ChannelTableOptions,
  type NodeId,
  type SendResult,
} from '@ds/transport';
import { Loopback, type LoopbackOptions } from './loopback.ts';

export interface LoopbackTableOptions
  extends Pick<LoopbackOptions, 'clock' | 'maxQueuedBytes'>,
    Pick<ChannelTableOptions, 'maxMessageBytes' | 'onHandlerError'> {
  readonly self: NodeId;
}

/** What takes messages to one node. */
export interface Route {
  submit(channel: string, message: unknown, bytes: number): SendResult;
}

export class LoopbackTable extends ChannelTable {
  readonly #loopback: Loopback;

  /** `routeTo` answers `undefined` for a node that cannot be reached now. */
  constructor(options: LoopbackTableOptions, routeTo: (node: NodeId) => Route | undefined) {
    const { self, clock, maxQueuedBytes, maxMessageBytes, onHandlerError } = options;
    const loopback = new Loopback({
      clock,
      maxQueuedBytes,
      deliver: (channel, plain) => this.deliver(self, channel, plain),
      drained: () => this.drain(self),
    });
    super({
      maxMessageBytes,
      onHandlerError,
      submit: (to, channel, message, bytes) => {
        const route = to === self ? loopback : routeTo(to);
        return route?.submit(channel, message, bytes) ?? 'unreachable';
      },
    });
    this.#loopback = loopback;
  }

  override close(): void {
    super.close();
    this.#loopback.close();
  }
}
