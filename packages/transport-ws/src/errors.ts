/** What can keep a transport from being opened, by code; the README has a heading for each. */
export type WebSocketTransportErrorCode = 'WS_TRANSPORT_PORT_IN_USE' | 'WS_TRANSPORT_CANNOT_LISTEN';

/** The one error of this package; match on `code`. Sending throws `TransportError` instead. */
export class WebSocketTransportError extends Error {
  override readonly name = 'WebSocketTransportError';
  readonly code: WebSocketTransportErrorCode;

  constructor(code: WebSocketTransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
