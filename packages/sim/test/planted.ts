/**
 * Toy protocols with one mistake each: exploring seeds has to find it, and shrinking has to make
 * the run that did small. `npm run planted -- sim` prints the table.
 */
import {
  type CaughtBug,
  collectFailures,
  type Schedule,
  type Shrunk,
  type SoakOptions,
  type World,
} from '@ds/sim';
import { leaseBugs, runLeaseToy } from './simulation/toys/lease-lock.ts';
import { primaryBackupBugs, runPrimaryBackupToy } from './simulation/toys/primary-backup.ts';
import { registerBugs, runRegisterToy } from './simulation/toys/register.ts';
import { commitBugs, runCommitToy } from './simulation/toys/two-phase-commit.ts';

type Run = (seed: number, schedule?: Schedule<World>) => Promise<void>;

export interface PlantedBug {
  readonly name: string;
  readonly run: Run;
}

/** The protocols without a mistake. */
export const toys: Readonly<Record<string, Run>> = {
  register: (seed, schedule) => runRegisterToy(seed, schedule),
  'primary and backup': (seed, schedule) => runPrimaryBackupToy(seed, schedule),
  'two-phase commit': (seed, schedule) => runCommitToy(seed, schedule),
  'lock with a lease': (seed, schedule) => runLeaseToy(seed, schedule),
};

function plant<Bug>(
  bugs: Readonly<Record<string, Bug>>,
  run: (seed: number, schedule: Schedule<World> | undefined, bug: Bug) => Promise<void>,
): PlantedBug[] {
  return Object.entries(bugs).map(([name, bug]) => ({
    name,
    run: (seed, schedule) => run(seed, schedule, bug),
  }));
}

export const plantedBugs: readonly PlantedBug[] = [
  ...plant(registerBugs, runRegisterToy),
  ...plant(primaryBackupBugs, runPrimaryBackupToy),
  ...plant(commitBugs, runCommitToy),
  ...plant(leaseBugs, runLeaseToy),
];

/** Its events are those of the shrunk run. */
export interface CaughtToy extends CaughtBug {
  readonly steps: number;
  readonly shrunk?: Shrunk | undefined;
}

/** Runs seed after seed until one notices the bug, and shrinks that run. */
export async function hunt({ name, run }: PlantedBug, options: SoakOptions): Promise<CaughtToy> {
  const { firstSeed, seeds, signal } = options;
  const { failures, runs } = await collectFailures({
    scenario: (seed, schedule) => run(seed, schedule),
    firstSeed,
    seeds,
    signal,
    onProgress: ({ done }) => options.progress(`${name}: seed ${done}`),
  });
  const shrunk = failures[0]?.shrunk;
  if (shrunk === undefined) return { name, caught: false, seeds: runs, events: 0, steps: 0 };
  const { events, steps } = shrunk;
  return { name, caught: true, seeds: runs, events, steps: steps.length, shrunk };
}

export async function run(options: SoakOptions): Promise<{ bugs: Omit<CaughtToy, 'shrunk'>[] }> {
  const bugs: Omit<CaughtToy, 'shrunk'>[] = [];
  for (const bug of plantedBugs) {
    const { shrunk: _, ...caught } = await hunt(bug, options);
    bugs.push(caught);
  }
  return { bugs };
}
