/**
 * Explores schedules: runs one drawn from a seed, and makes one that broke something small, by
 * leaving actions out for as long as the same thing breaks (Zeller and Hildebrandt, 2002).
 */
import { seededRandom } from '@ds/sim';
import type { Action } from './action.ts';
import { drawSettings, ScheduleDraw } from './draw-schedule.ts';
import { ScheduleWorld, type WorldSettings } from './schedule-world.ts';
import type { Planted } from './simulated-member.ts';

const MAX_ACTIONS = 500;

/** Tries in vain after which a schedule is small enough. */
const LUCKY_TRIES = 1_500;

/** A schedule, and what it broke, if anything. */
export interface ScheduleRun {
  readonly seed: number;
  readonly settings: WorldSettings;
  readonly actions: readonly Action[];
  readonly broken: Error | undefined;
  readonly coverage: Coverage;
}

/** What a run met, so that a search can tell whether it met enough. */
export interface Coverage {
  readonly leaders: number;
  readonly committed: number;
  readonly configurations: number;
}

export async function runSchedule(seed: number, planted: Planted = {}): Promise<ScheduleRun> {
  const random = seededRandom(seed, 'settings');
  const leaseReads = random() < 0.3;
  const settings = drawSettings(random, leaseReads);
  const world = new ScheduleWorld(settings, planted);
  await world.open();
  const draw = new ScheduleDraw(seed, world);
  const actions: Action[] = [];
  let broken: Error | undefined;
  while (actions.length < MAX_ACTIONS && broken === undefined) {
    const action = draw.next();
    actions.push(action);
    broken = await attempt(() => world.take(action));
  }
  return { seed, settings, actions, broken, coverage: world.coverage };
}

/** The same schedule with as few actions as it takes to break the same thing. */
export async function shrinkSchedule(run: ScheduleRun, planted: Planted): Promise<ScheduleRun> {
  const isSame = async (actions: readonly Action[]): Promise<Error | undefined> => {
    const broken = await replay(run.settings, actions, planted);
    return broken !== undefined && nameOf(broken) === nameOf(run.broken) ? broken : undefined;
  };
  let { actions, broken } = run;
  for (let size = actions.length >> 1; size >= 1; ) {
    const before = actions.length;
    for (let end = actions.length; end > 0; end -= size) {
      const fewer = [...actions.slice(0, Math.max(0, end - size)), ...actions.slice(end)];
      const same = await isSame(fewer);
      if (same === undefined) continue;
      actions = fewer;
      broken = same;
    }
    // One action less may make others superfluous.
    if (size > 1 || actions.length === before) size >>= 1;
  }
  // What only goes together, such as a message and its loss, single omissions do not find.
  const random = seededRandom(run.seed, 'shrink');
  for (let left = LUCKY_TRIES; left > 0; left -= 1) {
    const fewer = withoutSome(actions, random);
    const same = fewer.length < actions.length ? await isSame(fewer) : undefined;
    if (same === undefined) continue;
    actions = fewer;
    broken = same;
    left = LUCKY_TRIES;
  }
  return { ...run, actions, broken };
}

/** Leaves out a few actions that are near to one another. */
function withoutSome(actions: readonly Action[], random: () => number): Action[] {
  const from = Math.floor(random() * actions.length);
  const width = 2 + Math.floor(random() * random() * actions.length);
  const share = random();
  return actions.filter((_, i) => i < from || i >= from + width || random() > share);
}

/** What a list of actions breaks, if anything. */
export async function replay(
  settings: WorldSettings,
  actions: readonly Action[],
  planted: Planted,
): Promise<Error | undefined> {
  const world = new ScheduleWorld(settings, planted);
  await world.open();
  for (const action of actions) {
    const broken = await attempt(() => world.take(action));
    if (broken !== undefined) return broken;
  }
  return undefined;
}

async function attempt(take: () => Promise<void>): Promise<Error | undefined> {
  try {
    await take();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** The property that broke, or the error's name. */
function nameOf(error: Error | undefined): string {
  return error === undefined ? '' : error.message.split(/[:\d]/, 1)[0]!;
}
