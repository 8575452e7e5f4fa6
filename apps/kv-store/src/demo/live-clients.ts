/**
 * Clients at work while everything else happens: each puts one key at a time, waits for the
 * acknowledgement (so for a disk sync on a majority), and reads the key back linearizably.
 *
 * Every client owns its keys, and the values it writes to a key only grow. So it knows what a
 * linearizable read must return (its last acknowledged value, or a later one), and so what any node
 * must hold once it has caught up.
 */
import type { Meter } from './meter.ts';
import type { Load } from './state.ts';
import type { Store } from './store.ts';
import { wait } from './wait.ts';

const KEYS_PER_CLIENT = 50;
const CLIENTS: Record<Load, number> = { off: 0, light: 4, heavy: 64 };
const PAUSE_MS: Record<Load, number> = { off: 0, light: 25, heavy: 0 };
const PAUSE_AFTER_ERROR_MS = 100;

export interface LiveClientsOptions {
  /** The keys' prefix, of this run alone: an earlier run's values would pass for later ones. */
  readonly prefix: string;
  readonly open: (client: number) => Store;
  readonly meter: Meter;
  readonly onError: (error: unknown) => void;
}

export class LiveClients {
  readonly #options: LiveClientsOptions;
  readonly #acknowledged = new Map<string, number>();
  readonly #stores: Store[] = [];
  readonly #counters: number[] = [];
  #load: Load = 'off';
  #running: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;
  #staleReads = 0;

  constructor(options: LiveClientsOptions) {
    this.#options = options;
  }

  get prefix(): string {
    return this.#options.prefix;
  }

  get load(): Load {
    return this.#load;
  }

  /** Linearizable reads older than the client's own last acknowledged write: must stay 0. */
  get staleReads(): number {
    return this.#staleReads;
  }

  get retries(): number {
    return this.#stores.reduce((sum, store) => sum + store.retries, 0);
  }

  get stores(): readonly Store[] {
    return this.#stores;
  }

  /** Key to the last value acknowledged for it. */
  acknowledged(): ReadonlyMap<string, number> {
    return new Map(this.#acknowledged);
  }

  async setLoad(load: Load): Promise<void> {
    if (load === this.#load) return;
    this.#load = load;
    await this.#stop();
    if (this.#load !== load || CLIENTS[load] === 0) return;
    const stop = new AbortController();
    const clients = Array.from({ length: CLIENTS[load] }, (_, client) =>
      this.#work(client, PAUSE_MS[load], stop.signal),
    );
    this.#running = { stop, ended: Promise.all(clients) };
  }

  async close(): Promise<void> {
    this.#load = 'off';
    await this.#stop();
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.stop.abort(new DOMException('the live clients were stopped', 'AbortError'));
    await running?.ended;
  }

  async #work(client: number, pauseMs: number, signal: AbortSignal): Promise<void> {
    const store = (this.#stores[client] ??= this.#options.open(client));
    while (!signal.aborted) {
      try {
        const turn = (this.#counters[client] = (this.#counters[client] ?? 0) + 1);
        await this.#turn(
          store,
          `${this.#options.prefix}${client}/${turn % KEYS_PER_CLIENT}`,
          turn,
          signal,
        );
        if (pauseMs > 0) await wait(pauseMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError(error);
        await wait(PAUSE_AFTER_ERROR_MS, signal).catch(() => {});
      }
    }
  }

  async #turn(store: Store, key: string, value: number, signal: AbortSignal): Promise<void> {
    const { meter } = this.#options;
    const sentAtMs = meter.now();
    await store.put(key, String(value), signal);
    this.#acknowledged.set(key, value);
    meter.put(sentAtMs);
    // The key just written, and one written a while ago.
    const earlier = `${key.slice(0, key.lastIndexOf('/'))}/${(value + 1) % KEYS_PER_CLIENT}`;
    for (const each of [key, earlier]) {
      const expected = this.#acknowledged.get(each);
      if (expected === undefined) continue;
      const read = await store.get(each, signal);
      meter.read();
      // Not equal: a put that was interrupted may have come through since.
      if (!(Number(read) >= expected)) this.#staleReads += 1;
    }
  }
}
