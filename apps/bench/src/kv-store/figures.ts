/** The figures that index.ts declares, of either store, in the order in which they are measured. */
import type { Measurements } from '../contender.ts';
import { CLIENTS, figuresOf } from './load.ts';
import type { Interface, Store } from './store.ts';
import { writeGap } from './write-gap.ts';

/**
 * `leased` answers reads by lease where the store has that, else it is `store` again. It is paused
 * and stays so but for its own turn.
 */
export function figures(store: Store, leased: Store): Measurements {
  const isOther = leased !== store;
  return {
    ...loads('puts', store, store.native, 'put'),
    ...loads('linearizable reads', store, store.native, 'get'),
    ...turned(loads('reads by lease', leased, leased.native, 'get'), {
      before: async () => {
        if (isOther) store.servers.pause();
        await leased.servers.resume();
      },
      after: async () => {
        if (isOther) leased.servers.pause();
        await store.servers.resume();
      },
    }),
    ...loads('puts over HTTP', store, store.http, 'put'),
    ...loads('linearizable reads over HTTP', store, store.http, 'get'),
    ...writeGaps(store),
  };
}

/** The measurements, with something done before the first and after the last of them. */
function turned(
  measurements: Measurements,
  { before, after }: { before(): Promise<void>; after(): Promise<void> },
): Measurements {
  const names = Object.keys(measurements);
  let runs = 0;
  const wrapped = Object.entries(measurements).map(([name, measure]) => [
    name,
    async (durationMs: number): Promise<number> => {
      if (runs === 0) await before();
      const figure = await measure(durationMs);
      runs += 1;
      // Each is measured twice, the first time for nothing.
      if (runs === names.length * 2) await after();
      return figure;
    },
  ]);
  return Object.fromEntries(wrapped);
}

export function named(what: string, clients: number): string {
  return `${what}, ${clients === 1 ? '1 client' : `${clients} clients`}`;
}

function loads(what: string, store: Store, via: Interface, kind: 'put' | 'get'): Measurements {
  return Object.assign(
    {},
    ...CLIENTS.map((clients) => {
      const name = named(what, clients);
      const load = { store, via, clients, request: via[kind] };
      return figuresOf(load, {
        [name]: 'perSecond',
        [`${name}: p50`]: 'p50Ms',
        [`${name}: p99`]: 'p99Ms',
        [`${name}: server CPU`]: 'serverCpuUs',
        [`${name}: client CPU`]: 'clientCpuUs',
      });
    }),
  );
}

/** Measured once, and not in the warm-up as well: every kill takes seconds. */
function writeGaps(store: Store): Measurements {
  let measured: ReturnType<typeof writeGap> | undefined;
  const gap = (): ReturnType<typeof writeGap> => (measured ??= writeGap(store));
  return {
    'write gap after SIGKILL of the leader: p50': async () => (await gap()).p50Ms,
    'write gap after SIGKILL of the leader: p99': async () => (await gap()).p99Ms,
  };
}
