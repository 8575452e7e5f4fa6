/** `npm run planted -- kv-store`: is each planted bug caught, and after how many seeds? */
import { type Finding, findPlanted } from './planted/find.ts';
import { PLANTS } from './planted/plants.ts';

export interface PlantedOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export async function run(options: PlantedOptions): Promise<{ bugs: Finding[] }> {
  const bugs: Finding[] = [];
  for (const plant of PLANTS) {
    const finding = await findPlanted(plant, {
      ...options,
      progress: (seed) => options.progress(`${plant.name}: seed ${seed}`),
    });
    bugs.push(finding);
  }
  return { bugs };
}
