export type {
  BrowserTransportOptions,
  WebSocketConstructor,
  WebSocketLike,
} from './browser-options.ts';
export {
  type BrowserTransport,
  type BrowserTransportStatus,
  openBrowserTransport,
} from './browser-transport.ts';
export type { NodeLink } from './node-connection.ts';
export type { RefusalReason } from './refusal.ts';
