/**
 * What a client does when an answer does not come, or says "not now": asks another node, after a
 * wait that grows, for as long as asking again can do no harm and there is time.
 *
 * Every write carries a session and a sequence number, so that the cluster applies it once however
 * often it is sent; therefore writes are sent again as freely as reads. Only when the session
 * itself is gone in the middle of that, or the time is used up, a write ends as `KV_UNCERTAIN`.
 *
 * Invariant: what may have taken effect is sent again only if that has no further effect.
 * Cost: nothing beside the attempts; one session per client, opened with the first write.
 */
import { type Clock, sleep } from '@ds/clock';
import type { SessionTag } from '@ds/raft';
import { Backoff, type BackoffOptions } from '@ds/resilience';
import { ClientSession } from './client-session.ts';
import { KvError } from './errors.ts';

export interface ClientRetriesOptions {
  readonly clock: Clock;
  /** How many nodes there are to ask. */
  readonly nodes: () => number;
  /** How long a call may take, retries included. */
  readonly timeoutMs: number;
  readonly backoff: BackoffOptions;
  /** Whether writes have a session; without one they are repeated only when nothing was done. */
  readonly sessions: boolean;
  /** Asks a node for a new session. */
  readonly openSession: (node: number) => Promise<number | KvError>;
}

/** One request to the node at this place: its answer, or why there is none. */
export type Attempt<T> = (node: number) => Promise<T | KvError>;

export interface CallPlan {
  /** Whether sending it twice does what sending it once does. */
  readonly repeatable: boolean;
  /** Whether it changes nothing. */
  readonly reads?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export class ClientRetries {
  readonly #options: ClientRetriesOptions;
  #session: Promise<ClientSession> | undefined;
  #current = 0;
  #retries = 0;

  constructor(options: ClientRetriesOptions) {
    this.#options = options;
  }

  /** Requests that were sent again. */
  get retries(): number {
    return this.#retries;
  }

  /** Asks this node next. */
  prefer(node: number): void {
    this.#current = node;
  }

  /** Asks one node after the other until there is an answer that asking again would not change. */
  async call<T>(attempt: Attempt<T>, plan: CallPlan, endsMs: number = this.#endsMs()): Promise<T> {
    const { clock, nodes, backoff: waits } = this.#options;
    let backoff: Backoff | undefined;
    let maybeDone = false;
    for (;;) {
      plan.signal?.throwIfAborted();
      const at = this.#current % nodes();
      const failure = await attempt(at);
      if (!(failure instanceof KvError)) return failure;
      if (failure.code === 'KV_SESSION_EXPIRED' && maybeDone) throw uncertain(failure);
      if (!isRetryable(failure, plan.repeatable)) throw failure;
      maybeDone ||= !NOTHING_DONE.has(failure.code);
      this.#retries += 1;
      if (this.#current % nodes() === at) this.#current = (at + 1) % nodes();
      backoff ??= new Backoff(waits);
      const hint =
        failure.code === 'KV_OVERLOADED' ? Math.min(failure.retryAfterMs ?? 0, 1_000) : 0;
      const delayMs = Math.max(backoff.nextMs(), hint);
      if (clock.monotonic() + delayMs >= endsMs) {
        throw maybeDone && plan.reads !== true ? uncertain(failure) : failure;
      }
      await sleep(clock, delayMs, plan.signal);
    }
  }

  /** A write, under a session if there are any: `attempt` is given the tag to send it with. */
  async write<T>(
    attempt: (node: number, tag: SessionTag | undefined) => Promise<T | KvError>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (!this.#options.sessions) {
      return this.call((node) => attempt(node, undefined), { repeatable: false, signal });
    }
    const endsMs = this.#endsMs();
    for (;;) {
      const opened = (this.#session ??= this.#openSession());
      const session = await opened;
      const sequence = session.take();
      const tag = session.tag(sequence);
      try {
        const tagged: Attempt<T> = (node) => attempt(node, tag);
        return await this.call(tagged, { repeatable: true, signal }, endsMs);
      } catch (error) {
        // `call` vouches that an expired session is reported as such only before any effect.
        if (!(error instanceof KvError && error.code === 'KV_SESSION_EXPIRED')) throw error;
        if (this.#session === opened) this.#session = undefined;
      } finally {
        session.settle(sequence);
      }
    }
  }

  async #openSession(): Promise<ClientSession> {
    try {
      const { openSession } = this.#options;
      return new ClientSession(await this.call(openSession, { repeatable: true }));
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  #endsMs(): number {
    return this.#options.clock.monotonic() + this.#options.timeoutMs;
  }
}

/** What certainly had no effect, so that even a write without a session may be sent again. */
const NOTHING_DONE: ReadonlySet<string> = new Set([
  'KV_UNREACHABLE',
  'KV_NO_LEADER',
  'KV_NOT_LEADER',
  'KV_OVERLOADED',
  'KV_CLOSED',
  'KV_TIMED_OUT',
]);

const WORTH_REPEATING: ReadonlySet<string> = new Set([
  ...NOTHING_DONE,
  'KV_UNCERTAIN',
  'KV_FAILED',
]);

function isRetryable({ code }: KvError, repeatable: boolean): boolean {
  return repeatable ? WORTH_REPEATING.has(code) : NOTHING_DONE.has(code);
}

function uncertain(cause: KvError): KvError {
  const text = `the write may or may not have taken effect: ${cause.message}`;
  return new KvError('KV_UNCERTAIN', text, { cause });
}
