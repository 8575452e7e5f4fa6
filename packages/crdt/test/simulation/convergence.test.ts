import { simulation } from '@ds/sim/vitest';
import { expect, it } from 'vitest';
import { subjects } from '../classic/subjects.ts';
import {
  type ConvergenceRun,
  type DocumentKind,
  runConvergence,
  stateKind,
  textKind,
} from './scenario.ts';

const kinds = [
  textKind(),
  textKind({ forgets: true }),
  ...subjects.map((subject) => stateKind(subject)),
];

for (const kind of kinds) {
  simulation(
    `${kind.name}: replicas that can reach each other come to the join of all changes`,
    {
      seeds: kind.name.startsWith('text') ? 40 : 8,
      evidence: (runs: readonly ConvergenceRun[]) => metEnough(kind, runs),
    },
    (seed) => runConvergence(kind, seed),
  );
}

/** Runs without changes and faults prove nothing. */
function metEnough(kind: DocumentKind, runs: readonly ConvergenceRun[]): void {
  const sum = (count: (run: ConvergenceRun) => number): number =>
    runs.reduce((total, run) => total + count(run), 0);
  expect(sum(({ changes }) => changes)).toBeGreaterThan(runs.length * 20);
  expect(sum(({ crashes }) => crashes)).toBeGreaterThan(0);
  if (kind.name === 'text that forgets') {
    expect(sum(({ forgotten }) => forgotten)).toBeGreaterThan(runs.length);
  }
}

it('the same seed gives the same run', async () => {
  for (const seed of [3, 8]) {
    const kind = textKind();
    const first = await runConvergence(kind, seed);
    expect(await runConvergence(kind, seed)).toEqual(first);
  }
});
