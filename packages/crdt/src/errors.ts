/** What can go wrong, by code; the README has a heading for each. */
export type CrdtErrorCode =
  | 'CRDT_MALFORMED'
  | 'CRDT_FORMAT'
  | 'CRDT_FORGOTTEN'
  | 'CRDT_LIMIT'
  | 'CRDT_CLOSED';

/** The error of everything here that reads bytes or talks to peers; match on `code`. */
export class CrdtError extends Error {
  override readonly name = 'CrdtError';
  readonly code: CrdtErrorCode;

  constructor(code: CrdtErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}

export function forgotten(what: string): CrdtError {
  return new CrdtError('CRDT_FORGOTTEN', `forgotten: ${what}`);
}

export function malformed(what: string): CrdtError {
  return new CrdtError('CRDT_MALFORMED', `these bytes are damaged or not ours: ${what}`);
}
