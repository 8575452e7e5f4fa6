/**
 * Logical clocks beside what npm has: the hybrid clock of Actual (the budgeting app), the vector
 * clocks of thi.ng and of mixu, the UUIDs of uuidv7; and beside a floor that is no clock at all:
 * `Date.now()`, a loop over sixteen numbers, `crypto.randomUUID()`.
 *
 * All figures are millions per CPU second of one thread.
 */
import type { Bench, Measure } from '../bench.ts';

function rate(name: string, target?: Measure['target'], against?: string): Measure {
  const measure = { name, unit: 'million/CPU s', better: 'higher' } as const;
  return { ...measure, ...(target && { target }), ...(against && { against }) };
}

export const bench: Bench = {
  package: 'clock',
  ours: 'ours',
  peers: ['floor', 'actual-crdt', 'thi-ng-vclock', 'vectorclock', 'uuidv7'],
  measures: [
    rate('a. hybrid timestamp, real clock', 'ours >= 20'),
    rate('b. hybrid receipt, real clock'),
    rate('c. compare vectors of 16', 'ours >= 10'),
    rate('d. compare vectors of 16, each pair once'),
    rate('e. merge vectors of 16 in place'),
    rate('f. sortable id as text'),
  ],
};
