/**
 * One node that a client keeps a connection with: dials it, shows the token, and dials again when
 * the connection is lost.
 *
 * Invariants: at most one socket at a time; a `down` follows each `up` before the next; after
 * `close` no timer is left.
 */
import type { Timer } from '@ds/clock';
import type { Backoff } from '@ds/resilience';
import type { NodeId, SendResult } from '@ds/transport';
import { browserCodec } from './browser-codec.ts';
import type { ResolvedBrowserOptions } from './browser-options.ts';
import { defer, dial } from './browser-socket.ts';
import { readChallenge, readWelcome, writeHello, writeToken } from './client-handshake.ts';
import { Refusal, type RefusalReason } from './refusal.ts';
import { Session } from './session.ts';

/** What is known of one node, for people. */
export interface NodeLink {
  /** `waiting`: not connected; dials again later. */
  readonly state: 'up' | 'connecting' | 'waiting';
  /** Dials that failed since it was last up for a while. */
  readonly failures: number;
  /** Why the last attempt failed, or the last connection ended. */
  readonly problem: string | undefined;
}

export interface NodeEvents {
  up(): void;
  down(): void;
  deliver(channel: string, plain: unknown): void;
  drained(): void;
  refused(reason: RefusalReason): void;
  /** `token` has thrown. */
  failed(error: unknown): void;
}

export class NodeConnection {
  readonly #node: NodeId;
  readonly #url: string;
  readonly #instance: Uint8Array;
  readonly #options: ResolvedBrowserOptions;
  readonly #events: NodeEvents;
  readonly #backoff: Backoff;
  #session: Session | undefined;
  #redial: Timer | undefined;
  #isUp = false;
  #upSinceMs = 0;
  #problem: string | undefined;
  #closed = false;
  #gone: () => void = () => {};

  constructor(
    { node, url, instance }: { node: NodeId; url: string; instance: Uint8Array },
    options: ResolvedBrowserOptions,
    events: NodeEvents,
  ) {
    this.#node = node;
    this.#url = url;
    this.#instance = instance;
    this.#options = options;
    this.#events = events;
    this.#backoff = options.newBackoff();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  link(): NodeLink {
    return {
      state: this.#isUp ? 'up' : this.#session ? 'connecting' : 'waiting',
      failures: this.#backoff.attempt,
      problem: this.#problem,
    };
  }

  submit(channel: string, message: unknown, bytes: number): SendResult {
    return this.#isUp && this.#session
      ? this.#session.submit(channel, message, bytes)
      : 'unreachable';
  }

  /** Dials now, unless it is connected or about to be. */
  dial(): void {
    if (this.#closed || this.#session) return;
    this.#redial?.cancel();
    this.#redial = undefined;
    const { WebSocket, clock, maxFrameBytes, self } = this.#options;
    const socket = dial({ url: this.#url, clock, maxFrameBytes, WebSocket });
    const leaving = new AbortController();
    let onFrame = (challenge: Uint8Array): void => {
      readChallenge(challenge, this.#node);
      onFrame = outOfTurn;
      void this.#showToken(session, leaving.signal).then((shown) => {
        if (shown) onFrame = (welcome) => this.#welcomed(session, welcome);
      });
    };
    const session: Session = new Session(
      socket,
      { ...this.#options, codec: browserCodec, defer },
      {
        opened: () => session.send(writeHello(self, this.#instance)),
        handshake: (frame) => onFrame(frame),
        deliver: (channel, plain) => this.#events.deliver(channel, plain),
        drained: () => this.#events.drained(),
        ended: (problem) => {
          leaving.abort(new Error(problem));
          this.#lost(problem);
        },
        gone: () => this.#gone(),
        refused: (reason) => this.#events.refused(reason),
      },
    );
    this.#session = session;
  }

  /** Resolves when the socket is closed, which a deaf node delays by a second at most. */
  close(): Promise<void> {
    this.#closed = true;
    this.#redial?.cancel();
    const session = this.#session;
    if (session === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#gone = resolve;
      session.close('the client closed');
    });
  }

  async #showToken(session: Session, signal: AbortSignal): Promise<boolean> {
    try {
      const token = await this.#options.token(signal);
      if (signal.aborted) return false;
      session.send(writeToken(token));
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#events.failed(error);
      session.close('there is no token');
      return false;
    }
  }

  #welcomed(session: Session, frame: Uint8Array): void {
    readWelcome(frame);
    session.authenticated();
    session.up();
    this.#isUp = true;
    this.#upSinceMs = this.#options.clock.monotonic();
    this.#problem = undefined;
    this.#events.up();
  }

  #lost(problem: string): void {
    const wasUp = this.#isUp;
    const { clock, deadAfterMs } = this.#options;
    this.#session = undefined;
    this.#isUp = false;
    this.#problem = problem;
    // One that ends as soon as it is up is a failure like any other.
    if (wasUp && clock.monotonic() - this.#upSinceMs >= deadAfterMs) this.#backoff.reset();
    if (wasUp) this.#events.down();
    if (this.#closed || this.#session) return;
    this.#redial = clock.setTimer(this.#backoff.nextMs(), () => this.dial());
  }
}

function outOfTurn(): never {
  throw new Refusal('bad-hello', 'a frame came before the token was shown');
}
