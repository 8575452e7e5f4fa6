export {
  ChannelTable,
  type ChannelTableOptions,
  checkNodeId,
  type HandlerErrorListener,
  Listeners,
} from './channel-table.ts';
export { TransportError, type TransportErrorCode, type TransportErrorOptions } from './errors.ts';
export { copyPlain, MAX_PLAIN_DEPTH, measurePlain } from './plain.ts';
export {
  type RequestContext,
  type RequestHandler,
  type RequestOptions,
  Requests,
  type RequestsOptions,
  type RequestsStatus,
} from './requests.ts';
export type {
  Channel,
  DroppedCounts,
  NodeId,
  PeerEvent,
  Rejection,
  SendResult,
  Transport,
  TransportStatus,
  Unsubscribe,
} from './transport.ts';
