/**
 * The engine beside LevelDB (classic-level) and LMDB (lmdb), each with its defaults and its
 * fastest way to do a thing, and beside the bare file for one durable writer.
 *
 * CPU is that of all threads of the process, which on a shared machine says more than wall time.
 */
import type { Bench, Measure } from '../bench.ts';
import { growth } from './growth.ts';
import { COUNTED_PUTS } from './workload.ts';

const LEVEL = 'classic-level';

function cost(name: string, target?: Measure['target']): Measure {
  const measure = { name: `${name}, CPU`, unit: 'us/op', better: 'lower', against: LEVEL } as const;
  return target ? { ...measure, target } : measure;
}

function rate(name: string, target?: Measure['target']): Measure {
  const measure = { name, unit: 'thousand/s', better: 'higher', against: LEVEL } as const;
  return target ? { ...measure, target } : measure;
}

export const bench: Bench = {
  package: 'storage-lsm',
  ours: 'ours',
  peers: [LEVEL, 'lmdb'],
  settings: { records: '1000000' },
  measures: [
    cost('a. sequential load', 'ratio >= 1'),
    rate('a. sequential load', 'ratio >= 1'),
    // At most 1.2 times the cost of the peer.
    cost('b. random load', 'ratio >= 0.8333'),
    rate('b. random load', 'ratio >= 0.7'),
    cost('c. get, hit', 'ratio >= 1.8'),
    rate('c. get, hit'),
    cost('c. get, miss', 'ratio >= 4'),
    cost('d. scan, copies', 'ratio >= 3'),
    cost('d. scan, views', 'ratio >= 8'),
    rate('e. durable puts, 1 writer'),
    {
      ...{ name: 'e. durable puts, 1 writer, of a raw write and datasync', unit: 'x' },
      ...{ better: 'higher', target: 'ours >= 0.9', against: LEVEL },
    },
    rate('e. durable puts, 64 writers', 'ratio >= 4'),
    cost('e. durable puts, 64 writers', 'ours <= 10'),
    {
      ...{ name: 'f. size after a sequential load', unit: 'x the data', better: 'lower' },
      ...{ target: 'ours <= 1.1', against: LEVEL },
    },
    {
      ...{ name: 'f. size after a random load', unit: 'x the data', better: 'lower' },
      ...{ target: 'ours <= 1.1', against: LEVEL },
    },
    {
      ...{ name: 'f. size after a sequential load, compressed', unit: 'x the data' },
      ...{ better: 'lower', target: 'ratio >= 0.909', against: LEVEL },
    },
    {
      ...{ name: 'g. peak of memory', unit: 'MB', better: 'lower' },
      ...{ target: 'ratio >= 1', against: LEVEL },
    },
  ],
  syncs: {
    measure: {
      ...{ name: 'e. syncs per put, 64 writers', unit: 'syncs', better: 'lower' },
      ...{ target: 'ours <= 0.02', against: LEVEL },
    },
    arguments: ['--only=writers'],
    operations: COUNTED_PUTS,
  },
  instead: { growth },
};
