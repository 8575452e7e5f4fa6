/** Power cuts, failing calls and damage, at the calls a workload makes, and again in recovery. */
import { expect, it } from 'vitest';
import { seedsFrom } from '../seeds.ts';
import { callsOf, meetFault } from './crash-harness.ts';
import { FAULT_KINDS, pointsOf } from './fault-kinds.ts';

for (const seed of seedsFrom(1, 1)) {
  for (const [name, kind] of Object.entries(FAULT_KINDS)) {
    it(`keeps its promises through ${name}, wherever (seed ${seed})`, async () => {
      const points = pointsOf(await callsOf(seed), kind, seed);
      expect(points.length).toBeGreaterThan(15);
      for (const callIndex of points) {
        const point = { seed, callIndex, fault: kind.fault };
        await meetFault(point).catch((cause: unknown) => {
          throw new Error(`await meetFault(${JSON.stringify(point)})`, { cause });
        });
      }
    }, 120_000);
  }
}
