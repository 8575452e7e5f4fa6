/** What counters and sets are put through. */
export const REPLICAS = 16;
export const ELEMENTS: readonly string[] = Array.from({ length: 10_000 }, (_, n) => `element ${n}`);

const STEP = 100_000;

/** Runs `work` in steps for about `durationMs` of CPU; millions per CPU second. */
export async function millionPerSecond(
  durationMs: number,
  work: (count: number) => void,
): Promise<number> {
  const before = process.cpuUsage();
  for (let done = STEP; ; done += STEP) {
    work(STEP);
    const { user, system } = process.cpuUsage(before);
    const spentMs = (user + system) / 1000;
    if (spentMs >= durationMs) return done / spentMs / 1000;
  }
}
