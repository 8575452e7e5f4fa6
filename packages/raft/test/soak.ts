/** The long simulations: `npm run soak -- raft`. Each seed is a whole group, and a schedule. */
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { runSchedule } from './schedules/run-schedule.ts';
import { runRaft } from './simulation/scenario.ts';

export function run(options: SoakOptions): Promise<SoakResult> {
  return soak(options, async (seed) => {
    const { broken, coverage, actions } = await runSchedule(seed);
    if (broken !== undefined) throw broken;
    const { leaders, committed, configurations } = coverage;
    const schedule = { actions: actions.length, leaders, committed, configurations };
    const prefixed = Object.entries(schedule).map(([name, count]) => [`schedule ${name}`, count]);
    return { ...(await runRaft(seed)), ...Object.fromEntries(prefixed) };
  });
}
