/** The long simulation: `npm run soak -- raft`. */
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { runRaft } from './simulation/scenario.ts';

export function run(options: SoakOptions): Promise<SoakResult> {
  return soak(options, runRaft);
}
