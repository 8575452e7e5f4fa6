/**
 * A small key-value service on top of a member, and clients that retry until they are answered:
 * what a user would build, as short as it can be. Appends make a command that is applied twice, or
 * lost, visible to every later read.
 */
import { sleep } from '@ds/clock';
import type { History, KeyValueInput, KeyValueOutput, NodeEnvironment } from '@ds/sim';
import { Requests, TransportError } from '@ds/transport';
import type { RaftNode, SessionTag, StoreMachine, Transaction } from '../../src/index.ts';

/** ['register'], ['get', key], or ['write', input, tag]; the answer is JSON or a session's id. */
type Ask = readonly unknown[];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The machine's function: one input in JSON, its output in JSON. */
export function applyCommand(transaction: Transaction, command: Uint8Array): Uint8Array {
  const input = JSON.parse(decoder.decode(command)) as KeyValueInput;
  const key = encoder.encode(input.key);
  const bytes = transaction.get(key);
  const current = bytes === undefined ? undefined : decoder.decode(bytes);
  let output: KeyValueOutput = {};
  if (input.kind === 'get') output = { value: current };
  if (input.kind === 'put') transaction.put(key, encoder.encode(input.value));
  if (input.kind === 'delete') transaction.delete(key);
  if (input.kind === 'append') transaction.put(key, encoder.encode((current ?? '') + input.value));
  if (input.kind === 'cas') {
    output = { ok: current === input.from };
    if (output.ok) transaction.put(key, encoder.encode(input.to));
  }
  return encoder.encode(JSON.stringify(output));
}

function channel(environment: NodeEnvironment): Requests<Ask, unknown> {
  return new Requests<Ask, unknown>({
    transport: environment.transport,
    clock: environment.clock,
    random: environment.random,
    name: 'kv',
    decodeRequest: (plain) => plain as Ask,
    decodeResponse: (plain) => plain,
  });
}

/** Serves clients with one member and its machine. */
export function serve(environment: NodeEnvironment, node: RaftNode, machine: StoreMachine): void {
  channel(environment).serve(async (_from, [kind, what, tag], { signal }) => {
    if (kind === 'register') return node.registerSession({ signal });
    if (kind === 'write') {
      const command = encoder.encode(what as string);
      const options = { tag: tag as SessionTag, signal };
      return decoder.decode(await node.propose(command, options));
    }
    await node.readIndex({ signal });
    const bytes = machine.get(encoder.encode(what as string));
    return JSON.stringify({ value: bytes === undefined ? undefined : decoder.decode(bytes) });
  });
}

/** One client with one operation at a time, which it repeats until it knows the outcome. */
export class KvClient {
  completed = 0;
  readonly #environment: NodeEnvironment;
  readonly #requests: Requests<Ask, unknown>;
  readonly #replicas: readonly string[];
  readonly #history: History<KeyValueInput, KeyValueOutput>;
  #leader: string | undefined;
  #session = 0;
  #sequence = 0;

  constructor(
    environment: NodeEnvironment,
    replicas: readonly string[],
    history: History<KeyValueInput, KeyValueOutput>,
  ) {
    this.#environment = environment;
    this.#replicas = replicas;
    this.#history = history;
    this.#requests = channel(environment);
    void this.#run();
  }

  async #run(): Promise<never> {
    for (;;) {
      await this.#operate(this.#draw());
      this.completed += 1;
      await sleep(this.#environment.clock, this.#environment.random() * 30);
    }
  }

  #draw(): KeyValueInput {
    const { random, self } = this.#environment;
    const key = `k${Math.floor(random() * 3)}`;
    const kind = random();
    if (kind < 0.45) return { kind: 'get', key };
    if (kind < 0.85) return { kind: 'append', key, value: `${self}.${this.completed} ` };
    if (kind < 0.95) return { kind: 'cas', key, from: undefined, to: `${self}.${this.completed} ` };
    return { kind: 'delete', key };
  }

  async #operate(input: KeyValueInput): Promise<void> {
    if (input.kind !== 'get' && this.#session === 0) await this.#register();
    const call = this.#history.call(input, this.#environment.self);
    const acknowledged = this.#sequence;
    if (input.kind !== 'get') this.#sequence += 1;
    const tag = { session: this.#session, sequence: this.#sequence, acknowledged };
    const ask = input.kind === 'get' ? ['get', input.key] : ['write', JSON.stringify(input), tag];
    const answer = await this.#ask(ask);
    if (answer === undefined) {
      // The session was forgotten: whether the command was applied before that, nobody knows.
      this.#session = 0;
      this.#sequence = 0;
      return;
    }
    call.returned(JSON.parse(answer as string) as KeyValueOutput);
  }

  async #register(): Promise<void> {
    this.#session = (await this.#ask(['register'])) as number;
  }

  /** Asks member after member until one answers; `undefined` when the session has expired. */
  async #ask(ask: Ask): Promise<unknown> {
    const { random, clock } = this.#environment;
    for (;;) {
      const anyone = this.#replicas[Math.floor(random() * this.#replicas.length)]!;
      // Reads go anywhere: followers serve them, too.
      const to = ask[0] === 'get' && random() < 0.5 ? anyone : (this.#leader ?? anyone);
      try {
        const answer = await this.#requests.request(to, ask, { timeoutMs: 100 + random() * 400 });
        if (ask[0] !== 'get') this.#leader = to;
        return answer;
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        if (error.remoteCode === 'RAFT_SESSION_EXPIRED') return undefined;
        this.#leader = undefined;
        await sleep(clock, 5 + random() * 20);
      }
    }
  }
}
