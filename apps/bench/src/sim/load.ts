/** What both programs measure alike: how much is done per CPU second of this thread. */
import type { Pace } from '../contender.ts';

/** A search through seeds takes minutes: what the first seconds cost does not matter. */
export const LONG_RUNS: Pace = { warmUpMs: 2_000, durationMs: 2_000 };

const HOUR_MS = 3_600_000;

/** Events of one simulated hour of the idle group, at a heartbeat of 100 ms. */
export const IDLE_EVENTS_PER_HOUR = 333_313;
/** Events of one seed of the register. */
export const REGISTER_EVENTS = 2_000;

/** Calls `work`, which does some and returns how much, for about `durationMs` of CPU time. */
export async function perCpuSecond(
  durationMs: number,
  work: () => number | Promise<number>,
): Promise<number> {
  const start = process.cpuUsage();
  let done = 0;
  for (;;) {
    done += await work();
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    if (seconds * 1_000 >= durationMs) return done / seconds;
  }
}

/** From simulated ms per CPU second to simulated hours per CPU minute. */
export function hoursPerMinute(msPerSecond: number): number {
  return (msPerSecond / HOUR_MS) * 60;
}
