/** Power cuts and failing calls, at every call a workload makes, and again during recovery. */
import type { DiskFault } from '@ds/sim';
import { expect, it } from 'vitest';
import { seedsFrom } from '../seeds.ts';
import { countCalls, meetFault } from './crash-harness.ts';

const FAULTS: Record<DiskFault, string> = {
  crash: 'a power cut',
  fail: 'an I/O error',
  full: 'a full disk',
};

/** A power cut meets every call; the errors, which end in the same states, every third. */
const STRIDES: Record<DiskFault, number> = { crash: 1, fail: 3, full: 3 };

for (const seed of seedsFrom(1, 1)) {
  for (const fault of Object.keys(FAULTS) as DiskFault[]) {
    const stride = STRIDES[fault];
    it(`keeps its promises through ${FAULTS[fault]}, wherever (seed ${seed})`, async () => {
      const calls = await countCalls(seed);
      expect(calls).toBeGreaterThan(200);
      for (let callIndex = seed % stride; callIndex < calls; callIndex += stride) {
        try {
          await meetFault({ seed, callIndex, fault });
        } catch (error) {
          const point = JSON.stringify({ seed, callIndex, fault });
          throw new Error(`await meetFault(${point})`, { cause: error });
        }
      }
    }, 120_000);
  }
}
