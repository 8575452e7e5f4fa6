/**
 * A client as a program has it: the binary client itself, one operation after the other. All it
 * sees goes into a history.
 */
import { sleep } from '@ds/clock';
import type { History, NodeEnvironment, VersionedInput, VersionedOutput } from '@ds/sim';
import { BinaryClient, type Condition, KvError } from '../../src/binary/client.ts';

export interface SimClientOptions {
  readonly environment: NodeEnvironment;
  readonly servers: readonly string[];
  readonly keys: number;
  readonly thinkMs: number;
  readonly reads: number;
  readonly patienceMs: number;
  /** When it asks another server: one client soon, another after long. */
  readonly attemptMs: { readonly min: number; readonly max: number };
  readonly valueBytes: number;
  readonly history: History<VersionedInput, VersionedOutput>;
}

/** Each open outcome doubles what the checker has to consider, so a client leaves few. */
const MAX_OPEN_OUTCOMES = 2;
const PATIENT_MS = 20_000;

export class SimClient {
  readonly #options: SimClientOptions;
  readonly #seen = new Map<string, number>();
  readonly #attemptMs: number;
  #client: BinaryClient;
  #earlierRetries = 0;
  #writes = 0;
  #openOutcomes = 0;
  stopping = false;
  done = false;
  answered = 0;

  constructor(options: SimClientOptions) {
    this.#options = options;
    const { min, max } = options.attemptMs;
    this.#attemptMs = min + options.environment.random() * (max - min);
    this.#client = this.#open(options.patienceMs);
  }

  /** Requests that were sent again. */
  get retries(): number {
    return this.#earlierRetries + this.#client.retries;
  }

  /** Works until it is told to stop. */
  async run(): Promise<void> {
    const { clock, random } = this.#options.environment;
    while (!this.stopping) {
      await sleep(clock, random() * 2 * this.#options.thinkMs);
      await this.#operate(this.#drawInput());
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

  #open(timeoutMs: number): BinaryClient {
    const { environment, servers } = this.#options;
    const { transport, clock, random } = environment;
    return new BinaryClient({
      ...{ transport, clock, random, timeoutMs },
      nodes: servers,
      attemptTimeoutMs: this.#attemptMs,
      backoff: { maxMs: 100 },
    });
  }

  #drawInput(): VersionedInput {
    const { random } = this.#options.environment;
    const key = keyName(this.#draw(this.#options.keys));
    const version = this.#seen.get(key);
    if (random() < this.#options.reads) return { kind: 'get', key };
    const dice = random();
    if (dice < 0.4 || version === undefined) return { kind: 'put', key, value: this.#newValue() };
    if (dice < 0.8) return { kind: 'cas', key, value: this.#newValue(), version };
    return { kind: 'delete', key, version: dice < 0.9 ? version : undefined };
  }

  /** Unique, so that a read tells which write it saw. */
  #newValue(): string {
    this.#writes += 1;
    const { environment, valueBytes } = this.#options;
    return `${environment.self}.${this.#writes}`.padEnd(this.#draw(valueBytes), '.');
  }

  async #operate(input: VersionedInput): Promise<void> {
    const { environment, history } = this.#options;
    const call = history.call(input, environment.self);
    try {
      const output = await this.#perform(input);
      if (output.version !== undefined) this.#seen.set(input.key, output.version);
      call.returned(output);
      this.answered += 1;
    } catch (error) {
      if (!(error instanceof KvError)) throw error;
      if (error.code === 'KV_CONFLICT') call.returned({ ok: false });
      else if (error.code !== 'KV_UNCERTAIN' || input.kind === 'get') call.hadNoEffect();
      else await this.#leaveOpen();
    }
  }

  async #perform(input: VersionedInput): Promise<VersionedOutput> {
    const client = this.#client;
    const key = Buffer.from(input.key);
    switch (input.kind) {
      case 'get': {
        const found = await client.get(key);
        return found === undefined
          ? {}
          : { value: Buffer.from(found.value).toString(), version: found.version };
      }
      case 'put':
        return client.put(key, Buffer.from(input.value));
      case 'cas': {
        const condition = conditionOf(input.version);
        return { ok: true, ...(await client.put(key, Buffer.from(input.value), { condition })) };
      }
      case 'delete':
        await client.delete(key, { condition: conditionOf(input.version) });
        return input.version === undefined ? {} : { ok: true };
    }
  }

  /** After too many it waits for its answers, as another client of the same program. */
  async #leaveOpen(): Promise<void> {
    this.#openOutcomes += 1;
    if (this.#openOutcomes !== MAX_OPEN_OUTCOMES) return;
    this.#earlierRetries = this.#client.retries;
    await this.#client.close();
    this.#client = this.#open(PATIENT_MS);
  }

  #draw(choices: number): number {
    return Math.floor(this.#options.environment.random() * choices);
  }
}

function conditionOf(version: number | undefined): Condition | undefined {
  return version === undefined ? undefined : { type: 'version', version };
}

function keyName(i: number): string {
  return `key-${i}`;
}
