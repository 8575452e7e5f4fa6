/** The long simulation: `npm run soak -- clock`. Each seed is a run of every scenario. */
import { scenarios } from './simulation/scenarios.ts';

export interface SoakOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export async function run({ firstSeed, seeds, signal, progress }: SoakOptions): Promise<{
  seeds: number;
  failed: { seed: number; message: string }[];
  coverage: Record<string, number>;
}> {
  const failed: { seed: number; message: string }[] = [];
  const coverage: Record<string, number> = {};
  let done = 0;
  for (; done < seeds && !signal.aborted; done += 1) {
    const seed = firstSeed + done;
    for (const [name, scenario] of Object.entries(scenarios)) {
      try {
        coverage[name] = (coverage[name] ?? 0) + (await scenario(seed));
      } catch (error) {
        failed.push({ seed, message: `${name}: ${error}` });
      }
    }
    if (done % 100 === 0) {
      progress(`seed ${seed}, ${failed.length} failed`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { seeds: done, failed, coverage };
}
