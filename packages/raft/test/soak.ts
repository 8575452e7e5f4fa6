/**
 * The long simulations: `npm run soak -- raft`. Each seed is a whole group, a schedule, and a share
 * of the faults that a log's disk can meet.
 */
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { sweepLog } from './log/log-sweep.ts';
import { runSchedule } from './schedules/run-schedule.ts';
import { runRaft } from './simulation/scenario.ts';

export function run(options: SoakOptions): Promise<SoakResult> {
  return soak(options, async (seed) => {
    const { broken, coverage, actions } = await runSchedule(seed);
    if (broken !== undefined) throw broken;
    const { leaders, committed, configurations } = coverage;
    const schedule = { actions: actions.length, leaders, committed, configurations };
    const prefixed = Object.entries(schedule).map(([name, count]) => [`schedule ${name}`, count]);
    const points = Object.values(await sweepLog(seed)).reduce((sum, count) => sum + count, 0);
    return { ...(await runRaft(seed)), ...Object.fromEntries(prefixed), 'log faults': points };
  });
}
