/** The long simulation: `npm run soak -- sim` runs the toy protocols, which have no mistake. */

import { type PlantedOptions, toys } from './planted.ts';
import { runRegister } from './simulation/register-scenario.ts';

export interface SoakResult {
  readonly seeds: number;
  readonly failed: { seed: number; message: string }[];
  /** Sums over the runs of the replicated register: what the faults have reached. */
  readonly coverage: Record<string, number>;
}

export async function run({
  firstSeed,
  seeds,
  signal,
  progress,
}: PlantedOptions): Promise<SoakResult> {
  const failed: { seed: number; message: string }[] = [];
  const coverage: Record<string, number> = { operations: 0 };
  let done = 0;
  for (; done < seeds && !signal.aborted; done += 1) {
    const seed = firstSeed + done;
    try {
      for (const toy of Object.values(toys)) await toy(seed);
      const { counts, operations } = await runRegister(seed);
      coverage.operations! += operations;
      for (const [name, count] of Object.entries(counts)) {
        coverage[name] = (coverage[name] ?? 0) + count;
      }
    } catch (error) {
      failed.push({ seed, message: (error as Error).message });
    }
    if (done % 10 === 0) progress(`${done} of ${seeds} seeds, ${failed.length} failed`);
  }
  return { seeds: done, failed, coverage };
}
