/** `npm run soak -- kv-store`: many seeds of the whole store, and what they covered. */
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { runStore } from './simulation/run-store.ts';
import { FAULT_KINDS } from './simulation/swarm.ts';

export function run(options: SoakOptions): Promise<SoakResult> {
  return soak(options, async (seed) => {
    const { failure, operations, unknownOutcomes, maxConcurrency, retries, ...found } =
      await runStore({ seed });
    if (failure !== undefined) throw new Error(failure);
    const { memberChanges } = found;
    const faults = FAULT_KINDS.map((kind) => [`fault ${kind}`, found.faults[kind]]);
    const undecided = Number(found.undecided);
    const judged = { operations, unknownOutcomes, undecided, maxConcurrency };
    return { ...judged, retries, memberChanges, ...found.counts, ...Object.fromEntries(faults) };
  });
}
