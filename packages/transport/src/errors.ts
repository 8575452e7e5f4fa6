/** What can go wrong, by code; the README has a heading for each. */
export type TransportErrorCode =
  | 'TRANSPORT_INVALID_MESSAGE'
  | 'TRANSPORT_MESSAGE_TOO_LARGE'
  | 'TRANSPORT_CHANNEL_IN_USE'
  | 'TRANSPORT_CLOSED'
  | 'TRANSPORT_NODE_ID_IN_USE'
  | 'REQUEST_TIMED_OUT'
  | 'REQUEST_UNREACHABLE'
  | 'REQUEST_SATURATED'
  | 'REQUEST_INTERRUPTED'
  | 'REQUEST_FAILED'
  | 'REQUEST_REFUSED';

export interface TransportErrorOptions extends ErrorOptions {
  /** For `REQUEST_FAILED`: the code of the error that the peer's handler threw. */
  readonly remoteCode?: string | undefined;
}

/** The one error of this package; match on `code`. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  readonly remoteCode: string | undefined;

  constructor(code: TransportErrorCode, message: string, options: TransportErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.remoteCode = options.remoteCode;
  }
}
