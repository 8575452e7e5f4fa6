/**
 * Our engines beside LevelDB (classic-level), all three through `abstract-level`: what a module of
 * the Level ecosystem gets from each. The workloads are those of the LSM tree's bench.
 */
import type { Bench, Measure } from '../bench.ts';

const LEVEL = 'classic-level';

/** Through abstract-level 0.6 of what the engine itself reaches is asked of it. */
function cost(name: string, target: Measure['target']): Measure {
  const measure = { name: `${name}, CPU`, unit: 'us/op', better: 'lower', against: LEVEL } as const;
  return target ? { ...measure, target } : measure;
}

function rate(name: string, target: Measure['target']): Measure {
  const measure = { name, unit: 'thousand/s', better: 'higher', against: LEVEL } as const;
  return target ? { ...measure, target } : measure;
}

export const bench: Bench = {
  package: 'storage-level',
  ours: 'ours',
  peers: [LEVEL, 'btree'],
  settings: { records: '300000' },
  measures: [
    cost('a. sequential load', 'ratio >= 0.6'),
    cost('b. random load', 'ratio >= 0.5'),
    cost('c. get, hit', 'ratio >= 1.08'),
    cost('c. get, miss', 'ratio >= 2.4'),
    cost('d. scan, copies', 'ratio >= 1.8'),
    rate('e. durable puts, 1 writer', 'ratio >= 1'),
    rate('e. durable puts, 64 writers', 'ratio >= 2.4'),
  ],
};
