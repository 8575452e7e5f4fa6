/**
 * Runs a scenario for many seeds, and tells how to run the failing one again.
 *
 * This package reads no globals, so the environment is handed in (`environment: process.env`).
 * Over worker threads: workers.ts. As a test: vitest.ts.
 */

import type { World } from '../world.ts';
import {
  type ArtifactListener,
  type Exploration,
  type Failure,
  giveArtifacts,
  throwFailures,
} from './failure.ts';
import { Schedule } from './schedule.ts';
import { type SeedOptions, seedRange } from './seeds.ts';
import { shrink } from './shrink.ts';

/** One run. It fails by throwing; what it returns is handed to `onRun`. */
export type Scenario<Result> = (
  seed: number,
  schedule: Schedule<World>,
) => Result | Promise<Result>;

export interface ExploreSettings<Result> extends SeedOptions {
  /** Failures after which it stops. @default 1 */
  readonly maxFailures?: number;
  /** What runs the scenario again, for the line that replays a failure. @default 'npm test' */
  readonly command?: string;
  /** Runs to spend on shrinking the first failure; 0: none. @default 1000 */
  readonly shrinkRuns?: number;
  /** Takes trace and diagram of the shrunk run, to write them where it likes. @default nobody */
  readonly onArtifact?: ArtifactListener;
  /** Called after each run that did not fail, in the order of the seeds. */
  readonly onRun?: (seed: number, result: Result) => void;
  /** Called after each run. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface ExploreOptions<Result> extends ExploreSettings<Result> {
  /**
   * A scenario that hands its `schedule` on, `new World({ seed, schedule })`, has its first failure
   * shrunk.
   */
  readonly scenario: Scenario<Result>;
}

/** Runs the scenario for each seed in turn and collects what failed. */
export async function collectFailures<Result>(
  options: ExploreOptions<Result>,
): Promise<Exploration> {
  const { scenario, maxFailures = 1, onArtifact, onRun, onProgress, signal } = options;
  const { first, count } = seedRange(options);
  const failures: Failure[] = [];
  let done = 0;
  while (done < count && failures.length < maxFailures) {
    signal?.throwIfAborted();
    const seed = first + done;
    const schedule = new Schedule<World>();
    let result: Result | undefined;
    let failure: Failure | undefined;
    try {
      result = await scenario(seed, schedule);
    } catch (error) {
      failure = await examine(options, { seed, error, schedule, isFirst: failures.length === 0 });
    }
    if (failure === undefined) onRun?.(seed, result as Result);
    else {
      failures.push(failure);
      if (onArtifact !== undefined) giveArtifacts(failure, onArtifact);
    }
    done += 1;
    onProgress?.({ done, total: count });
  }
  return { runs: done, failures };
}

/**
 * Runs the scenario for each seed in turn.
 * @throws {SimulationError} `SIM_SCENARIO_FAILED` when one failed, with the line that replays it.
 */
export async function explore<Result>(options: ExploreOptions<Result>): Promise<Exploration> {
  return throwFailures(await collectFailures(options));
}

/** The line that runs `seed` again. */
export function replayLine(seed: number, command = 'npm test'): string {
  return `DS_SEED=${seed} ${command}`;
}

interface Broken {
  readonly seed: number;
  readonly error: unknown;
  readonly schedule: Schedule<World>;
  readonly isFirst: boolean;
}

async function examine<Result>(
  { scenario, shrinkRuns = 1_000, command, signal }: ExploreOptions<Result>,
  { seed, error, schedule, isFirst }: Broken,
): Promise<Failure> {
  const { world, steps } = schedule;
  const mayShrink = world !== undefined && shrinkRuns > 0 && isFirst;
  const shrunk = mayShrink
    ? await shrink({ scenario, seed, error, steps, maxRuns: shrinkRuns, signal })
    : undefined;
  const replay = replayLine(seed, command);
  return { seed, error, replay, traceHash: world?.traceHash(), shrunk };
}
