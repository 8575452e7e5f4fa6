/**
 * Looking for a mistake that was planted on purpose: a check that nothing has ever failed may be
 * one that nothing can fail.
 */
import type { SoakOptions } from './soak.ts';

export interface CaughtBug {
  readonly name: string;
  readonly caught: boolean;
  /** How many seeds it took, the one that gave it away included. */
  readonly seeds: number;
  /** In the run that caught it, in whatever it counts; 0 when none did. */
  readonly events: number;
  /** What that run said. */
  readonly message?: string;
}

/** What gave a bug away. */
export interface Catch {
  readonly events: number;
  readonly message?: string;
}

/**
 * Tries the first seed, the one after it and so on until `attempt` resolves with a catch, or so
 * many seeds have not.
 */
export async function hunt(
  name: string,
  { firstSeed, seeds, signal, progress }: SoakOptions,
  attempt: (seed: number) => Promise<Catch | undefined>,
): Promise<CaughtBug> {
  for (let tried = 1; tried <= seeds; tried += 1) {
    signal.throwIfAborted();
    progress(`${name}: seed ${tried}`);
    const found = await attempt(firstSeed + tried - 1);
    if (found !== undefined) return { name, caught: true, seeds: tried, ...found };
  }
  return { name, caught: false, seeds, events: 0 };
}
