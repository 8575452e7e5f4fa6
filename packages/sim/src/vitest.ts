/**
 * A simulation as a test of vitest's: many seeds under one title, and a failure that tells how to
 * have it again.
 *
 * `DS_SEED`, `DS_SEEDS` and `DS_FIRST_SEED` choose the seeds (seeds.ts). With `DS_ARTIFACTS=folder`
 * the trace and the space-time diagram of the shrunk failure are written there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'vitest';
import { collectFailures, type ExploreSettings, type Scenario } from './runner/explore.ts';
import { throwFailures } from './runner/failure.ts';

export interface SimulationOptions<Result>
  extends Pick<
    ExploreSettings<Result>,
    'seeds' | 'firstSeed' | 'maxFailures' | 'shrinkRuns' | 'onRun'
  > {
  /** The folder for trace and diagram of a failure. @default `DS_ARTIFACTS`, or none */
  readonly artifacts?: string | undefined;
  /** Wall time for all seeds together. @default an hour */
  readonly timeoutMs?: number;
  /**
   * Called with what the runs returned once all have passed, to fail when they met too little. Not
   * called when the environment asked for fewer seeds than `seeds`.
   */
  readonly evidence?: (results: readonly Result[]) => void;
}

const HOUR_MS = 3_600_000;

/**
 * Declares a test that runs `scenario` for each seed. It fails with `SIM_SCENARIO_FAILED`: seed,
 * trace hash, the violated property, the shrunk schedule, and the line that replays it.
 */
export function simulation<Result>(
  title: string,
  options: SimulationOptions<Result>,
  scenario: Scenario<Result>,
): void {
  const { seeds = 100, timeoutMs = HOUR_MS, evidence, onRun, ...settings } = options;
  test(title, { timeout: timeoutMs }, async ({ task, signal }) => {
    const { env } = process;
    const { artifacts = env.DS_ARTIFACTS } = options;
    const written: string[] = [];
    const results: Result[] = [];
    const exploration = await collectFailures({
      ...settings,
      scenario,
      seeds,
      environment: env,
      command: commandFor(task.file.filepath, title),
      signal,
      onRun: (seed, result) => {
        if (evidence !== undefined) results.push(result);
        onRun?.(seed, result);
      },
      ...(artifacts && {
        onArtifact: (name: string, content: string) => {
          mkdirSync(artifacts, { recursive: true });
          written.push(join(artifacts, name));
          writeFileSync(join(artifacts, name), content);
        },
      }),
    });
    throwFailures(exploration, written.map((file) => `\nwritten: ${file}`).join(''));
    if (results.length >= seeds) evidence?.(results);
  });
}

/** Runs this one test. A title is a pattern to vitest, and quoted for the shell. */
function commandFor(file: string, title: string): string {
  const pattern = title.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll("'", `'\\''`);
  return `npx vitest run ${relative(process.cwd(), file)} -t '${pattern}'`;
}
