/** The long simulation: `npm run soak -- sim` runs the toy protocols, which have no mistake. */
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { toys } from './planted.ts';
import { runRegister } from './simulation/register-scenario.ts';

export function run(options: SoakOptions): Promise<SoakResult> {
  return soak(options, async (seed) => {
    for (const toy of Object.values(toys)) await toy(seed);
    const { counts, operations, maxConcurrency } = await runRegister(seed);
    return { ...counts, operations, maxConcurrency };
  });
}
