/**
 * The store from a program, over WebSockets: connected with all nodes, asks the one that leads,
 * tries again when that is safe (client-retries.ts). The same calls as the client over HTTP, for a
 * fraction of what they cost: what one turn asks of a node shares a frame, and answers may come in
 * any order.
 *
 * Cost: one message there and one back per call when nothing goes wrong.
 */
import { type Clock, systemClock } from '@ds/clock';
import type { SessionTag } from '@ds/raft';
import type { BackoffOptions } from '@ds/resilience';
import { type NodeId, Requests, type Transport, TransportError } from '@ds/transport';
import { openClientTransport } from '@ds/transport-ws';
import { ClientRetries } from '../client-retries.ts';
import { type Condition, encodeCommand, type Found, type KvOperation } from '../commands.ts';
import { KvError } from '../errors.ts';
import type { KvEntry } from '../scan.ts';
import { readOutcome, type WriteResult } from '../write-result.ts';
import {
  BINARY_CHANNEL,
  type BinaryAnswer,
  type BinaryRequest,
  decodeAnswer,
  decodeBytes,
  decodeFound,
  decodePage,
  decodeRequest,
  decodeSession,
  encodeRequest,
} from './protocol.ts';

export { KvError, type KvErrorCode } from '../errors.ts';
export type { Condition, Found, KvEntry, KvOperation, WriteResult };

export interface BinaryClientOptions {
  /** Nodes to ask, by name; the leader is found among them. */
  readonly nodes: readonly NodeId[];
  /** Connected with `nodes`, or about to be. Stays open when the client closes. */
  readonly transport: Transport;
  /** @default systemClock */
  readonly clock?: Clock;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** How long one node may take to answer, above what it allows itself. @default 7_000 */
  readonly attemptTimeoutMs?: number;
  /** How long a call may take, retries included. @default 30_000 */
  readonly timeoutMs?: number;
  /** Calls under way at one time; more are refused with `KV_OVERLOADED`. @default 4_096 */
  readonly maxPending?: number;
  /** Without sessions a write is retried only when it certainly did nothing. @default true */
  readonly sessions?: boolean;
  /** Waits between attempts. @default 20 ms growing to 1_000 ms, full jitter */
  readonly backoff?: Omit<BackoffOptions, 'random'>;
}

export interface OpenBinaryClientOptions extends Omit<BinaryClientOptions, 'nodes' | 'transport'> {
  /** The nodes' doors for clients by name, as `{ n1: 'ws://127.0.0.1:7301' }`. */
  readonly nodes: Readonly<Record<NodeId, string>>;
  /** Whose token it is, and what tells this client from others of the same: `importer/3`. */
  readonly name: string;
  /** The secret beside that name in the nodes' token files. */
  readonly token: string;
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

interface ReadCallOptions extends CallOptions {
  /** `stale` takes what the node that answers has, without asking the others. */
  readonly consistency?: 'linearizable' | 'stale';
}

interface WriteCallOptions extends CallOptions {
  readonly condition?: Condition | undefined;
}

interface ScanCallOptions extends ReadCallOptions {
  readonly prefix?: Uint8Array | undefined;
  readonly after?: Uint8Array | undefined;
  /** Entries per request, 1 to 1,000. @default 500 */
  readonly pageSize?: number;
}

/** Dials the nodes and returns at once: calls wait until one of them is there. */
export function openBinaryClient(options: OpenBinaryClientOptions): BinaryClient {
  const { nodes, name, token, ...rest } = options;
  const { clock, random } = options;
  const transport = openClientTransport({
    self: name,
    nodes,
    token,
    ...(clock && { clock }),
    ...(random && { random }),
  });
  return new BinaryClient({ ...rest, nodes: Object.keys(nodes), transport }, () =>
    transport.close(),
  );
}

export class BinaryClient implements AsyncDisposable {
  readonly #nodes: readonly NodeId[];
  readonly #attemptTimeoutMs: number;
  readonly #requests: Requests<unknown, unknown>;
  readonly #calls: ClientRetries;
  readonly #closed: () => Promise<void>;

  /** `closed` gives back what was opened for this client alone. */
  constructor(options: BinaryClientOptions, closed: () => Promise<void> = async () => {}) {
    const { nodes, transport, clock = systemClock, random, maxPending = 4_096 } = options;
    const { attemptTimeoutMs = 7_000, timeoutMs = 30_000, sessions = true, backoff = {} } = options;
    if (nodes.length === 0) throw new RangeError('nodes names at least one node');
    for (const [name, value] of Object.entries({ attemptTimeoutMs, timeoutMs })) {
      if (!(value > 0 && value < 2 ** 31))
        throw new RangeError(`${name} is positive, got ${value}`);
    }
    this.#nodes = nodes;
    this.#attemptTimeoutMs = attemptTimeoutMs;
    this.#closed = closed;
    const chance = random && { random };
    this.#requests = new Requests<unknown, unknown>({
      transport,
      clock,
      name: BINARY_CHANNEL,
      decodeRequest,
      decodeResponse: decodeAnswer,
      maxPending,
      ...chance,
    });
    this.#calls = new ClientRetries({
      clock,
      nodes: () => nodes.length,
      timeoutMs,
      backoff: { initialMs: 20, maxMs: 1_000, ...backoff, ...chance },
      sessions,
      openSession: (node) => this.#ask(node, { kind: 'session' }, decodeSession, undefined),
    });
  }

  /** Requests that were sent again. */
  get retries(): number {
    return this.#calls.retries;
  }

  /** The value and version under `key`, or `undefined`. */
  get(
    key: Uint8Array,
    { consistency, signal }: ReadCallOptions = {},
  ): Promise<{ value: Uint8Array; version: number } | undefined> {
    return this.#read({ kind: 'get', key, stale: consistency === 'stale' }, decodeFound, signal);
  }

  /**
   * Writes and resolves with the new version.
   * @throws {KvError} `KV_CONFLICT` when `condition` does not hold.
   */
  async put(
    key: Uint8Array,
    value: Uint8Array,
    { condition, signal }: WriteCallOptions = {},
  ): Promise<{ version: number }> {
    const { version } = await this.batch([{ type: 'put', key, value, condition }], { signal });
    return { version };
  }

  /** Deletes; resolves with whether there was something to delete. Conditions as for `put`. */
  async delete(
    key: Uint8Array,
    { condition, signal }: WriteCallOptions = {},
  ): Promise<{ deleted: boolean }> {
    const { found } = await this.batch([{ type: 'delete', key, condition }], { signal });
    return { deleted: found[0] === 'present' };
  }

  /** Applies all operations or none. */
  async batch(
    operations: readonly KvOperation[],
    { signal }: CallOptions = {},
  ): Promise<WriteResult> {
    const command = encodeCommand(operations);
    const send = (node: number, tag: SessionTag | undefined): Promise<Uint8Array | KvError> =>
      this.#ask(node, { kind: 'write', command, tag }, decodeBytes, signal);
    return checked(await this.#calls.write(send, signal), readOutcome);
  }

  /** Every entry under `prefix` in the order of the keys. Each page shows one moment. */
  async *scan(options: ScanCallOptions = {}): AsyncGenerator<KvEntry, void, undefined> {
    const { prefix, pageSize: limit = 500, consistency, signal } = options;
    const stale = consistency === 'stale';
    let { after } = options;
    for (;;) {
      const request = { kind: 'scan', prefix, after, limit, stale } as const;
      const { entries, more } = await this.#read(request, decodePage, signal);
      yield* entries;
      if (!more) return;
      after = entries.at(-1)?.key;
    }
  }

  /** Rejects what is waiting. Idempotent. */
  async close(): Promise<void> {
    this.#requests.close();
    await this.#closed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read<T>(
    request: BinaryRequest,
    decode: (result: unknown) => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const ask = (node: number): Promise<T | KvError> => this.#ask(node, request, decode, signal);
    return this.#calls.call(ask, { repeatable: true, reads: true, signal });
  }

  async #ask<T>(
    node: number,
    request: BinaryRequest,
    decode: (result: unknown) => T,
    signal: AbortSignal | undefined,
  ): Promise<T | KvError> {
    let answer: BinaryAnswer;
    try {
      answer = (await this.#requests.request(this.#nodes[node]!, encodeRequest(request), {
        timeoutMs: this.#attemptTimeoutMs,
        signal,
      })) as BinaryAnswer;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransportError)) throw error;
      return failureOf(error);
    }
    if (answer.kind === 'error') return answer.error;
    if (answer.leader !== undefined) this.#turnTo(answer.leader);
    return checked(answer.result, decode);
  }

  /** The leader answers without asking anybody else for a write. */
  #turnTo(leader: NodeId): void {
    const node = this.#nodes.indexOf(leader);
    if (node >= 0) this.#calls.prefer(node);
  }
}

function checked<I, T>(result: I, decode: (result: I) => T): T {
  try {
    return decode(result);
  } catch (cause) {
    if (cause instanceof KvError) throw cause;
    const text = `a request was answered with something else: ${(cause as Error).message}`;
    throw new KvError('KV_PROTOCOL', text, { cause });
  }
}

function failureOf(error: TransportError): KvError {
  const options = { cause: error };
  switch (error.code) {
    case 'REQUEST_UNREACHABLE':
      return new KvError('KV_UNREACHABLE', error.message, options);
    case 'REQUEST_SATURATED':
    case 'REQUEST_REFUSED':
      return new KvError('KV_OVERLOADED', error.message, options);
    case 'TRANSPORT_MESSAGE_TOO_LARGE':
      return new KvError('KV_TOO_LARGE', error.message, options);
    case 'TRANSPORT_CLOSED':
      throw new KvError('KV_CLOSED', 'the client was closed', options);
    case 'REQUEST_FAILED':
      return new KvError('KV_PROTOCOL', error.message, options);
    default:
      return new KvError('KV_UNCERTAIN', error.message, options);
  }
}
