/** A position among entries that a range can be taken from; it goes on in one direction. */
export interface EntryCursor {
  readonly valid: boolean;
  /** The key is `keyBytes[0, keyEnd)`, valid until the cursor moves. */
  readonly keyBytes: Uint8Array;
  readonly keyEnd: number;
  first(): void;
  last(): void;
  /** To the first entry whose key is at or after `key`. */
  seek(key: Uint8Array): void;
  /** To the last entry whose key is before `key`. */
  seekBefore(key: Uint8Array): void;
  next(): void;
  previous(): void;
  /** Copies. */
  key(): Uint8Array;
  value(): Uint8Array;
  /** Valid until the cursor moves, and not to be written to. */
  keyView(): Uint8Array;
  valueView(): Uint8Array;
}
