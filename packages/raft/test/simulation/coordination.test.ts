import { simulation } from '@ds/sim/vitest';
import { expect } from 'vitest';
import { type CoordinationRun, runCoordination } from './coordination-scenario.ts';

simulation(
  'reads, writes and conditions on versions are linearizable, asked at once and through faults',
  { seeds: 30, evidence: metEnough },
  (seed) => runCoordination(seed),
);

/** A search that met nothing proves nothing. */
function metEnough(runs: readonly CoordinationRun[]): void {
  const sum = (count: (run: CoordinationRun) => number): number =>
    runs.reduce((total, run) => total + count(run), 0);
  expect(sum(({ operations }) => operations)).toBeGreaterThan(runs.length * 30);
  expect(sum(({ conditions }) => conditions)).toBeGreaterThan(runs.length * 5);
  expect(sum(({ unknownOutcomes }) => unknownOutcomes)).toBeGreaterThan(0);
  expect(sum(({ crashes }) => crashes)).toBeGreaterThan(runs.length);
}
