/** Merges that run elsewhere may be late, lost, doubled, or find their worker dead. */
import { describe, expect, it } from 'vitest';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { seedsFrom } from '../seeds.ts';
import { runCompactor } from './compactor-run.ts';

const SEEDS = seedsFrom(1, 6);

describe('a compactor that is another node', () => {
  it('never loses or changes data, and its failures only cost time', async () => {
    let [merges, failedJobs] = [0, 0];
    for (const seed of SEEDS) {
      const run = await runCompactor(seed);
      expect(run.violation, `runCompactor(${seed})`).toBe(undefined);
      merges += run.merges;
      failedJobs += run.failedJobs;
    }
    // Both ways were gone: merges done there, and merges given up and done here.
    expect(failedJobs).toBeGreaterThan(SEEDS.length);
    expect(merges - failedJobs).toBeGreaterThan(SEEDS.length);
  }, 120_000);

  it('does harm where the result of an abandoned job is accepted (planted)', async () => {
    const credulous: SafetyDecisions = {
      ...SAFE_DECISIONS,
      isOfJob: () => true,
      checkResult: async (_, { tables }) => tables,
    };
    const violations: string[] = [];
    for (const seed of SEEDS) {
      const { violation } = await runCompactor(seed, credulous);
      if (violation !== undefined) violations.push(violation);
    }
    expect(violations.length).toBeGreaterThan(0);
  }, 120_000);
});
