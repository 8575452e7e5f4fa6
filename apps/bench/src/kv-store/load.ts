/**
 * The same load on either store: so many clients, each with one request under way, all at the node
 * that leads, where both stores serve them at the least cost.
 *
 * One load gives several figures: the first one named after it runs it, the others tell what that
 * run saw.
 */
import type { Measurements } from '../contender.ts';
import { Connection } from './connection.ts';
import { type Interface, keyName, type Store } from './store.ts';

export const CLIENTS = [1, 64, 256] as const;

/** Of each kind of request. */
const WARM_UP_MS = 2_000;

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What three servers spent on a request. */
  readonly serverCpuUs: number;
  /** What the client's side spent on it. */
  readonly clientCpuUs: number;
}

export interface Load {
  readonly store: Store;
  readonly via: Interface;
  readonly clients: number;
  readonly request: (key: string) => Buffer;
}

/** The figures of one load, under their names. */
export function figuresOf(
  load: Load,
  names: Readonly<Record<string, keyof LoadResult>>,
): Measurements {
  let seen: LoadResult | undefined;
  const [first] = Object.keys(names);
  return Object.fromEntries(
    Object.entries(names).map(([name, figure]) => [
      name,
      async (durationMs: number) => {
        if (name === first) seen = await run(load, durationMs);
        if (seen === undefined) throw new Error(`'${name}' is told before it was measured`);
        return seen[figure];
      },
    ]),
  );
}

export async function run(
  { store, via, clients, request }: Load,
  durationMs: number,
): Promise<LoadResult> {
  const leader = await untilLed(store);
  const connections = await Promise.all(
    Array.from({ length: clients }, () => Connection.open(via.ports[leader]!, via.protocol())),
  );
  const tookMs: number[] = [];
  const serverUs = store.servers.cpuUs();
  const clientUs = process.cpuUsage();
  const startMs = performance.now();
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      let sentMs = performance.now();
      while (sentMs - startMs < durationMs) {
        await connection.ask(request(keyName(next++)));
        const nowMs = performance.now();
        tookMs.push(nowMs - sentMs);
        sentMs = nowMs;
      }
    }),
  );
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(clientUs);
  const done = tookMs.length;
  const result = {
    perSecond: (done * 1_000) / elapsedMs,
    serverCpuUs: (store.servers.cpuUs() - serverUs) / done,
    clientCpuUs: (user + system) / done,
    ...percentiles(tookMs),
  };
  for (const connection of connections) connection.close();
  store.servers.check();
  return result;
}

/**
 * Both stores have been up for a while when they are measured: a server runs for days, and its
 * first seconds, in which a virtual machine still compiles what is used, say little about them.
 */
export async function warmUp(store: Store): Promise<void> {
  for (const via of [store.native, store.http]) {
    for (const request of [via.put, via.get]) {
      await run({ store, via, clients: 64, request }, WARM_UP_MS);
    }
  }
}

/** Waits for a leader; returns its place. */
export async function untilLed(store: Store): Promise<number> {
  for (;;) {
    const leader = await store.leader();
    if (leader !== undefined) return leader;
    store.servers.check();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** By nearest rank. */
export function percentiles(values: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = Float64Array.from(values).sort();
  const at = (rank: number): number => sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)]!;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
