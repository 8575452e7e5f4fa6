/**
 * A client of a group, from a process that is no member: finds the leader, tries again with growing
 * and jittered waits, and has every command applied once, however often it had to be sent.
 *
 * It opens one session and numbers its commands; a member that has applied a command answers a
 * repeated one from memory (thesis 6.3). What the client has answers to it says with later
 * commands, so that members may forget them. A session that the group has forgotten is replaced;
 * only a command that may have been applied before that rejects.
 *
 * Invariants: every sequence of a session is one command; `acknowledged` covers settled ones only.
 * Cost: a request per attempt; nothing is kept of what is settled.
 */
import { type Clock, sleep } from '@ds/clock';
import { Backoff, type BackoffOptions } from '@ds/resilience';
import { type NodeId, Requests, type Transport, TransportError } from '@ds/transport';
import { RaftError } from '../errors.ts';
import {
  type ClientRequest,
  type ClientResponse,
  decodeRequest,
  decodeResponse,
  encodeRequest,
} from './client-protocol.ts';
import { CLIENT_CHANNEL } from './serve-clients.ts';

export interface RaftClientOptions {
  /** Members to ask, in any order; others are found through them if the transport reaches them. */
  readonly servers: readonly NodeId[];
  /** Stays open when the client closes. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** How long to wait for one member's answer. @default 2_000 */
  readonly timeoutMs?: number;
  /** The waits between attempts. @default 20 ms to 1 s, full jitter */
  readonly backoff?: BackoffOptions;
  /** @default 'raft-client' */
  readonly channelName?: string;
}

export interface CallOptions {
  /** Ends the waiting; whether a command is applied is then unknown. */
  readonly signal?: AbortSignal | undefined;
}

interface Session {
  readonly id: number;
  next: number;
  /** Everything up to here is settled. */
  acknowledged: number;
  readonly settled: Set<number>;
}

/** Requests that the transport did not take were never sent. */
const NOT_SENT: ReadonlySet<string> = new Set(['REQUEST_UNREACHABLE', 'REQUEST_SATURATED']);

export class RaftClient {
  readonly #options: RaftClientOptions;
  readonly #requests: Requests<unknown, unknown>;
  readonly #closed = new AbortController();
  /** Whom to ask next: the leader, as far as is known. */
  #server: NodeId;
  #session: Promise<Session> | undefined;

  constructor(options: RaftClientOptions) {
    const { servers, transport, clock, random, channelName: name = CLIENT_CHANNEL } = options;
    const [first] = servers;
    if (first === undefined) throw new RangeError('name at least one server');
    this.#options = options;
    this.#server = first;
    const codecs = { decodeRequest, decodeResponse };
    this.#requests = new Requests<unknown, unknown>({
      transport,
      clock,
      name,
      ...codecs,
      ...(random && { random }),
    });
  }

  /**
   * Has `command` applied once and resolves with the machine's result. Tries until it succeeds:
   * pass a signal.
   * @throws {RaftError} `RAFT_SESSION_EXPIRED` when the group has forgotten this client meanwhile,
   * and may or may not have applied the command; `RAFT_CLOSED`.
   */
  async propose(command: Uint8Array, { signal }: CallOptions = {}): Promise<Uint8Array> {
    for (;;) {
      const opened = (this.#session ??= this.#register(signal));
      const session = await opened.catch((error: unknown) => {
        if (this.#session === opened) this.#session = undefined;
        throw error;
      });
      const sequence = session.next++;
      try {
        const answer = await this.#until(
          () => ({
            kind: 'propose',
            command,
            tag: { session: session.id, sequence, acknowledged: session.acknowledged },
          }),
          signal,
        );
        if (answer.response.kind === 'result') return answer.response.result;
        if (this.#session === opened) this.#session = undefined;
        if (answer.maybeApplied) {
          const text = 'the session expired while the outcome of the command was not known';
          throw new RaftError('RAFT_SESSION_EXPIRED', text);
        }
      } finally {
        settle(session, sequence);
      }
    }
  }

  /**
   * Has a member answer `query` from its machine, with everything that was answered before; or,
   * with `maxStalenessMs`, before that long ago. Tries until it succeeds: pass a signal.
   */
  async query(
    query: Uint8Array,
    { signal, maxStalenessMs = 0 }: CallOptions & { readonly maxStalenessMs?: number } = {},
  ): Promise<Uint8Array> {
    const request: ClientRequest = { kind: 'query', query, maxStalenessMs };
    const { response } = await this.#until(() => request, signal);
    if (response.kind !== 'result') throw new TypeError(`a query was answered ${response.kind}`);
    return response.result;
  }

  /** Rejects what is waiting. Idempotent. */
  close(): void {
    this.#closed.abort(new RaftError('RAFT_CLOSED', 'the client was closed'));
    this.#requests.close();
  }

  async #register(signal: AbortSignal | undefined): Promise<Session> {
    const { response } = await this.#until(() => ({ kind: 'register' }), signal);
    if (response.kind !== 'session') throw new TypeError(`registered as ${response.kind}`);
    return { id: response.session, next: 1, acknowledged: 0, settled: new Set() };
  }

  /** Asks until there is an answer that trying again would not change. */
  async #until(
    request: () => ClientRequest,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly response: ClientResponse; readonly maybeApplied: boolean }> {
    const { clock, random, backoff: options = { initialMs: 20, maxMs: 1_000 } } = this.#options;
    const backoff = new Backoff({ ...options, ...(random && { random }) });
    const closed = this.#closed.signal;
    // One of its own per call: what waits on a signal for the life of the client would pile up.
    const ended = AbortSignal.any(signal === undefined ? [closed] : [signal, closed]);
    let maybeApplied = false;
    for (;;) {
      ended.throwIfAborted();
      const asked = this.#server;
      const response = await this.#ask(asked, request(), ended);
      switch (response.kind) {
        case 'session':
        case 'result':
        case 'expired':
          return { response, maybeApplied };
        case 'not-leader':
          // A hint is worth an attempt at once.
          if (this.#turnTo(asked, response.leader)) continue;
          break;
        case 'overloaded':
          break;
        case 'not-sent':
          this.#turnTo(asked, undefined);
          break;
        case 'uncertain':
          maybeApplied = true;
          this.#turnTo(asked, undefined);
      }
      await sleep(clock, backoff.nextMs(), ended);
    }
  }

  async #ask(
    server: NodeId,
    request: ClientRequest,
    signal: AbortSignal,
  ): Promise<ClientResponse | { readonly kind: 'not-sent' }> {
    const { timeoutMs = 2_000 } = this.#options;
    try {
      const plain = encodeRequest(request);
      return (await this.#requests.request(server, plain, { timeoutMs, signal })) as ClientResponse;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransportError)) throw error;
      return { kind: NOT_SENT.has(error.code) ? 'not-sent' : 'uncertain' };
    }
  }

  /** Asks `leader` next, or another server than `asked`. Returns whether it is worth a try now. */
  #turnTo(asked: NodeId, leader: NodeId | undefined): boolean {
    // Another call may have found out more meanwhile.
    if (this.#server !== asked) return true;
    if (leader !== undefined && leader !== asked) {
      this.#server = leader;
      return true;
    }
    const { servers } = this.#options;
    this.#server = servers[(servers.indexOf(asked) + 1) % servers.length] ?? asked;
    return false;
  }
}

/** The client needs the answer no more. */
function settle(session: Session, sequence: number): void {
  session.settled.add(sequence);
  while (session.settled.delete(session.acknowledged + 1)) session.acknowledged += 1;
}
