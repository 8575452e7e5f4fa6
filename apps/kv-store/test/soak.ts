/** `npm run soak -- kv-store`: many seeds of the whole store, and what they covered. */
import { runStore } from './simulation/run-store.ts';
import { FAULT_KINDS } from './simulation/swarm.ts';

export interface SoakOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export interface SoakResult {
  readonly seeds: number;
  readonly failed: { seed: number; message: string }[];
  readonly coverage: Readonly<Record<string, number>>;
}

export async function run({
  firstSeed,
  seeds,
  signal,
  progress,
}: SoakOptions): Promise<SoakResult> {
  const failed: { seed: number; message: string }[] = [];
  const coverage: Record<string, number> = {};
  const add = (name: string, count: number): void => {
    coverage[name] = (coverage[name] ?? 0) + count;
  };
  let done = 0;
  for (; done < seeds && !signal.aborted; done += 1) {
    const seed = firstSeed + done;
    const result = await runStore({ seed });
    if (result.failure !== undefined) failed.push({ seed, message: result.failure });
    add('operations', result.operations);
    add('unknownOutcomes', result.unknownOutcomes);
    add('undecided', Number(result.undecided));
    coverage.maxConcurrency = Math.max(coverage.maxConcurrency ?? 0, result.maxConcurrency);
    for (const [name, count] of Object.entries(result.counts)) add(name, count);
    for (const kind of FAULT_KINDS) add(`fault ${kind}`, result.faults[kind]);
    progress(`${done + 1} of ${seeds} seeds, ${failed.length} failed`);
  }
  return { seeds: done, failed, coverage };
}
