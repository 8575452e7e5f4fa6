/**
 * A connection that carries whole frames, whatever it is made of: `ws` in Node (socket.ts), the
 * browser's own (browser-socket.ts), or what a test plays.
 */
import type { RefusalReason } from './refusal.ts';

export interface SocketEvents {
  /** Only when dialled: frames may be sent from here on. */
  opened(): void;
  frame(bytes: Uint8Array): void;
  /** Told once, and last. `refusal`: it broke a rule that is kept by the socket. */
  closed(ending: { readonly problem: string; readonly refusal: RefusalReason | undefined }): void;
}

export interface FrameSocket {
  /** Handed to `send` and not yet to the operating system. */
  readonly bufferedBytes: number;
  /** Sets who is told; to be called at once. */
  listen(events: SocketEvents): void;
  /** Sends `frame`, which must not change any more; `sent` is called when it has left. */
  send(frame: Uint8Array, sent?: () => void): void;
  /** The other side has proved itself: the limits for strangers end. */
  authenticated(): void;
  /** Says why, and closes. */
  close(code: number, reason: string): void;
  /** Closes at once. */
  destroy(): void;
}
