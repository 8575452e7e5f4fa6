/**
 * One node of the store: what a client may ask, on top of a Raft member and its state machine.
 *
 * It is handed ports and opened parts only, so this very file runs in a server, in a test and in
 * the simulator. Its own work is to find the leader: a write goes to the local Raft when this node
 * leads and over the channel `kv` to the leader when it does not; while there is no leader, or the
 * one it knew turned out not to be, operations wait together and try again.
 *
 * Invariants:
 *  1. A write is sent on or proposed once more only after an answer that says it was not appended.
 *     Anything else that goes wrong is `KV_UNCERTAIN`; a retry is then the client's decision, safe
 *     with a session.
 *  2. A linearizable read looks at the machine only after `readIndex` has resolved, in one step.
 *  3. Every operation settles within `timeoutMs`, and no more than `maxInFlight` are under way.
 *
 * Cost: a local write adds one operation record and one promise to what Raft does.
 */
import type { Clock } from '@ds/clock';
import type {
  Configuration,
  MemberChange,
  RaftNode,
  RaftStatus,
  SessionTag,
  StoreMachine,
} from '@ds/raft';
import type { KeyValueStore } from '@ds/storage';
import { type NodeId, Requests, type Transport } from '@ds/transport';
import { type Condition, checkKvKey, encodeCommand, isDone, type KvOperation } from './commands.ts';
import { Deadlines, type Operation } from './deadlines.ts';
import {
  expired,
  isLeaderLost,
  isNotAppended,
  shuttingDown,
  translate,
} from './error-translation.ts';
import { KvError } from './errors.ts';
import {
  DONE,
  decodeAnswer,
  decodeRequest,
  FAILED,
  type ForwardAnswer,
  type ForwardRequest,
  failure,
  failureOf,
  NOT_LEADER,
  REGISTER,
  tagOf,
  writeRequest,
} from './forwarding.ts';
import { LatencyWindow } from './latency-window.ts';
import { LeaderWait } from './leader-wait.ts';
import { decodeVersioned, type Versioned } from './machine.ts';
import { MemberChanges } from './member-changes.ts';
import { describeNode, type KvStatus } from './node-status.ts';
import { readPage, type ScanPage, type ScanRequest } from './scan.ts';
import { TurnBatch } from './turn-batch.ts';
import { readOutcome, type WriteResult } from './write-result.ts';

export interface KvNodeOptions {
  readonly raft: RaftNode;
  readonly machine: StoreMachine;
  /** The engine under `machine`. The node closes it. */
  readonly store: Pick<KeyValueStore, 'status' | 'close'>;
  readonly transport: Transport;
  readonly clock: Clock;
  /** A number in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** How long an operation may take, elections and retries included. @default 5_000 */
  readonly timeoutMs?: number;
  /** Operations under way at one time; more are refused with `KV_OVERLOADED`. @default 8_192 */
  readonly maxInFlight?: number;
  /** The largest command, in bytes. @default what fits a message of the transport, less 4 KiB */
  readonly maxCommandBytes?: number;
}

export interface WriteOptions {
  /** Makes a retried write apply once; see sessions in the README. */
  readonly tag?: SessionTag | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ConditionalWriteOptions extends WriteOptions {
  readonly condition?: Condition | undefined;
}

export interface ReadOptions {
  /** `stale` answers from this node's own state, without asking anybody. @default 'linearizable' */
  readonly consistency?: 'linearizable' | 'stale';
  readonly signal?: AbortSignal | undefined;
}

export interface Counters {
  writes: number;
  reads: number;
  errors: number;
  forwarded: number;
}

// What the other fields of the messages that carry a command may take.
const ENVELOPE_BYTES = 4_096;

export class KvNode implements AsyncDisposable {
  readonly self: NodeId;
  readonly maxCommandBytes: number;
  readonly #options: KvNodeOptions;
  readonly #raft: RaftNode;
  readonly #requests: Requests<ForwardRequest, ForwardAnswer>;
  readonly #deadlines: Deadlines;
  readonly #turn: TurnBatch;
  readonly #leaderWait: LeaderWait;
  readonly #memberChanges: MemberChanges;
  readonly #maxInFlight: number;
  readonly #counters: Counters = { writes: 0, reads: 0, errors: 0, forwarded: 0 };
  readonly #writeLatency: LatencyWindow;
  readonly #readLatency: LatencyWindow;
  readonly #startedMs: number;
  #closed: Promise<void> | undefined;

  constructor(options: KvNodeOptions) {
    const { raft, transport, clock, random, timeoutMs = 5_000, maxInFlight = 8_192 } = options;
    const { maxCommandBytes = transport.maxMessageBytes - ENVELOPE_BYTES } = options;
    if (!(maxInFlight >= 1)) throw new RangeError('maxInFlight is at least 1');
    if (!(maxCommandBytes >= 1 && maxCommandBytes <= transport.maxMessageBytes - ENVELOPE_BYTES)) {
      throw new RangeError(`maxCommandBytes must fit a message, got ${maxCommandBytes}`);
    }
    this.self = raft.self;
    this.maxCommandBytes = maxCommandBytes;
    this.#options = options;
    this.#raft = raft;
    this.#maxInFlight = maxInFlight;
    this.#startedMs = clock.monotonic();
    this.#writeLatency = new LatencyWindow(clock);
    this.#readLatency = new LatencyWindow(clock);
    this.#deadlines = new Deadlines({ clock, timeoutMs }, (operation) =>
      expired(operation, timeoutMs, this.#leaderWait.leader),
    );
    this.#turn = new TurnBatch(clock);
    this.#leaderWait = new LeaderWait(raft, clock);
    this.#memberChanges = new MemberChanges({ raft, clock });
    this.#requests = new Requests<ForwardRequest, ForwardAnswer>({
      transport,
      clock,
      name: 'kv',
      decodeRequest,
      decodeResponse: decodeAnswer,
      maxPending: maxInFlight,
      maxServing: maxInFlight,
      ...(random === undefined ? {} : { random }),
    });
    this.#requests.serve((_from, request) => this.#answer(request));
  }

  /** The key's value and version, or `undefined`. */
  async get(key: Uint8Array, options: ReadOptions = {}): Promise<Versioned | undefined> {
    checkKvKey(key);
    return this.#read(options, () => {
      const stored = this.#options.machine.get(key);
      return stored === undefined ? undefined : decodeVersioned(stored);
    });
  }

  /** Up to `limit` entries in the order of their keys, as they were at one moment. */
  async scan(request: ScanRequest, options: ReadOptions = {}): Promise<ScanPage> {
    return this.#read(options, () => readPage(this.#options.machine, request));
  }

  put(
    key: Uint8Array,
    value: Uint8Array,
    { condition, ...options }: ConditionalWriteOptions = {},
  ): Promise<WriteResult> {
    return this.batch([{ type: 'put', key, value, condition }], options);
  }

  delete(
    key: Uint8Array,
    { condition, ...options }: ConditionalWriteOptions = {},
  ): Promise<WriteResult> {
    return this.batch([{ type: 'delete', key, condition }], options);
  }

  /**
   * Applies all operations or none.
   * @throws {KvError} `KV_CONFLICT` when a condition did not hold.
   */
  async batch(
    operations: readonly KvOperation[],
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    return readOutcome(await this.write(encodeCommand(operations), options));
  }

  /** {@link batch} of a command that is encoded already; resolves with its outcome's bytes. */
  async write(command: Uint8Array, options: WriteOptions = {}): Promise<Uint8Array> {
    if (command.length > this.maxCommandBytes) {
      const text = `a write of ${command.length} bytes exceeds the limit of ${this.maxCommandBytes}`;
      throw new KvError('KV_TOO_LARGE', text);
    }
    const operation = this.#begin<Uint8Array>(options.signal);
    const { tag } = options;
    this.#start(() =>
      this.#atLeader(operation, writeRequest(command, tag), isBytes, () =>
        this.#propose(command, tag),
      ),
    );
    try {
      const outcome = await operation.promise;
      if (isDone(outcome)) this.#counters.writes += 1;
      else this.#counters.errors += 1;
      this.#writeLatency.record(this.#options.clock.monotonic() - operation.startedMs);
      return outcome;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** A session of its own for one client; see `tag`. */
  async registerSession({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<number> {
    const operation = this.#begin<number>(signal);
    this.#atLeader(operation, [REGISTER], isNumber, () => this.#raft.registerSession());
    try {
      return await operation.promise;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Adds, promotes, demotes and removes nodes; resolves with who takes part when that is complete.
   * Asking again for what is so already changes nothing.
   * @throws {KvError} `KV_NOT_LEADER`, `KV_UNSAFE_CHANGE`, `KV_UNCERTAIN` after half a minute.
   */
  async changeMembers(
    changes: readonly MemberChange[],
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<Configuration> {
    return this.#memberChanges.change(changes, signal);
  }

  /** Who leads, as far as this node knows. */
  get leader(): NodeId | undefined {
    return this.#leaderWait.leader;
  }

  /** Whether clients are served here: a leader is known and nothing is broken. */
  get ready(): boolean {
    if (this.#closed !== undefined || this.#leaderWait.leader === undefined) return false;
    return this.failure === undefined;
  }

  /** Why this node no longer takes part, when its disk has failed: it must be restarted. */
  get failure(): string | undefined {
    const { state, failure } = this.raftStatus();
    return state === 'failed' ? (failure ?? 'raft has failed') : undefined;
  }

  /** What Raft alone tells of this node: for those who look often, as `status` does more. */
  raftStatus(): RaftStatus {
    return this.#raft.status();
  }

  status(): KvStatus {
    const { raft, store, transport, clock } = this.#options;
    return describeNode({
      raft: raft.status(),
      counters: this.#counters,
      write: this.#writeLatency.percentiles(),
      read: this.#readLatency.percentiles(),
      store: store.status(),
      transport: transport.status(),
      uptimeMs: Math.round(clock.monotonic() - this.#startedMs),
    });
  }

  /**
   * Stops serving, then hands leadership over and closes Raft. What is under way rejects with
   * `KV_CLOSED`. Idempotent.
   */
  close({ transfer = true }: { transfer?: boolean } = {}): Promise<void> {
    this.#closed ??= this.#close(transfer);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(transfer: boolean): Promise<void> {
    this.#leaderWait.close();
    this.#memberChanges.close();
    await this.#raft.close({ transfer });
    this.#requests.close();
    this.#turn.close();
    this.#deadlines.close(shuttingDown);
    await this.#options.store.close();
  }

  #begin<T>(signal: AbortSignal | undefined): Operation<T> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined)
      throw this.#failed(new KvError('KV_CLOSED', 'this node is closed'));
    if (this.#deadlines.size >= this.#maxInFlight) {
      const text = `${this.#maxInFlight} operations are under way already`;
      throw this.#failed(new KvError('KV_OVERLOADED', text, { retryAfterMs: 1_000 }));
    }
    const operation = this.#deadlines.begin<T>();
    if (signal !== undefined) {
      const abort = (): void => operation.reject(signal.reason);
      const forget = (): void => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      operation.promise.then(forget, forget);
    }
    return operation;
  }

  #start(task: () => void): void {
    this.#turn.add(task, this.#deadlines.size === 1);
  }

  async #read<T>({ consistency = 'linearizable', signal }: ReadOptions, look: () => T): Promise<T> {
    const operation = this.#begin<T>(signal);
    if (consistency === 'stale') settleWith(operation, look);
    else this.#start(() => this.#readIndex(operation, look));
    try {
      const result = await operation.promise;
      this.#counters.reads += 1;
      this.#readLatency.record(this.#options.clock.monotonic() - operation.startedMs);
      return result;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #readIndex<T>(operation: Operation<T>, look: () => T): void {
    this.#raft.readIndex().then(
      () => settleWith(operation, look),
      (error) => {
        // A read changes nothing: asking again is always safe.
        if (isLeaderLost(error))
          this.#leaderWait.retry(operation, () => this.#readIndex(operation, look));
        else operation.reject(translate(error));
      },
    );
  }

  /** Runs `here` when this node leads, else passes `request` on to the node that does. */
  #atLeader<T>(
    operation: Operation<T>,
    request: ForwardRequest,
    isResult: (result: unknown) => result is T,
    here: () => Promise<T>,
  ): void {
    const retry = (): void => this.#atLeader(operation, request, isResult, here);
    const { leader } = this.#leaderWait;
    if (leader === undefined) {
      this.#leaderWait.retry(operation, retry);
    } else if (leader !== this.self) {
      this.#forward(operation, leader, request, isResult, retry);
    } else {
      operation.uncertain = true;
      here().then(
        (result) => operation.resolve(result),
        (error) => this.#retryOrReject(operation, error, retry),
      );
    }
  }

  #propose(command: Uint8Array, tag: SessionTag | undefined): Promise<Uint8Array> {
    return tag === undefined ? this.#raft.propose(command) : this.#raft.propose(command, { tag });
  }

  #forward<T>(
    operation: Operation<T>,
    leader: NodeId,
    request: ForwardRequest,
    isResult: (result: unknown) => result is T,
    retry: () => void,
  ): void {
    this.#counters.forwarded += 1;
    operation.uncertain = true;
    const timeoutMs = Math.max(1, operation.endsMs - this.#options.clock.monotonic());
    this.#requests.request(leader, request, { timeoutMs }).then(
      (answer) => {
        if (answer[0] === NOT_LEADER) this.#retry(operation, retry);
        else if (answer[0] === FAILED) operation.reject(failureOf(answer));
        else if (isResult(answer[1])) operation.resolve(answer[1]);
        else operation.reject(new KvError('KV_UNCERTAIN', `'${leader}' answered something else`));
      },
      (error) => this.#retryOrReject(operation, error, retry),
    );
  }

  #retryOrReject<T>(operation: Operation<T>, error: unknown, retry: () => void): void {
    if (isNotAppended(error)) this.#retry(operation, retry);
    else operation.reject(translate(error));
  }

  #retry<T>(operation: Operation<T>, retry: () => void): void {
    operation.uncertain = false;
    this.#leaderWait.retry(operation, retry);
  }

  /** Answers a peer that takes this node for the leader. Never passes anything on a second time. */
  async #answer(request: ForwardRequest): Promise<ForwardAnswer> {
    if (this.#leaderWait.leader !== this.self) return [NOT_LEADER];
    try {
      if (request[0] === REGISTER) return [DONE, await this.#raft.registerSession()];
      return [DONE, await this.#propose(request[1], tagOf(request))];
    } catch (error) {
      if (isNotAppended(error)) return [NOT_LEADER];
      const translated = translate(error);
      if (translated instanceof KvError) return failure(translated);
      throw error;
    }
  }

  #failed(error: unknown): unknown {
    this.#counters.errors += 1;
    return error;
  }
}

/** Settles with what `look` returns or throws. */
function settleWith<T>(operation: Operation<T>, look: () => T): void {
  if (operation.done) return;
  try {
    operation.resolve(look());
  } catch (error) {
    operation.reject(translate(error));
  }
}

function isBytes(result: unknown): result is Uint8Array {
  return result instanceof Uint8Array;
}

function isNumber(result: unknown): result is number {
  return typeof result === 'number';
}
