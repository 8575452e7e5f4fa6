/** Looks for the first seed that gives a planted bug away to users. */
import { type RunResult, runStore } from '../simulation/run-store.ts';
import type { Plant } from './plants.ts';

export interface Finding {
  readonly name: string;
  readonly caught: boolean;
  /** How many seeds it took. */
  readonly seeds: number;
  /** Events of the run that caught it. */
  readonly events: number;
  /** How it showed. */
  readonly by: RunResult['violation'];
}

export interface FindOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal?: AbortSignal;
  readonly progress?: (seed: number) => void;
}

export async function findPlanted(plant: Plant, options: FindOptions): Promise<Finding> {
  const { firstSeed, seeds, signal, progress } = options;
  const { name, open, faults, shape } = plant;
  for (let i = 0; i < seeds; i += 1) {
    signal?.throwIfAborted();
    const seed = firstSeed + i;
    progress?.(seed);
    const { violation, counts } = await runStore({ seed, open, faults, shape });
    if (violation !== undefined) {
      return { name, caught: true, seeds: i + 1, events: counts.events, by: violation };
    }
  }
  return { name, caught: false, seeds, events: 0, by: undefined };
}
