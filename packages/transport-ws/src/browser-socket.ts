/**
 * The browser's WebSocket as this package needs it: the one file of the browser entry that touches
 * the page's globals.
 *
 * What the API leaves out is made up for here. It does not tell when a frame has left, so
 * `bufferedAmount` is looked at while there is something in it; it has no way to end a connection
 * at once, so an ended one is closed and not listened to any more; it takes no close codes but
 * 1000 and those from 3000 on; and the size of a frame is known only once it is here.
 *
 * Invariants: `closed` is called once, and last.
 */
import type { Clock, Timer } from '@ds/clock';
import type { WebSocketConstructor, WebSocketLike } from './browser-options.ts';
import type { FrameSocket, SocketEvents } from './frame-socket.ts';
import { CLOSE_CODES, type RefusalReason } from './refusal.ts';

const LOOK_EVERY_MS = 20;
const CLOSE_TIMEOUT_MS = 1_000;
const NORMAL = 1000;
const REASONS = new Map<number, string>(
  Object.entries(CLOSE_CODES).map(([reason, code]) => [code, reason]),
);

export interface DialOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly maxFrameBytes: number;
  readonly WebSocket: WebSocketConstructor | undefined;
}

export function dial(options: DialOptions): FrameSocket {
  return new BrowserSocket(options);
}

export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * Runs `task` when the work at hand is done. Not a timer: those of a page in the background are
 * held back for up to a minute.
 */
export function defer(task: () => void): void {
  queueMicrotask(task);
}

/** Calls `listener` when the page is back on a network, as far as the browser can tell. */
export function onOnline(listener: () => void): () => void {
  // Absent outside of browsers.
  globalThis.addEventListener?.('online', listener);
  return () => globalThis.removeEventListener?.('online', listener);
}

class BrowserSocket implements FrameSocket {
  readonly #clock: Clock;
  readonly #ws: WebSocketLike;
  #events: SocketEvents | undefined;
  #refusal: RefusalReason | undefined;
  #sent: (() => void) | undefined;
  #looking: Timer | undefined;
  #closing: Timer | undefined;

  constructor({ url, clock, maxFrameBytes, WebSocket = globalThis.WebSocket }: DialOptions) {
    this.#clock = clock;
    const ws: WebSocketLike = new WebSocket(url);
    this.#ws = ws;
    ws.binaryType = 'arraybuffer';
    ws.onopen = () => this.#events?.opened();
    ws.onmessage = ({ data }: { data: unknown }) => {
      if (!(data instanceof ArrayBuffer)) this.#break('bad-frame', 'sent text');
      else if (data.byteLength > maxFrameBytes) this.#break('too-large', 'sent too large a frame');
      else this.#events?.frame(new Uint8Array(data));
    };
    ws.onclose = ({ code, reason }: { code: number; reason: string }) => {
      const known = reason || REASONS.get(code) || `the connection was closed (${code})`;
      this.#ended(known.slice(0, 100));
    };
    // What there is to know comes with 'close', which always follows.
    ws.onerror = () => {};
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  listen(events: SocketEvents): void {
    this.#events = events;
  }

  send(frame: Uint8Array, sent?: () => void): void {
    this.#ws.send(frame as Uint8Array<ArrayBuffer>);
    if (sent === undefined) return;
    this.#sent = sent;
    this.#look();
  }

  authenticated(): void {}

  close(code: number, reason: string): void {
    this.#ws.close(code < 3_000 ? NORMAL : code, reason);
    this.#closing ??= this.#clock.setTimer(CLOSE_TIMEOUT_MS, () => this.#ended('it did not close'));
  }

  destroy(): void {
    this.#ws.close();
    defer(() => this.#ended('it was ended here'));
  }

  #break(refusal: RefusalReason, problem: string): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = refusal;
    this.#ws.close(CLOSE_CODES[refusal], refusal);
    this.#ended(problem);
  }

  #look(): void {
    this.#looking ??= this.#clock.setTimer(LOOK_EVERY_MS, () => {
      this.#looking = undefined;
      if (this.#ws.bufferedAmount > 0) this.#look();
      this.#sent?.();
    });
  }

  #ended(problem: string): void {
    const events = this.#events;
    this.#events = undefined;
    this.#looking?.cancel();
    this.#closing?.cancel();
    this.#sent = undefined;
    events?.closed({ problem, refusal: this.#refusal });
  }
}
