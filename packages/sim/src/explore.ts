/**
 * Runs a scenario for many seeds, and tells how to run the failing one again.
 *
 * The environment is handed in (`environment: process.env`), since this package reads no globals:
 * `DS_SEED=7` runs that seed alone, `DS_SEEDS=10` runs ten times as many, `DS_FIRST_SEED=1000`
 * moves the first one on by so much, so that a build can take fresh ones each time.
 */
import { diagramSvg } from './diagram.ts';
import { SimulationError } from './errors.ts';
import { Schedule } from './schedule.ts';
import { isMessage, type Shrunk, shrink } from './shrink.ts';
import { traceLines } from './trace-lines.ts';
import type { World } from './world.ts';

export interface ExploreOptions<Result> {
  /**
   * One run. It fails by throwing; what it returns is handed to `onRun`. A scenario that hands its
   * `schedule` on, `new World({ seed, schedule })`, has its first failure shrunk.
   */
  readonly scenario: (seed: number, schedule: Schedule<World>) => Result | Promise<Result>;
  /** How many seeds. @default 100 */
  readonly seeds?: number;
  /** The first of them; they are consecutive. @default 1 */
  readonly firstSeed?: number;
  /** Where `DS_SEED`, `DS_SEEDS` and `DS_FIRST_SEED` are looked up. @default nowhere */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Failures after which it stops. @default 1 */
  readonly maxFailures?: number;
  /** What runs the scenario again, for the line that replays a failure. @default 'npm test' */
  readonly command?: string;
  /** Runs to spend on shrinking the first failure; 0: none. @default 1000 */
  readonly shrinkRuns?: number;
  /**
   * Takes the shrunk run's trace (JSON lines) and space-time diagram (SVG), to write them where it
   * likes. The names tell the seed. @default nobody
   */
  readonly onArtifact?: (name: string, content: string) => void;
  /** Called after each run that did not fail. */
  readonly onRun?: (seed: number, result: Result) => void;
  /** Called after each run. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

export interface Failure {
  readonly seed: number;
  readonly error: unknown;
  /** The one line that runs it again. */
  readonly replay: string;
  /** Of the whole run, when the scenario made its world with the schedule. */
  readonly traceHash: string | undefined;
  /** The first failure made small, when the scenario made its world with the schedule. */
  readonly shrunk: Shrunk | undefined;
}

export interface Exploration {
  readonly runs: number;
  readonly failures: readonly Failure[];
}

/** Runs the scenario for each seed in turn and collects what failed. */
export async function collectFailures<Result>({
  scenario,
  seeds = 100,
  firstSeed = 1,
  environment = {},
  maxFailures = 1,
  command = 'npm test',
  shrinkRuns = 1_000,
  onArtifact,
  onRun,
  onProgress,
  signal,
}: ExploreOptions<Result>): Promise<Exploration> {
  const only = wholeNumber('DS_SEED', environment.DS_SEED, 0);
  const total = only === undefined ? Math.ceil(seeds * factor(environment.DS_SEEDS)) : 1;
  const moved = wholeNumber('DS_FIRST_SEED', environment.DS_FIRST_SEED, 0) ?? 0;
  const start = only ?? firstSeed + moved;
  if (!Number.isSafeInteger(total) || total < 1) {
    throw new RangeError(`seeds is a whole number of at least 1, got ${total}`);
  }
  const failures: Failure[] = [];
  let done = 0;
  while (done < total && failures.length < maxFailures) {
    signal?.throwIfAborted();
    const seed = start + done;
    const schedule = new Schedule<World>();
    try {
      const result = await scenario(seed, schedule);
      onRun?.(seed, result);
    } catch (error) {
      const { world, steps } = schedule;
      const mayShrink = world !== undefined && shrinkRuns > 0 && failures.length === 0;
      const shrunk = mayShrink
        ? await shrink({ scenario, seed, error, steps, maxRuns: shrinkRuns, signal })
        : undefined;
      const traceHash = world?.traceHash();
      failures.push({ seed, error, replay: `DS_SEED=${seed} ${command}`, traceHash, shrunk });
      if (shrunk !== undefined) {
        onArtifact?.(`seed-${seed}.jsonl`, traceLines(shrunk.trace));
        const title = `seed ${seed}, shrunk to ${shrunk.events} events`;
        onArtifact?.(`seed-${seed}.svg`, diagramSvg(shrunk.trace, { title }));
      }
    }
    done += 1;
    onProgress?.({ done, total });
  }
  return { runs: done, failures };
}

/**
 * Runs the scenario for each seed in turn.
 * @throws {SimulationError} `SIM_SCENARIO_FAILED` when one failed, with the line that replays it.
 */
export async function explore<Result>(options: ExploreOptions<Result>): Promise<Exploration> {
  const exploration = await collectFailures(options);
  const { failures, runs } = exploration;
  const [first] = failures;
  if (first === undefined) return exploration;
  const { seed, error, replay } = first;
  const seeds = failures.map((failure) => failure.seed).join(', ');
  throw new SimulationError(
    'SIM_SCENARIO_FAILED',
    `${failures.length} of ${runs} runs failed (seeds ${seeds}); replay with: ${replay}\n` +
      `seed ${seed}: ${messageOf(error)}${describe(first)}`,
    { seed, cause: error, property: propertyOf(error) },
  );
}

function describe({ traceHash, shrunk, error }: Failure): string {
  const lines: string[] = [];
  const property = propertyOf(error);
  if (property !== undefined) lines.push(`violated: ${property}`);
  if (traceHash !== undefined) lines.push(`trace hash: ${traceHash}`);
  if (shrunk !== undefined) {
    const { steps, original, runs, events, minimal } = shrunk;
    const faults = steps.filter(({ name }) => !isMessage(name));
    const all = original.filter(({ name }) => !isMessage(name));
    const least = minimal ? 'none can be spared' : 'the runs ran out';
    lines.push(
      `shrunk from ${all.length} to ${faults.length} steps in ${runs} runs (${least}), ` +
        `${events} events:`,
      ...faults.map(({ name, atMs }) => `  ${atMs.toFixed(3)} ms: ${name}`),
      `  then: ${messageOf(shrunk.error)}`,
    );
  }
  return lines.map((line) => `\n${line}`).join('');
}

function propertyOf(error: unknown): string | undefined {
  return error instanceof SimulationError ? error.property : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function factor(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`DS_SEEDS is a positive factor, got '${text}'`);
  }
  return value;
}

function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} is a whole number of at least ${least}, got '${text}'`);
  }
  return value;
}
