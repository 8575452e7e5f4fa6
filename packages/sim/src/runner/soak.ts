/**
 * A long simulation: very many seeds, all of their failures, and what the faults have reached.
 *
 * A soak that met nothing proves nothing, so each run tells what it covered; the sums are the
 * evidence.
 */
export interface SoakOptions {
  readonly firstSeed: number;
  /** Runs firstSeed, firstSeed + 1, ... so many. */
  readonly seeds: number;
  /** Ends it early; what was found so far is the result. */
  readonly signal: AbortSignal;
  /** Takes a few words, every now and then. */
  progress(text: string): void;
}

export interface SoakResult {
  /** How many ran. */
  readonly seeds: number;
  readonly failed: { seed: number; message: string }[];
  /** The runs' numbers, summed up; of those whose name begins with `max`, the largest. */
  readonly coverage: Record<string, number>;
}

/** Runs the scenario for every seed; of what it returns, the fields that are numbers count. */
export async function soak(
  { firstSeed, seeds, signal, progress }: SoakOptions,
  scenario: (seed: number) => Promise<object>,
): Promise<SoakResult> {
  const failed: { seed: number; message: string }[] = [];
  const coverage: Record<string, number> = {};
  let done = 0;
  for (; done < seeds && !signal.aborted; done += 1) {
    const seed = firstSeed + done;
    try {
      cover(coverage, await scenario(seed));
    } catch (error) {
      failed.push({ seed, message: error instanceof Error ? error.message : String(error) });
    }
    if (done % 10 === 0) progress(`${done} of ${seeds} seeds, ${failed.length} failed`);
  }
  return { seeds: done, failed, coverage };
}

function cover(coverage: Record<string, number>, run: object): void {
  for (const [name, value] of Object.entries(run)) {
    if (typeof value !== 'number') continue;
    const before = coverage[name] ?? 0;
    coverage[name] = /^max[A-Z]/.test(name) ? Math.max(before, value) : before + value;
  }
}
