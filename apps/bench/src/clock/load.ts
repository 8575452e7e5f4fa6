/** What all programs measure alike. */

const MILLION = 1e6;

/** The names of sixteen nodes. */
export const NODES: readonly string[] = Array.from({ length: 16 }, (_, i) => `node-${i + 10}`);

/** Two vectors of sixteen: the second is ahead at one node. */
export function entries(ahead: number): [id: string, counter: number][] {
  return NODES.map((id, i) => [id, 1_000 + i + (i === 11 ? ahead : 0)]);
}

// What is computed is kept here, so that no compiler can leave it out.
let sink = 0;

export function keep(value: number): void {
  sink += value;
}

/**
 * Calls `work`, which does `count` things, for about `durationMs` of CPU time.
 * @returns millions of things per CPU second
 */
export async function millionsPerSecond(
  durationMs: number,
  count: number,
  work: () => void,
): Promise<number> {
  const start = process.cpuUsage();
  for (let done = count; ; done += count) {
    work();
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / MILLION;
    if (seconds * 1_000 >= durationMs && Number.isFinite(sink)) return done / MILLION / seconds;
  }
}

/** `millionsPerSecond` of one call after another. */
export function rateOf(
  call: () => number,
  count = 100_000,
): (durationMs: number) => Promise<number> {
  return (durationMs) =>
    millionsPerSecond(durationMs, count, () => {
      let sum = 0;
      for (let i = 0; i < count; i += 1) sum += call();
      keep(sum);
    });
}

/**
 * As {@link rateOf}, over pairs made anew (off the clock) for each pass; a tenth of the time is
 * enough, since making them takes ten times as long.
 */
export function rateOfPairs<T>(
  make: () => T,
  compare: (a: T, b: T) => number,
): (durationMs: number) => Promise<number> {
  const COUNT = 20_000;
  return async (durationMs) => {
    let seconds = 0;
    let done = 0;
    while (seconds * 10_000 < durationMs) {
      const list = Array.from({ length: 2 * COUNT }, make);
      const start = process.cpuUsage();
      let sum = 0;
      for (let i = 0; i < list.length; i += 2) sum += compare(list[i]!, list[i + 1]!);
      const { user, system } = process.cpuUsage(start);
      keep(sum);
      seconds += (user + system) / MILLION;
      done += COUNT;
    }
    return done / MILLION / seconds;
  };
}
