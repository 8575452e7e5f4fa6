/**
 * Makes a failing run small: leaves steps out of its schedule for as long as it fails the same way.
 *
 * First whole kinds of steps (all nodes that may be missing, all losses), then all steps that
 * concern one subject, then halves, quarters and so on of what is left, down to single ones, and
 * messages too where the network may lose them, until no single step can be spared. Then late
 * messages are made quick, as far as that makes nothing larger. Every try is a whole run from the
 * seed, so the result has failed before one's eyes.
 *
 * Invariant: the result fails the same way, and has neither more steps nor more events than the
 * run it came from. Cost: at most `maxRuns` runs, and one for the trace.
 * Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.
 */
import { SimulationError } from '../errors.ts';
import type { TraceEvent } from '../kernel/trace.ts';
import type { World } from '../world.ts';
import { Schedule, type ScheduledStep } from './schedule.ts';

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

/**
 * Shrinks the run of `seed` that failed with `error`.
 * @throws {SimulationError} `SIM_NOT_REPEATED` when it does not fail when run again.
 */
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

/** What a run consists of, and how large it is. */
interface Size {
  readonly names: readonly string[];
  readonly events: number;
}

interface Run extends Size {
  readonly schedule: Schedule<World>;
  readonly world: World;
  readonly error: unknown;
}

const NOTHING: (name: string) => boolean = () => false;

class Shrinker {
  readonly #options: Required<Omit<ShrinkOptions, 'signal'>> & Pick<ShrinkOptions, 'signal'>;
  #least: Size;
  #runs = 0;

  constructor(options: Required<Omit<ShrinkOptions, 'signal'>> & Pick<ShrinkOptions, 'signal'>) {
    this.#options = options;
    this.#least = { names: options.steps.map(({ name }) => name), events: 0 };
  }

  async run(): Promise<Shrunk> {
    this.#least = await this.#replay(this.#least.names, false);
    const isFault = (name: string): boolean => !isMessage(name) && !isDelay(name);
    await this.#dropGroups(isFault, (name) => name.split(' ', 1)[0]!);
    await this.#dropGroups(isFault, (name) => name.split(' ', 2).join(' '));
    await this.#halve(isFault);
    await this.#halve(isMessage);
    await this.#dropSingles();
    const { names } = this.#least;
    await this.#quicken();
    // Other delays are other times, at which other messages are sent.
    if (this.#least.names !== names) {
      await this.#halve(isMessage);
      await this.#dropSingles();
    }
    const minimal = !this.#spent;
    const { schedule, world, error, events } = await this.#replay(this.#least.names, true);
    return {
      steps: schedule.steps,
      original: this.#options.steps,
      runs: this.#runs,
      minimal,
      error,
      traceHash: world.traceHash(),
      events,
      trace: world.trace,
    };
  }

  get #spent(): boolean {
    return this.#runs >= this.#options.maxRuns;
  }

  async #dropGroups(
    belongs: (name: string) => boolean,
    groupOf: (name: string) => string,
    admits = NOTHING,
  ): Promise<void> {
    for (const group of new Set(this.#least.names.filter(belongs).map(groupOf))) {
      const inGroup = (name: string): boolean => belongs(name) && groupOf(name) === group;
      await this.#tryWithout(inGroup, admits);
    }
  }

  async #halve(belongs: (name: string) => boolean): Promise<void> {
    const count = this.#least.names.filter(belongs).length;
    for (let size = count >> 1; size >= 1; size >>= 1) await this.#dropChunks(size, belongs);
  }

  /** One step less may make others superfluous: until nothing changes any more. */
  async #dropSingles(): Promise<void> {
    for (;;) {
      const before = this.#least.names.length;
      await this.#dropChunks(1, () => true);
      if (this.#least.names.length === before || this.#spent) return;
    }
  }

  async #dropChunks(size: number, belongs: (name: string) => boolean): Promise<void> {
    // From the end: what came last mattered least, more often than not.
    for (let end = this.#least.names.length; end > 0; end -= size) {
      const candidates = this.#least.names.filter(belongs);
      if (end > candidates.length) continue;
      const chunk = new Set(candidates.slice(Math.max(0, end - size), end));
      await this.#tryWithout((name) => chunk.has(name));
    }
  }

  /**
   * Lets messages be quick: all, those of a link, single ones. What follows a message then happens
   * at another time, and messages are known by their times; so those have to be let through.
   */
  async #quicken(): Promise<void> {
    await this.#dropGroups(isDelay, () => 'all', isMessage);
    await this.#dropGroups(isDelay, (name) => name.split(' ', 2).join(' '), isMessage);
    await this.#dropGroups(isDelay, (name) => name, isMessage);
  }

  /**
   * Goes on without some steps, if that fails as well and is no larger. Steps that were not known
   * before are taken where `admits` says so; where that makes the run larger, messages are taken
   * out of it again first.
   */
  async #tryWithout(isOut: (name: string) => boolean, admits = NOTHING): Promise<void> {
    const names = this.#least.names.filter((name) => !isOut(name));
    if (this.#spent || names.length === this.#least.names.length) return;
    const run = await this.#fail(names, admits, false);
    if (run === undefined) return;
    const before = this.#least;
    this.#least = run;
    if (admits !== NOTHING) await this.#halve(isMessage);
    const { names: left, events } = this.#least;
    if (left.length > before.names.length || events > before.events) this.#least = before;
  }

  /** A run that has to fail. */
  async #replay(names: readonly string[], trace: boolean): Promise<Run> {
    const run = await this.#fail(names, NOTHING, trace);
    if (run !== undefined) return run;
    const { seed, error } = this.#options;
    throw new SimulationError(
      'SIM_NOT_REPEATED',
      `seed ${seed} failed, but not when it was run again: its scenario takes time, chance or ` +
        'state from outside of its world',
      { seed, cause: error },
    );
  }

  /** Runs a part of the schedule; nothing unless it fails the same way. */
  async #fail(
    names: readonly string[],
    admits: (name: string) => boolean,
    trace: boolean,
  ): Promise<Run | undefined> {
    this.#options.signal?.throwIfAborted();
    this.#runs += 1;
    const kept = new Set(names);
    const only = { has: (name: string): boolean => kept.has(name) || admits(name) };
    const schedule = new Schedule<World>({ only, trace });
    try {
      await this.#options.scenario(this.#options.seed, schedule);
      return undefined;
    } catch (error) {
      const { world, steps } = schedule;
      if (world === undefined || !this.#options.sameFailure(error, this.#options.error)) {
        return undefined;
      }
      const { nodeEvents } = world.counts();
      return { names: steps.map(({ name }) => name), events: nodeEvents, schedule, world, error };
    }
  }
}

/** A message that the network might have lost, and did not. */
export function isMessage(name: string): boolean {
  return name.startsWith('message ');
}

/** A message that took longer than a quick one. */
export function isDelay(name: string): boolean {
  return name.startsWith('late ');
}
