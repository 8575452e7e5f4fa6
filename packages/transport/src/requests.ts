/**
 * Request and response on top of a channel, with deadlines and cancellation: built once, here, so
 * that no protocol matches answers to questions by itself.
 *
 * A request is sent once and never retried: whether that is safe only the caller knows. The errors
 * tell what can be known: `REQUEST_UNREACHABLE` and `REQUEST_SATURATED` mean the request was not
 * sent; `REQUEST_REFUSED` means the peer did not run it; after `REQUEST_TIMED_OUT`,
 * `REQUEST_INTERRUPTED` or an abort the peer may have run it.
 *
 * Invariants: a response settles only the request that asked for it, also across a restart of
 * either side (ids start at a random session number) and however often the network doubles it.
 * At most `maxPending` requests wait here and at most `maxServing` run here.
 *
 * Cost: one message each way, and one more for a request given up. All deadlines share one timer,
 * which looks through what is waiting when it fires: at most once per deadline.
 */
import type { Clock, Timer } from '@ds/clock';
import { TransportError } from './errors.ts';
import type { Channel, NodeId, SendResult, Transport, Unsubscribe } from './transport.ts';

export interface RequestsOptions<Request, Response> {
  readonly transport: Pick<Transport, 'channel' | 'onPeer'>;
  readonly clock: Clock;
  /** The channel's name. Both sides use the same. */
  readonly name: string;
  /** Checks what a peer asks, field by field; throws for what is malformed. */
  readonly decodeRequest: (plain: unknown) => Request;
  /** Checks what a peer answers, field by field; throws for what is malformed. */
  readonly decodeResponse: (plain: unknown) => Response;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Requests waiting for an answer at one time. @default 4096 */
  readonly maxPending?: number;
  /** Requests of others being worked on at one time. @default 4096 */
  readonly maxServing?: number;
}

export interface RequestOptions {
  /** How long to wait for the answer, in ms. The peer is told, and gives up then too. */
  readonly timeoutMs: number;
  /** Gives up early: the promise rejects with the signal's reason, and the peer is told. */
  readonly signal?: AbortSignal | undefined;
}

/** What a handler may know of the request it works on. */
export interface RequestContext {
  /** Aborts when the asker has given up, is gone, or has waited for its `timeoutMs`. */
  readonly signal: AbortSignal;
}

/** Works on a request. */
export type RequestHandler<Request, Response> = (
  from: NodeId,
  request: Request,
  context: RequestContext,
) => Response | Promise<Response>;

export interface RequestsStatus {
  readonly pending: number;
  readonly serving: number;
  /** Answers that found the link saturated or gone; their askers time out. */
  readonly lostResponses: number;
}

type Frame =
  | {
      readonly kind: 'request';
      readonly id: string;
      readonly timeoutMs: number;
      readonly body: unknown;
    }
  | { readonly kind: 'response'; readonly id: string; readonly body: unknown }
  | { readonly kind: 'error'; readonly id: string; readonly code: string; readonly message: string }
  | { readonly kind: 'cancel'; readonly id: string };

// On the wire a frame is an array [kind, id, ...]: kinds by number, to keep small messages small.
const REQUEST = 0;
const RESPONSE = 1;
const ERROR = 2;
const CANCEL = 3;
const MAX_ID_LENGTH = 32;
const MAX_ERROR_TEXT = 1_000;
const REFUSED = 'REQUEST_REFUSED';

interface Pending<Response> {
  readonly to: NodeId;
  readonly deadline: number;
  readonly timeoutMs: number;
  resolve(response: Response): void;
  reject(reason: unknown): void;
}

/** A request of another node, being worked on. Most handlers never ask for the signal. */
class Serving implements RequestContext {
  readonly from: NodeId;
  readonly deadline: number;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(from: NodeId, deadline: number) {
    this.from = from;
    this.deadline = deadline;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** One protocol's questions and answers, in both directions. */
export class Requests<Request, Response> implements Disposable {
  readonly #channel: Channel<unknown>;
  readonly #options: RequestsOptions<Request, Response>;
  readonly #maxPending: number;
  readonly #maxServing: number;
  readonly #session: string;
  readonly #pending = new Map<string, Pending<Response>>();
  readonly #serving = new Map<string, Serving>();
  readonly #unsubscribePeers: Unsubscribe;
  #handler: RequestHandler<Request, Response> | undefined;
  #sequence = 0;
  #timer: Timer | undefined;
  #timerDeadline = Number.POSITIVE_INFINITY;
  #lostResponses = 0;
  #closed = false;

  constructor(options: RequestsOptions<Request, Response>) {
    const { transport, name, maxPending = 4096, maxServing = 4096, random = Math.random } = options;
    if (!(maxPending >= 1 && maxServing >= 1)) {
      throw new RangeError('maxPending and maxServing must be at least 1');
    }
    this.#options = options;
    this.#maxPending = maxPending;
    this.#maxServing = maxServing;
    this.#session = Math.floor(random() * 2 ** 48).toString(36);
    this.#channel = transport.channel(name, decodeFrame);
    this.#channel.onMessage((from, frame) => this.#receive(from, frame as Frame));
    this.#unsubscribePeers = transport.onPeer(({ kind, peer }) => {
      if (kind === 'down') this.#peerDown(peer);
    });
  }

  /**
   * Asks `to` and resolves with its answer.
   * @throws {TransportError} `REQUEST_TIMED_OUT`, `REQUEST_UNREACHABLE`, `REQUEST_SATURATED`,
   * `REQUEST_INTERRUPTED`, `REQUEST_REFUSED`, `REQUEST_FAILED` (the peer's handler threw; see
   * `remoteCode`), or what `send` throws. An abort rejects with the signal's reason.
   */
  request(to: NodeId, body: Request, { timeoutMs, signal }: RequestOptions): Promise<Response> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (!(timeoutMs > 0 && timeoutMs < Number.POSITIVE_INFINITY)) {
        throw new RangeError(`timeoutMs must be finite and positive, got ${timeoutMs}`);
      }
      if (this.#pending.size >= this.#maxPending) {
        throw new TransportError(
          'REQUEST_SATURATED',
          `${this.#maxPending} requests are waiting already`,
        );
      }
      const id = `${this.#session}.${(this.#sequence++).toString(36)}`;
      const sent = this.#channel.send(to, [REQUEST, id, timeoutMs, body]);
      if (sent !== 'queued') throw notSent(to, sent);
      const giveUp = (): void => {
        this.#forgetPending(id);
        this.#send(to, [CANCEL, id]);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', giveUp);
      const deadline = this.#options.clock.monotonic() + timeoutMs;
      this.#pending.set(id, {
        to,
        deadline,
        timeoutMs,
        resolve: (response) => {
          settled();
          resolve(response);
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
      });
      this.#setTimer(deadline);
    });
  }

  /**
   * Answers requests with `handle` until the result is called. What it throws reaches the asker as
   * `REQUEST_FAILED`, with the error's `code` and message: throw nothing that a peer may not read.
   */
  serve(handle: RequestHandler<Request, Response>): Unsubscribe {
    if (this.#handler !== undefined) throw new Error('these requests are served already');
    this.#handler = handle;
    return () => {
      if (this.#handler === handle) this.#handler = undefined;
    };
  }

  status(): RequestsStatus {
    return {
      pending: this.#pending.size,
      serving: this.#serving.size,
      lostResponses: this.#lostResponses,
    };
  }

  /** Rejects what is waiting with `TRANSPORT_CLOSED`, aborts what is being served. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#unsubscribePeers();
    this.#channel.close();
    const closed = new TransportError('TRANSPORT_CLOSED', 'the request channel was closed');
    for (const pending of this.#pending.values()) pending.reject(closed);
    this.#pending.clear();
    for (const serving of this.#serving.values()) serving.abort(closed);
    this.#serving.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive(from: NodeId, frame: Frame): void {
    switch (frame.kind) {
      case 'request':
        this.#serve(from, frame);
        break;
      case 'cancel':
        this.#abortServing(servingKey(from, frame.id));
        break;
      case 'response':
        this.#settle(from, frame.id, (pending) =>
          pending.resolve(this.#options.decodeResponse(frame.body)),
        );
        break;
      case 'error':
        this.#settle(from, frame.id, (pending) => pending.reject(remoteError(from, frame)));
        break;
    }
  }

  #settle(from: NodeId, id: string, settle: (pending: Pending<Response>) => void): void {
    const pending = this.#pending.get(id);
    // Only the node that was asked may answer; late and doubled answers find nothing.
    if (pending === undefined || pending.to !== from) return;
    this.#forgetPending(id);
    try {
      settle(pending);
    } catch (cause) {
      pending.reject(
        new TransportError('REQUEST_FAILED', `the answer of '${from}' is malformed`, { cause }),
      );
    }
  }

  #serve(from: NodeId, { id, timeoutMs, body }: Frame & { kind: 'request' }): void {
    const key = servingKey(from, id);
    if (this.#serving.has(key)) return;
    const handler = this.#handler;
    if (handler === undefined || this.#serving.size >= this.#maxServing) {
      const why = handler === undefined ? 'nobody serves these requests' : 'too many requests';
      this.#answer(from, [ERROR, id, REFUSED, why]);
      return;
    }
    const serving = new Serving(from, this.#options.clock.monotonic() + timeoutMs);
    this.#serving.set(key, serving);
    this.#setTimer(serving.deadline);
    // The executor runs the handler now, and turns a throw into a rejection.
    new Promise<Response>((resolve) => {
      resolve(handler(from, this.#decodeRequest(body), serving));
    }).then(
      (response) => this.#finish(key, from, [RESPONSE, id, response]),
      (error) => this.#finish(key, from, [ERROR, id, ...describeError(error)]),
    );
  }

  #decodeRequest(body: unknown): Request {
    try {
      return this.#options.decodeRequest(body);
    } catch (cause) {
      throw new TransportError(REFUSED, 'the request is malformed', { cause });
    }
  }

  #finish(key: string, from: NodeId, frame: unknown[]): void {
    // Not there when the asker is no longer waiting.
    if (this.#forgetServing(key)) this.#answer(from, frame);
  }

  #answer(to: NodeId, frame: unknown[]): void {
    let sent: SendResult;
    try {
      sent = this.#send(to, frame);
    } catch (error) {
      // The answer itself cannot be sent (too large, not plain): say so instead.
      sent = this.#send(to, [ERROR, frame[1], ...describeError(error)]);
    }
    if (sent !== 'queued') this.#lostResponses += 1;
  }

  /** Sends what nobody waits for here: a transport that was closed meanwhile is just unreachable. */
  #send(to: NodeId, frame: unknown[]): SendResult {
    try {
      return this.#channel.send(to, frame);
    } catch (error) {
      if (error instanceof TransportError && error.code === 'TRANSPORT_CLOSED')
        return 'unreachable';
      throw error;
    }
  }

  #abortServing(key: string): void {
    const serving = this.#serving.get(key);
    if (serving === undefined) return;
    this.#forgetServing(key);
    serving.abort(new DOMException('the asker is no longer waiting', 'AbortError'));
  }

  #peerDown(peer: NodeId): void {
    for (const [id, pending] of this.#pending) {
      if (pending.to !== peer) continue;
      this.#forgetPending(id);
      const text = `the connection to '${peer}' was lost before it answered`;
      pending.reject(new TransportError('REQUEST_INTERRUPTED', text));
    }
    for (const [key, serving] of this.#serving) {
      if (serving.from === peer) this.#abortServing(key);
    }
  }

  #forgetPending(id: string): void {
    this.#pending.delete(id);
    this.#restTimer();
  }

  #forgetServing(key: string): boolean {
    const known = this.#serving.delete(key);
    this.#restTimer();
    return known;
  }

  /** With nothing to wait for, no timer may keep the process alive. */
  #restTimer(): void {
    if (this.#pending.size > 0 || this.#serving.size > 0) return;
    this.#timer?.cancel();
    this.#timerDeadline = Number.POSITIVE_INFINITY;
  }

  #setTimer(deadline: number): void {
    if (deadline >= this.#timerDeadline) return;
    this.#timer?.cancel();
    this.#timerDeadline = deadline;
    const leftMs = Math.max(0, deadline - this.#options.clock.monotonic());
    this.#timer = this.#options.clock.setTimer(leftMs, () => this.#expire());
  }

  #expire(): void {
    this.#timerDeadline = Number.POSITIVE_INFINITY;
    const now = this.#options.clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, { to, deadline, timeoutMs, reject }] of this.#pending) {
      if (deadline > now) {
        next = Math.min(next, deadline);
        continue;
      }
      this.#forgetPending(id);
      reject(
        new TransportError('REQUEST_TIMED_OUT', `'${to}' did not answer within ${timeoutMs} ms`),
      );
    }
    for (const [key, { deadline }] of this.#serving) {
      if (deadline > now) next = Math.min(next, deadline);
      else this.#abortServing(key);
    }
    if (next < Number.POSITIVE_INFINITY) this.#setTimer(next);
  }
}

function servingKey(from: NodeId, id: string): string {
  return `${id} ${from}`;
}

function notSent(to: NodeId, result: 'saturated' | 'unreachable'): TransportError {
  return result === 'saturated'
    ? new TransportError(
        'REQUEST_SATURATED',
        `the connection to '${to}' has no room; try again later`,
      )
    : new TransportError('REQUEST_UNREACHABLE', `'${to}' is not connected`);
}

function remoteError(from: NodeId, { code, message }: Frame & { kind: 'error' }): TransportError {
  if (code === REFUSED) return new TransportError(REFUSED, `'${from}' refused: ${message}`);
  const text = `'${from}' failed: ${message}`;
  return new TransportError('REQUEST_FAILED', text, { remoteCode: code === '' ? undefined : code });
}

function describeError(error: unknown): [code: string, message: string] {
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  return [
    typeof code === 'string' ? code.slice(0, 100).toWellFormed() : '',
    message.slice(0, MAX_ERROR_TEXT).toWellFormed(),
  ];
}

function decodeFrame(plain: unknown): Frame {
  if (!Array.isArray(plain)) throw new TypeError('not a frame');
  const [kind, id, third, fourth] = plain;
  if (typeof id !== 'string' || id.length > MAX_ID_LENGTH) throw new TypeError('not an id');
  if (kind === REQUEST && plain.length === 4 && typeof third === 'number' && third > 0) {
    return { kind: 'request', id, timeoutMs: third, body: fourth };
  }
  if (kind === RESPONSE && plain.length === 3) return { kind: 'response', id, body: third };
  if (
    kind === ERROR &&
    plain.length === 4 &&
    typeof third === 'string' &&
    typeof fourth === 'string'
  ) {
    return { kind: 'error', id, code: third, message: fourth };
  }
  if (kind === CANCEL && plain.length === 2) return { kind: 'cancel', id };
  throw new TypeError('not a frame');
}
