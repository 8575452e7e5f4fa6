import { simulation } from '@ds/sim/vitest';
import { describe, expect, it } from 'vitest';
import { huntInLog } from '../planted.ts';
import { type SweepCoverage, sweepLog } from './log-sweep.ts';
import { plantedLogs } from './planted-logs.ts';

simulation(
  'a log keeps what a sync covered, and takes no crash for damage, whatever call the fault meets',
  { seeds: 100, evidence: metEnough },
  (seed) => sweepLog(seed),
);

// Here a removal met the fault, and nothing but the close that came after it.
it.each([21_011, 21_342])(
  'a close tells of a failure that nobody has met yet (seed %i)',
  async (seed) => {
    await sweepLog(seed);
  },
);

// Here a segment went whose entries were replaced only in a record that a power cut took back.
it.each([29_417, 29_419])(
  'entries are kept until what replaces them is durable (seed %i)',
  async (seed) => {
    await sweepLog(seed);
  },
);

/** A sweep that met no fault at a kind of call proves nothing about it. */
function metEnough(runs: readonly SweepCoverage[]): void {
  const met = new Set(runs.flatMap((coverage) => Object.keys(coverage)));
  const calls = ['open', 'write', 'preallocate', 'datasync', 'syncDirectory', 'remove', 'read'];
  for (const call of calls) expect(met).toContain(`${call} crash`);
}

/** Seeds that bring a mistake out; `npm run planted` searches from 1. */
const KNOWN: Readonly<Record<string, number>> = {
  'a segment of the log goes before the one that takes over is on the device': 132,
  'a segment of the log goes while its entries are in use': 1,
  'a damaged log is cut like a torn one': 1,
  'a torn log is taken for a damaged one': 2,
  'what a failed sync left in the cache is trusted': 120,
  'the names of segments are not synced': 1,
  'a torn tail is left under what is written next': 445,
  'a sync of the log is reported before it is over': 1,
};

/** How many seeds from there on, should a change to the workload have moved the runs. */
const BUDGET = 300;

describe('the sweep over the faults of a disk notices that', () => {
  it.each(plantedLogs)(
    '$name',
    async (bug) => {
      const { caught } = await huntInLog(bug, {
        firstSeed: KNOWN[bug.name]!,
        seeds: BUDGET,
        signal: new AbortController().signal,
        progress: () => {},
      });
      expect(caught).toBe(true);
    },
    300_000,
  );
});
