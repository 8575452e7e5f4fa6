/** The figures that index.ts declares, of either store, in the order in which they are measured. */
import type { Measurements } from '../contender.ts';
import { CLIENTS, figuresOf } from './load.ts';
import type { Interface, Store } from './store.ts';
import { writeGap } from './write-gap.ts';

/** `leased` answers reads by lease where the store has that, else it is `store` again. */
export function figures(store: Store, leased: Store): Measurements {
  return {
    ...loads('puts', store, store.native, 'put'),
    ...loads('linearizable reads', store, store.native, 'get'),
    ...loads('reads by lease', leased, leased.native, 'get'),
    ...loads('puts over HTTP', store, store.http, 'put'),
    ...loads('linearizable reads over HTTP', store, store.http, 'get'),
    ...writeGaps(store),
  };
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
