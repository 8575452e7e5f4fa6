export { type ClientDoor, type ClientDoorStatus, openClientDoor } from './client-door.ts';
export type { ClientDoorOptions, ClientIdentity } from './client-door-options.ts';
export { WebSocketTransportError, type WebSocketTransportErrorCode } from './errors.ts';
export {
  type ClientTransport,
  type ClientTransportOptions,
  openClientTransport,
} from './node-client.ts';
export type { WebSocketTransportOptions } from './options.ts';
export type { PeerLink } from './peering.ts';
export type { RefusalReason } from './refusal.ts';
export {
  openWebSocketTransport,
  type WebSocketTransport,
  type WebSocketTransportStatus,
} from './websocket-transport.ts';
