/**
 * A toy protocol: one register on several replicas, read and written through majorities
 * (Attiya, Bar-Noy and Dolev, 1995). Its decisions are methods, so that a test can plant a bug by
 * replacing one.
 */
import type { Call, History, NodeEnvironment, RegisterInput, RegisterOutput } from '@ds/sim';
import { crc32, type File } from '@ds/storage';
import type { Channel, NodeId } from '@ds/transport';

/** A value and when it was written: larger stamps are newer, and no two writes share one. */
export interface Stamped {
  readonly stamp: number;
  readonly value: number;
}

type Message =
  | { readonly kind: 'query'; readonly phase: number }
  | { readonly kind: 'state'; readonly phase: number; readonly state: Stamped }
  | { readonly kind: 'store'; readonly phase: number; readonly state: Stamped }
  | { readonly kind: 'stored'; readonly phase: number };

const RECORD_BYTES = 12;
const NOTHING: Stamped = { stamp: 0, value: 0 };

function openChannel({ transport }: NodeEnvironment): Channel<Message> {
  return transport.channel('register', (plain) => {
    const message = plain as Message;
    if (!Number.isSafeInteger(message.phase)) throw new TypeError('a message has a phase');
    return message;
  });
}

/** Keeps the newest state it has heard of, on disk before it says so. */
export class Replica {
  readonly #channel: Channel<Message>;
  readonly #file: File;
  #end: number;
  #state: Stamped;

  static async open(environment: NodeEnvironment): Promise<Replica> {
    const file = environment.fileSystem.open('register', { mode: 'write' });
    await environment.fileSystem.syncDirectory('/');
    return new this(environment, file);
  }

  constructor(environment: NodeEnvironment, file: File) {
    this.#file = file;
    this.#state = readNewest(file);
    this.#end = Math.ceil(file.size() / RECORD_BYTES) * RECORD_BYTES;
    this.#channel = openChannel(environment);
    this.#channel.onMessage((from, message) => {
      if (message.kind === 'query') {
        this.#channel.send(from, { kind: 'state', phase: message.phase, state: this.#state });
      } else if (message.kind === 'store') return this.#store(from, message);
    });
  }

  /** When a state may be acknowledged. */
  protected async persist(file: File): Promise<void> {
    await file.datasync();
  }

  /** Whether `next` replaces `current`. */
  protected accepts(current: Stamped, next: Stamped): boolean {
    return next.stamp > current.stamp;
  }

  async #store(from: NodeId, { phase, state }: { phase: number; state: Stamped }): Promise<void> {
    if (this.accepts(this.#state, state)) {
      this.#state = state;
      this.#file.write(this.#end, encode(state));
      this.#end += RECORD_BYTES;
    }
    // Also an older state waits: the newer one it bows to may not be on disk yet.
    await this.persist(this.#file);
    this.#channel.send(from, { kind: 'stored', phase });
  }
}

/** Reads and writes at random, and writes down what it was told. */
export class Client {
  /** Operations that were answered. */
  completed = 0;
  readonly #environment: NodeEnvironment;
  readonly #channel: Channel<Message>;
  readonly #replicas: readonly NodeId[];
  readonly #history: History<RegisterInput, RegisterOutput>;
  readonly #index: number;
  #phase = 0;
  #answers = new Map<NodeId, Stamped>();
  #enough: (() => void) | undefined;
  #stopped = false;

  constructor(
    environment: NodeEnvironment,
    replicas: readonly NodeId[],
    history: History<RegisterInput, RegisterOutput>,
    index: number,
  ) {
    this.#environment = environment;
    this.#replicas = replicas;
    this.#history = history;
    this.#index = index;
    this.#channel = openChannel(environment);
    this.#channel.onMessage((from, message) => {
      if (message.phase !== this.#phase) return;
      if (message.kind === 'state') this.#answers.set(from, message.state);
      else if (message.kind === 'stored') this.#answers.set(from, NOTHING);
      if (this.#answers.size >= this.quorum(replicas.length)) this.#enough?.();
    });
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** How many replicas have to answer. */
  protected quorum(replicas: number): number {
    return Math.floor(replicas / 2) + 1;
  }

  /** Whether a read makes sure that what it saw stays. */
  protected writesBack(): boolean {
    return true;
  }

  /** The stamp of a write that follows `newest`. */
  protected stampAfter(newest: Stamped, index: number): number {
    return (Math.floor(newest.stamp / 16) + 1) * 16 + index;
  }

  async #run(): Promise<void> {
    const { random } = this.#environment;
    for (let n = 1; !this.#stopped; n += 1) {
      await this.#sleep(-15 * Math.log(1 - random()));
      if (random() < 0.5) await this.#read();
      else await this.#write(n * 16 + this.#index);
      this.completed += 1;
    }
  }

  async #read(): Promise<void> {
    const call = this.#history.call({ kind: 'read' }, this.#environment.self);
    const newest = await this.#newest();
    if (this.writesBack()) await this.#ask({ kind: 'store', phase: 0, state: newest });
    call.returned({ value: newest.value });
  }

  async #write(value: number): Promise<void> {
    const call: Call<RegisterOutput> = this.#history.call(
      { kind: 'write', value },
      this.#environment.self,
    );
    const stamp = this.stampAfter(await this.#newest(), this.#index);
    await this.#ask({ kind: 'store', phase: 0, state: { stamp, value } });
    call.returned({});
  }

  async #newest(): Promise<Stamped> {
    const states = await this.#ask({ kind: 'query', phase: 0 });
    return states.reduce((a, b) => (b.stamp > a.stamp ? b : a), NOTHING);
  }

  /** Asks all replicas, again and again, until enough have answered. */
  async #ask(question: Message): Promise<Stamped[]> {
    this.#phase += 1;
    this.#answers = new Map();
    const enough = new Promise<void>((resolve) => (this.#enough = resolve));
    let done = false;
    const askAgain = (): void => {
      if (done) return;
      for (const replica of this.#replicas) {
        if (this.#answers.has(replica)) continue;
        this.#channel.send(replica, { ...question, phase: this.#phase });
      }
      this.#environment.clock.setTimer(40, askAgain);
    };
    askAgain();
    await enough;
    done = true;
    return [...this.#answers.values()];
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#environment.clock.setTimer(delayMs, resolve));
  }
}

function encode({ stamp, value }: Stamped): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES);
  const view = new DataView(record.buffer);
  view.setUint32(0, stamp);
  view.setUint32(4, value);
  view.setUint32(8, crc32(record, 0, 8));
  return record;
}

/** The newest whole record; torn and lost ones are passed over. */
function readNewest(file: File): Stamped {
  const record = new Uint8Array(RECORD_BYTES);
  const view = new DataView(record.buffer);
  let newest = NOTHING;
  for (let at = 0; file.read(at, record) === RECORD_BYTES; at += RECORD_BYTES) {
    if (view.getUint32(8) !== crc32(record, 0, 8)) continue;
    const state = { stamp: view.getUint32(0), value: view.getUint32(4) };
    if (state.stamp > newest.stamp) newest = state;
  }
  return newest;
}
