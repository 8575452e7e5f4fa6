import { explore } from '@ds/sim';
import { expect, it } from 'vitest';
import { type RaftRun, runRaft } from './scenario.ts';

const command = 'npx vitest run packages/raft/test/simulation/raft.test.ts';

it('a group is safe under every fault, linearizable, and live when the faults are over', async () => {
  const runs: RaftRun[] = [];
  await explore({
    scenario: (seed) => runRaft(seed),
    seeds: 250,
    environment: process.env,
    command,
    onRun: (_seed, run) => runs.push(run),
  });
  // A search that met nothing proves nothing.
  const sum = (count: (run: RaftRun) => number): number =>
    runs.reduce((total, run) => total + count(run), 0);
  if (runs.length < 60) return;
  expect(sum(({ leaders }) => leaders)).toBeGreaterThan(runs.length * 3);
  expect(sum(({ crashes }) => crashes)).toBeGreaterThan(runs.length * 4);
  expect(sum(({ snapshots }) => snapshots)).toBeGreaterThan(runs.length / 10);
  expect(sum(({ operations }) => operations)).toBeGreaterThan(runs.length * 20);
  expect(sum(({ undecided }) => undecided)).toBeLessThan(runs.length / 20);
}, 3_600_000);

it('the same seed gives the same run', async () => {
  for (const seed of [3, 8, 21]) {
    const [first, second] = [await runRaft(seed), await runRaft(seed)];
    expect(second).toEqual(first);
  }
});
