/**
 * For how long nobody can write when the leader is killed without warning, at default settings:
 * from the SIGKILL to the first answer to a put that was sent after the process was gone.
 *
 * A put goes to each of the two others every few milliseconds, whether or not the ones before were
 * answered: a store may hold one for seconds that it has forwarded to the dead leader. Whichever is
 * answered well first ends the gap. Then the killed node comes back and catches up, and the next
 * leader is killed.
 */
import { setMaxListeners } from 'node:events';
import { Connection } from './connection.ts';
import { percentiles, untilLed } from './load.ts';
import { keyName, type Store } from './store.ts';

const KILLS = 10;
const RETRY_MS = 5;
const PUT_EVERY_MS = 20;
const NEVER: AbortSignal = new AbortController().signal;
/** Between a node's return and the next kill: longer than either store takes to make it whole. */
const CALM_MS = 1_500;

export async function writeGap(store: Store): Promise<{ p50Ms: number; p99Ms: number }> {
  const gapsMs: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const leader = await untilLed(store);
    const others = store.native.ports.filter((_, place) => place !== leader);
    const killedMs = performance.now();
    await store.servers.kill(leader);
    gapsMs.push((await firstAnswer(store, others)) - killedMs);
    store.servers.restart(leader);
    await putUntilAnswered(store, store.native.ports[leader]!);
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  }
  return percentiles(gapsMs);
}

/** Resolves with when the first of many puts was answered well. */
async function firstAnswer(store: Store, ports: readonly number[]): Promise<number> {
  const over = new AbortController();
  // Of each put that is under way; Node warns of more than ten.
  setMaxListeners(0, over.signal);
  let answeredMs: number | undefined;
  while (answeredMs === undefined) {
    for (const port of ports) {
      void putOnce(store, port, over.signal).then((isDone) => {
        if (isDone) answeredMs ??= performance.now();
      });
    }
    store.servers.check();
    await new Promise((resolve) => setTimeout(resolve, PUT_EVERY_MS));
  }
  over.abort();
  return answeredMs;
}

/** Resolves when a put at `port` has been answered well. */
export async function putUntilAnswered(store: Store, port: number): Promise<void> {
  while (!(await putOnce(store, port, NEVER))) {
    store.servers.check();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Whether a put at `port` was answered well; not when `signal` is aborted before that. */
async function putOnce({ native }: Store, port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const connection = await Connection.open(port, native.protocol());
    const end = (): void => connection.destroy();
    signal.addEventListener('abort', end, { once: true });
    try {
      if (signal.aborted) return false;
      await connection.ask(native.put(keyName(0)));
      return true;
    } finally {
      signal.removeEventListener('abort', end);
      connection.close();
    }
  } catch {
    // No leader yet, or the node is still starting: what is measured is when that is over.
    return false;
  }
}
