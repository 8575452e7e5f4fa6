/**
 * The whole store as three processes with fsync on, beside etcd as three processes with fsync on,
 * each over the protocol it is made for, driven by clients that cost the same; and both over HTTP.
 *
 * etcd is measured when it is on the PATH (Debian: `apt install etcd-server`). It keeps every
 * version of every key, which we do not: apps/kv-store/README.md says what else it does.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Bench, Measure, Target } from '../bench.ts';
import { named } from './figures.ts';
import { CLIENTS } from './load.ts';

export const bench: Bench = {
  package: 'kv-store',
  ours: 'ours',
  peers: isOnPath('etcd') ? ['etcd'] : [],
  measures: [
    ...CLIENTS.flatMap((clients) =>
      loadMeasures('puts', clients, {
        perSecond: clients === 1 ? 'ratio >= 1.2' : 'ratio >= 2',
        p99: 'ratio >= 1',
        serverCpu: 'ratio >= 2',
      }),
    ),
    ...CLIENTS.flatMap((clients) =>
      loadMeasures('linearizable reads', clients, { perSecond: 'ratio >= 3' }),
    ),
    ...CLIENTS.flatMap((clients) =>
      loadMeasures('reads by lease', clients, { perSecond: 'ratio >= 3' }),
    ),
    ...CLIENTS.flatMap((clients) => loadMeasures('puts over HTTP', clients, {})),
    ...CLIENTS.flatMap((clients) => loadMeasures('linearizable reads over HTTP', clients, {})),
    gapMeasure('p50'),
    gapMeasure('p99'),
  ],
};

interface LoadTargets {
  readonly perSecond?: Target;
  readonly p99?: Target;
  readonly serverCpu?: Target;
}

function loadMeasures(what: string, clients: number, targets: LoadTargets): Measure[] {
  const name = named(what, clients);
  const lower = { better: 'lower' } as const;
  return [
    { name, unit: '/s', better: 'higher', ...aim(targets.perSecond) },
    { name: `${name}: p50`, unit: 'ms', ...lower },
    { name: `${name}: p99`, unit: 'ms', ...lower, ...aim(targets.p99) },
    { name: `${name}: server CPU`, unit: 'us', ...lower, ...aim(targets.serverCpu) },
    { name: `${name}: client CPU`, unit: 'us', ...lower },
  ];
}

function gapMeasure(rank: 'p50' | 'p99'): Measure {
  return { name: `write gap after SIGKILL of the leader: ${rank}`, unit: 'ms', better: 'lower' };
}

function aim(target: Target | undefined): { target?: Target } {
  return target === undefined ? {} : { target };
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
