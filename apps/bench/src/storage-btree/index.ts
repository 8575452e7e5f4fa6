/**
 * The B+tree beside LMDB (lmdb), each with its defaults and its fastest way to do a thing, and
 * beside our own LSM tree: which of the two to take is what users ask.
 *
 * `--engines` compares our two engines alone, at `--records`.
 * The programs are those of the LSM tree's bench, and so are the workloads. CPU is that of all
 * threads of the process, which on a shared machine says more than wall time.
 */
import type { Bench, Measure } from '../bench.ts';
import { COUNTED_PUTS } from '../storage-lsm/workload.ts';
import { engines } from './engines.ts';

const LMDB = 'lmdb';

function cost(name: string, target?: Measure['target']): Measure {
  const measure = { name: `${name}, CPU`, unit: 'us/op', better: 'lower', against: LMDB } as const;
  return target ? { ...measure, target } : measure;
}

function rate(name: string, target: Measure['target']): Measure {
  const measure = { name, unit: 'thousand/s', better: 'higher', against: LMDB } as const;
  return target ? { ...measure, target } : measure;
}

export const bench: Bench = {
  package: 'storage-btree',
  ours: 'ours',
  peers: [LMDB, 'storage-lsm'],
  settings: { records: '1000000' },
  measures: [
    cost('a. sequential load', 'ratio >= 1'),
    rate('a. sequential load', 'ratio >= 1'),
    cost('b. random load', 'ratio >= 2'),
    rate('b. random load', 'ratio >= 2'),
    // LMDB maps its file: what the system has in memory is cached, whatever the engine is given.
    cost('c. get, hit, cached', 'ratio >= 0.7'),
    cost('c. get, miss, cached', 'ratio >= 1'),
    cost('c. get, hit'),
    cost('c. get, miss'),
    cost('d. scan, copies', 'ratio >= 1'),
    cost('d. scan, views', 'ratio >= 3'),
    rate('e. durable puts, 1 writer', 'ratio >= 1.3'),
    {
      ...{ name: 'e. durable puts, 1 writer, of a raw write and datasync', unit: 'x' },
      ...{ better: 'higher', target: 'ours >= 0.9', against: LMDB },
    },
    rate('e. durable puts, 64 writers', 'ratio >= 1'),
    cost('e. durable puts, 64 writers'),
    { name: 'f. size after a sequential load', unit: 'x the data', better: 'lower' },
    {
      ...{ name: 'f. size after a random load', unit: 'x the data', better: 'lower' },
      // At most 0.7 times the size of the peer's file.
      ...{ target: 'ratio >= 1.428', against: LMDB },
    },
    {
      ...{ name: 'g. peak of memory', unit: 'MB', better: 'lower' },
      // At most 0.4 times the peer's.
      ...{ target: 'ratio >= 2.5', against: LMDB },
    },
  ],
  syncs: {
    measure: {
      ...{ name: 'e. syncs per put, 64 writers', unit: 'syncs', better: 'lower' },
      ...{ target: 'ours <= 0.02', against: LMDB },
    },
    arguments: ['--only=writers'],
    operations: COUNTED_PUTS,
  },
  instead: { engines },
};
