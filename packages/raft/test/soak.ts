/** The long simulation: `npm run soak -- raft`. */
import { type RaftRun, runRaft } from './simulation/scenario.ts';

export interface SoakOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export interface SoakResult {
  readonly seeds: number;
  readonly failed: { seed: number; message: string }[];
  /** Sums over all runs: what the faults have reached. */
  readonly coverage: Record<string, number>;
}

export async function run({
  firstSeed,
  seeds,
  signal,
  progress,
}: SoakOptions): Promise<SoakResult> {
  const failed: { seed: number; message: string }[] = [];
  const coverage: Record<string, number> = {};
  let done = 0;
  for (; done < seeds && !signal.aborted; done += 1) {
    const seed = firstSeed + done;
    try {
      count(coverage, await runRaft(seed));
    } catch (error) {
      failed.push({ seed, message: (error as Error).message });
    }
    if (done % 10 === 0) progress(`${done} of ${seeds} seeds, ${failed.length} failed`);
  }
  return { seeds: done, failed, coverage };
}

function count(coverage: Record<string, number>, run: RaftRun): void {
  for (const [name, value] of Object.entries(run)) {
    if (typeof value === 'number') coverage[name] = (coverage[name] ?? 0) + value;
  }
}
