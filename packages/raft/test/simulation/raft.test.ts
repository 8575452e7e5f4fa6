import { simulation } from '@ds/sim/vitest';
import { expect, it } from 'vitest';
import { type RaftRun, runRaft } from './scenario.ts';

simulation(
  'a group is safe under every fault, linearizable, and live when the faults are over',
  { seeds: 250, evidence: metEnough },
  (seed) => runRaft(seed),
);

/** A search that met nothing proves nothing. */
function metEnough(runs: readonly RaftRun[]): void {
  const sum = (count: (run: RaftRun) => number): number =>
    runs.reduce((total, run) => total + count(run), 0);
  expect(sum(({ leaders }) => leaders)).toBeGreaterThan(runs.length * 3);
  expect(sum(({ crashes }) => crashes)).toBeGreaterThan(runs.length * 4);
  expect(sum(({ snapshots }) => snapshots)).toBeGreaterThan(runs.length / 10);
  expect(sum(({ operations }) => operations)).toBeGreaterThan(runs.length * 20);
  expect(sum(({ undecided }) => undecided)).toBeLessThan(runs.length / 20);
}

it('the same seed gives the same run', async () => {
  for (const seed of [3, 8, 21]) {
    const [first, second] = [await runRaft(seed), await runRaft(seed)];
    expect(second).toEqual(first);
  }
});

it('a follower whose probe was lost catches up under steady reads', async () => {
  await runRaft(1333463660);
});
