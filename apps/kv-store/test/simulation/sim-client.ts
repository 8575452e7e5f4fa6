/**
 * A client as a program would be: one operation after the other, each retried on whichever node
 * until it is answered or its time is up, writes under a session. All it sees goes into a history.
 */
import { sleep } from '@ds/clock';
import type { History, NodeEnvironment, VersionedInput, VersionedOutput } from '@ds/sim';
import { type Requests, TransportError } from '@ds/transport';
import { ClientSession } from '../../src/client-session.ts';
import { type DoorRequest, openRequests, type Tag } from './client-door.ts';

export interface SimClientOptions {
  readonly environment: NodeEnvironment;
  readonly servers: readonly string[];
  readonly keys: number;
  readonly thinkMs: number;
  readonly patienceMs: number;
  readonly valueBytes: number;
  readonly history: History<VersionedInput, VersionedOutput>;
}

const ATTEMPT_MS = 700;
/** Each open outcome doubles what the checker has to consider, so a client leaves few. */
const MAX_OPEN_OUTCOMES = 2;
const PATIENT_MS = 20_000;

/** What a node answers when the operation surely had no effect. */
const NO_EFFECT = new Set(['KV_NO_LEADER', 'KV_TIMED_OUT', 'KV_OVERLOADED', 'KV_CLOSED']);

type Answer =
  | { readonly kind: 'answered'; readonly response: unknown }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'no-effect' }
  | { readonly kind: 'unknown' };

export class SimClient {
  readonly #options: SimClientOptions;
  readonly #requests: Requests<DoorRequest, unknown>;
  readonly #seen = new Map<string, number>();
  #session: ClientSession | undefined;
  #target = 0;
  #writes = 0;
  #openOutcomes = 0;
  stopping = false;
  done = false;
  answered = 0;

  constructor(options: SimClientOptions) {
    this.#options = options;
    this.#requests = openRequests(options.environment);
    this.#target = this.#draw(options.servers.length);
  }

  /** Works until it is told to stop. */
  async run(): Promise<void> {
    const { clock, random } = this.#options.environment;
    while (!this.stopping) {
      await sleep(clock, random() * 2 * this.#options.thinkMs);
      if (this.#session === undefined) await this.#openSession();
      else await this.#operate(this.#drawInput());
    }
    this.done = true;
  }

  /** One linearizable read of each key, for the end of a run. */
  async readAll(): Promise<void> {
    this.done = false;
    for (let i = 0; i < this.#options.keys; i += 1) {
      await this.#operate({ kind: 'get', key: keyName(i) });
    }
    this.done = true;
  }

  /** What `server` itself holds; asks until it says. */
  async dump(server: string): Promise<string> {
    for (;;) {
      const answer = await this.#attempt(server, ['dump']);
      if (answer.kind === 'answered') return JSON.stringify(answer.response);
    }
  }

  #drawInput(): VersionedInput {
    const { random } = this.#options.environment;
    const key = keyName(this.#draw(this.#options.keys));
    const version = this.#seen.get(key);
    const dice = random();
    if (dice < 0.4) return { kind: 'get', key };
    if (dice < 0.65 || version === undefined) return { kind: 'put', key, value: this.#newValue() };
    if (dice < 0.9) return { kind: 'cas', key, value: this.#newValue(), version };
    return { kind: 'delete', key, version: dice < 0.95 ? version : undefined };
  }

  /** Unique, so that a read tells which write it saw. */
  #newValue(): string {
    this.#writes += 1;
    const { environment, valueBytes } = this.#options;
    return `${environment.self}.${this.#writes}`.padEnd(this.#draw(valueBytes), '.');
  }

  async #operate(input: VersionedInput): Promise<void> {
    const { environment, history } = this.#options;
    const session = this.#session;
    const sequence = input.kind === 'get' ? undefined : session!.take();
    const tag = sequence === undefined ? NO_TAG : tagOf(session!, sequence);
    const call = history.call(input, environment.self);
    const answer = await this.#untilAnswered(requestOf(input, tag));
    if (sequence !== undefined) session!.settle(sequence);
    if (answer.kind === 'unknown') this.#openOutcomes += 1;
    if (answer.kind === 'no-effect') call.hadNoEffect();
    else if (answer.kind === 'conflict') call.returned({ ok: false });
    else if (answer.kind === 'answered') {
      this.answered += 1;
      const output = outputOf(input, answer.response);
      if (output.version !== undefined) this.#seen.set(input.key, output.version);
      call.returned(output);
    }
  }

  async #openSession(): Promise<void> {
    const answer = await this.#untilAnswered(['session']);
    if (answer.kind === 'answered') this.#session = new ClientSession(answer.response as number);
  }

  async #untilAnswered(request: DoorRequest): Promise<Answer> {
    const { environment, servers } = this.#options;
    const { clock, random } = environment;
    const isImpatient = this.#openOutcomes < MAX_OPEN_OUTCOMES;
    const patienceMs = isImpatient ? this.#options.patienceMs : PATIENT_MS;
    const endsMs = clock.monotonic() + patienceMs;
    let noEffect = true;
    while (clock.monotonic() < endsMs) {
      const answer = await this.#attempt(servers[this.#target]!, request);
      if (answer.kind === 'answered') return answer;
      // A conflict is the outcome only of what was judged once: with a session a retry hears the
      // first judgement again.
      if (answer.kind === 'conflict') return answer;
      noEffect &&= answer.kind === 'no-effect';
      this.#target = this.#draw(servers.length);
      await sleep(clock, random() * 60);
    }
    return { kind: noEffect && request[0] !== 'get' ? 'no-effect' : 'unknown' };
  }

  async #attempt(server: string, request: DoorRequest): Promise<Answer> {
    try {
      const response = await this.#requests.request(server, request, { timeoutMs: ATTEMPT_MS });
      return { kind: 'answered', response };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { code, remoteCode = '' } = error;
      if (code === 'REQUEST_FAILED' && remoteCode === 'KV_CONFLICT') return { kind: 'conflict' };
      if (code === 'REQUEST_FAILED') {
        return { kind: NO_EFFECT.has(remoteCode) ? 'no-effect' : 'unknown' };
      }
      const notSent = code === 'REQUEST_UNREACHABLE' || code === 'REQUEST_SATURATED';
      return { kind: notSent || code === 'REQUEST_REFUSED' ? 'no-effect' : 'unknown' };
    }
  }

  #draw(choices: number): number {
    return Math.floor(this.#options.environment.random() * choices);
  }
}

const NO_TAG: Tag = [0, 0, 0];

function tagOf(session: ClientSession, sequence: number): Tag {
  const { acknowledged } = session.tag(sequence);
  return [session.id, sequence, acknowledged];
}

function requestOf(input: VersionedInput, tag: Tag): DoorRequest {
  switch (input.kind) {
    case 'get':
      return ['get', input.key];
    case 'put':
      return ['put', input.key, input.value, null, tag];
    case 'cas':
      return ['put', input.key, input.value, input.version, tag];
    case 'delete':
      return ['delete', input.key, input.version ?? null, tag];
  }
}

function outputOf(input: VersionedInput, response: unknown): VersionedOutput {
  switch (input.kind) {
    case 'get': {
      const found = response as readonly [string, number] | null;
      return found === null ? {} : { value: found[0], version: found[1] };
    }
    case 'put':
      return { version: response as number };
    case 'cas':
      return { ok: true, version: response as number };
    case 'delete':
      return input.version === undefined ? {} : { ok: true };
  }
}

function keyName(i: number): string {
  return `key-${i}`;
}
