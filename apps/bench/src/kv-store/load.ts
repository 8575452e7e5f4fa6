/**
 * The same load on either store: each client is one connection that sends its next request when the
 * last one is answered, spread over the three nodes.
 *
 * Requests are bytes made beforehand and answers are read only as far as their end, so that the two
 * cores go to the servers. Cost: one write and one read per request.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Measurements } from '../contender.ts';

export const VALUE: Buffer = Buffer.alloc(256, 'x');
const KEYS = 10_000;
/** Linux counts a process's time in hundredths of a second. */
const TICK_US = 10_000;

export interface Store {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  put(key: string): Buffer;
  get(key: string): Buffer;
}

/** The figures that index.ts declares. */
export function measurements(store: Store): Measurements {
  const figures: Record<string, (durationMs: number) => Promise<number>> = {};
  const put = (i: number): Buffer => store.put(`key-${i % KEYS}`);
  const get = (i: number): Buffer => store.get(`key-${i % KEYS}`);
  for (const clients of [1, 64, 256]) {
    const name = clients === 1 ? '1 client' : `${clients} clients`;
    figures[`puts, ${name}`] = (durationMs) => perSecond(store, clients, durationMs, put);
    figures[`linearizable reads, ${name}`] = (durationMs) =>
      perSecond(store, clients, durationMs, get);
    figures[`server CPU per put, ${name}`] = async (durationMs) => {
      const before = cpuUs(store.pids);
      const { done } = await closedLoop(store.ports, clients, durationMs * 2, put);
      return (cpuUs(store.pids) - before) / done;
    };
  }
  return figures;
}

async function perSecond(
  { ports }: Store,
  clients: number,
  durationMs: number,
  request: (i: number) => Buffer,
): Promise<number> {
  const { done, elapsedMs } = await closedLoop(ports, clients, durationMs, request);
  return (done * 1_000) / elapsedMs;
}

async function closedLoop(
  ports: readonly number[],
  clients: number,
  durationMs: number,
  request: (i: number) => Buffer,
): Promise<{ done: number; elapsedMs: number }> {
  const connections = await Promise.all(
    Array.from({ length: clients }, (_, i) => Connection.open(ports[i % ports.length]!)),
  );
  const startMs = performance.now();
  let done = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() - startMs < durationMs) {
        await connection.send(request(done));
        done += 1;
      }
    }),
  );
  const elapsedMs = performance.now() - startMs;
  for (const connection of connections) connection.close();
  return { done, elapsedMs };
}

/** One connection with one request under way. */
export class Connection {
  readonly #socket: Socket;
  #answer = '';
  #resolve: ((status: number) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => this.#reject?.(error));
    socket.on('close', () => this.#reject?.(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  /** Rejects for an answer that is an error: a bench of errors would be fast. */
  async send(request: Buffer): Promise<void> {
    const status = await this.ask(request);
    if (status >= 300) throw new Error(`a request was answered with ${status}`);
  }

  ask(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#reject = undefined;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#answer += text;
    const status = statusOf(this.#answer);
    if (status === undefined) return;
    this.#answer = '';
    this.#resolve?.(status);
  }
}

/** The status of a whole answer, `undefined` while a part of it is missing. */
function statusOf(answer: string): number | undefined {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const status = Number(answer.slice(9, 12));
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head + 2));
  if (length !== null) return answer.length >= head + 4 + Number(length[1]) ? status : undefined;
  const isChunked = /\r\ntransfer-encoding: chunked/i.test(answer.slice(0, head + 2));
  return !isChunked || answer.endsWith('0\r\n\r\n') ? status : undefined;
}

/** The time that these processes have spent in user and kernel mode. */
function cpuUs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * TICK_US;
}
