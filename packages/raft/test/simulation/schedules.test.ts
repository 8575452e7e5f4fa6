import { simulation } from '@ds/sim/vitest';
import { expect, it } from 'vitest';
import { runSchedule, type ScheduleRun } from '../schedules/run-schedule.ts';

simulation(
  'no order of deliveries, losses, syncs, crashes and changes of members breaks a safety property',
  { seeds: 250, evidence: metEnough },
  async (seed) => {
    const run = await runSchedule(seed);
    if (run.broken !== undefined) throw run.broken;
    return run;
  },
);

/** A search that met nothing proves nothing. */
function metEnough(runs: readonly ScheduleRun[]): void {
  const sum = (count: (run: ScheduleRun) => number): number =>
    runs.reduce((total, run) => total + count(run), 0);
  expect(sum(({ coverage }) => coverage.leaders)).toBeGreaterThan(runs.length * 1.5);
  expect(sum(({ coverage }) => coverage.committed)).toBeGreaterThan(runs.length * 4);
  expect(sum(({ coverage }) => coverage.configurations)).toBeGreaterThan(runs.length / 5);
}

it('the same seed gives the same schedule', async () => {
  for (const seed of [3, 8, 21]) {
    expect((await runSchedule(seed)).actions).toEqual((await runSchedule(seed)).actions);
  }
});
