/**
 * Makes a failing run small: leaves steps out of its schedule for as long as it fails the same way.
 *
 * First whole kinds of steps (all nodes that may be missing, all losses), then all steps that
 * concern one subject, then halves, quarters and so on of what is left, down to single ones, and
 * messages too where the network may lose them, until no single step can be spared. Every try is a
 * whole run from the seed, so the result has failed before one's eyes.
 *
 * Cost: at most `maxRuns` runs, and one for the trace.
 * Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.
 */
import { SimulationError } from './errors.ts';
import { Schedule, type ScheduledStep } from './schedule.ts';
import type { TraceEvent } from './trace.ts';
import type { World } from './world.ts';

export interface ShrinkOptions {
  readonly scenario: (seed: number, schedule: Schedule<World>) => unknown;
  readonly seed: number;
  /** What the run failed with, and its schedule. */
  readonly error: unknown;
  readonly steps: readonly ScheduledStep[];
  /** Runs to spend. @default 1000 */
  readonly maxRuns?: number;
  /** Whether a smaller run failed the same way. @default {@link failureSignature} is equal */
  readonly sameFailure?: (error: unknown, original: unknown) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A failing run of which no step can be spared, or for which the runs ran out. */
export interface Shrunk {
  readonly steps: readonly ScheduledStep[];
  /** The steps of the run at first. */
  readonly original: readonly ScheduledStep[];
  readonly runs: number;
  /** No single step can be left out. */
  readonly minimal: boolean;
  readonly error: unknown;
  readonly traceHash: string;
  /** Messages, timers and syncs that reached a node before it failed. */
  readonly events: number;
  readonly trace: readonly TraceEvent[];
}

/**
 * How a run failed, without the numbers and names that differ from run to run: the violated
 * property or the code and the node of a `SimulationError`, with its cause; else the error's name
 * and message, less the words with digits or quotes in them.
 */
export function failureSignature(error: unknown): string {
  if (error instanceof SimulationError) {
    if (error.property !== undefined) return `${error.code} ${error.property}`;
    const cause = error.cause === undefined ? '' : ` ${failureSignature(error.cause)}`;
    return `${error.code}${cause}`;
  }
  if (!(error instanceof Error)) return typeof error;
  const words = error.message.split(/\s+/).map((word) => (/[\d"']/.test(word) ? '#' : word));
  return `${error.name} ${words.join(' ')}`;
}

/** Shrinks the run of `seed` that failed with `error`. */
export async function shrink({
  maxRuns = 1_000,
  sameFailure = (error, original) => failureSignature(error) === failureSignature(original),
  ...options
}: ShrinkOptions): Promise<Shrunk> {
  if (!(maxRuns >= 1 && Number.isSafeInteger(maxRuns))) {
    throw new RangeError(`maxRuns is a whole number of at least 1, got ${maxRuns}`);
  }
  return new Shrinker({ ...options, maxRuns, sameFailure }).run();
}

class Shrinker {
  readonly #options: Required<Omit<ShrinkOptions, 'signal'>> & Pick<ShrinkOptions, 'signal'>;
  #steps: readonly string[];
  #runs = 0;

  constructor(options: Required<Omit<ShrinkOptions, 'signal'>> & Pick<ShrinkOptions, 'signal'>) {
    this.#options = options;
    this.#steps = options.steps.map(({ name }) => name);
  }

  async run(): Promise<Shrunk> {
    await this.#dropGroups((name) => name.split(' ', 1)[0]!);
    await this.#dropGroups((name) => name.split(' ', 2).join(' '));
    await this.#halve((name) => !isMessage(name));
    await this.#halve(isMessage);
    // One step less may make others superfluous: until nothing changes any more.
    for (;;) {
      const before = this.#steps.length;
      await this.#dropChunks(1, () => true);
      if (this.#steps.length === before || this.#spent) break;
    }
    const minimal = !this.#spent;
    const { schedule, error } = await this.#fail(new Set(this.#steps), true);
    if (schedule?.world === undefined) throw error;
    const { world, steps } = schedule;
    return {
      steps,
      original: this.#options.steps,
      runs: this.#runs,
      minimal,
      error,
      traceHash: world.traceHash(),
      events: world.counts().nodeEvents,
      trace: world.trace,
    };
  }

  get #spent(): boolean {
    return this.#runs >= this.#options.maxRuns;
  }

  async #dropGroups(groupOf: (name: string) => string): Promise<void> {
    const groups = new Set(this.#steps.filter((name) => !isMessage(name)).map(groupOf));
    for (const group of groups) {
      await this.#try(this.#steps.filter((name) => groupOf(name) !== group));
    }
  }

  async #halve(belongs: (name: string) => boolean): Promise<void> {
    const count = this.#steps.filter(belongs).length;
    for (let size = count >> 1; size >= 1; size >>= 1) await this.#dropChunks(size, belongs);
  }

  async #dropChunks(size: number, belongs: (name: string) => boolean): Promise<void> {
    // From the end: what came last mattered least, more often than not.
    for (let end = this.#steps.length; end > 0; end -= size) {
      const candidates = this.#steps.filter(belongs);
      if (end > candidates.length) continue;
      const chunk = new Set(candidates.slice(Math.max(0, end - size), end));
      await this.#try(this.#steps.filter((name) => !chunk.has(name)));
    }
  }

  /** Goes on with `names`, if they fail as well. */
  async #try(names: readonly string[]): Promise<void> {
    if (this.#spent || names.length === this.#steps.length) return;
    this.#options.signal?.throwIfAborted();
    const { schedule, error } = await this.#fail(new Set(names), false);
    if (schedule === undefined || !this.#options.sameFailure(error, this.#options.error)) return;
    this.#steps = schedule.steps.map(({ name }) => name);
  }

  /** Runs a part of the schedule; without a failure there is no schedule to go on with. */
  async #fail(
    only: ReadonlySet<string>,
    trace: boolean,
  ): Promise<{ schedule?: Schedule<World>; error?: unknown }> {
    this.#runs += 1;
    const schedule = new Schedule<World>({ only, trace });
    try {
      await this.#options.scenario(this.#options.seed, schedule);
    } catch (error) {
      return { schedule, error };
    }
    return {};
  }
}

/** A message that the network might have lost, and did not. */
export function isMessage(name: string): boolean {
  return name.startsWith('message ');
}
