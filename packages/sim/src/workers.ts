/**
 * Explores seeds over worker threads: what `explore` does, as many times faster as there are cores.
 *
 * Each thread loads the scenario's module and is handed one seed at a time. Outcomes are taken in
 * the order of the seeds, and what lies beyond the last failure of interest is thrown away, so the
 * result is the same however many threads there are. A thread whose run outlasts `maxRunMs` of wall
 * time is ended: an endless loop cannot be stopped from within.
 *
 * Cost: a message each way per seed.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { systemClock, type Timer } from '@ds/clock';
import { SimulationError } from './errors.ts';
import { type ExploreSettings, replayLine } from './runner/explore.ts';
import { type Exploration, type Failure, giveArtifacts, throwFailures } from './runner/failure.ts';
import { type SeedRange, seedRange } from './runner/seeds.ts';
import {
  failureOf,
  type Report,
  type Task,
  type ThreadSettings,
} from './runner/thread-messages.ts';

export interface WorkerOptions<Result> extends ExploreSettings<Result> {
  /**
   * The URL of a module that exports `scenario(seed, schedule)`. Node 20 loads no TypeScript into
   * threads, so it is JavaScript. What it returns has to survive a structured clone.
   */
  readonly scenario: URL | string;
  /** Threads. @default one per core */
  readonly workers?: number;
  /** Wall time for one run, after which it counts as endless. @default 60000 */
  readonly maxRunMs?: number;
}

/** How many outcomes wait for an earlier seed that takes its time. */
const MAX_AHEAD = 1_024;

/**
 * As `explore`.
 * @throws {SimulationError} `SIM_SCENARIO_FAILED`; its cause is `SIM_ENDLESS` for a run that was
 * ended from outside.
 */
export async function exploreInWorkers<Result>(
  options: WorkerOptions<Result>,
): Promise<Exploration> {
  return throwFailures(await collectFailuresInWorkers(options));
}

/** As `collectFailures`. */
export async function collectFailuresInWorkers<Result>(
  options: WorkerOptions<Result>,
): Promise<Exploration> {
  const pool = new Pool(options);
  try {
    return await pool.run();
  } finally {
    await pool.close();
  }
}

type Outcome = { readonly failure: Failure } | { readonly result: unknown };

class Pool<Result> {
  readonly #options: WorkerOptions<Result>;
  readonly #settings: ThreadSettings;
  readonly #maxRunMs: number;
  readonly #threads: Thread[];
  readonly #range: SeedRange;
  readonly #outcomes = new Map<number, Outcome>();
  readonly #failures: Failure[] = [];
  /** Threads that are further ahead than they may be. */
  readonly #waiting: (() => void)[] = [];
  #finish: (() => void) | undefined;
  #handedOut = 0;
  #done = 0;

  constructor(options: WorkerOptions<Result>) {
    const { workers = availableParallelism(), maxRunMs = 60_000 } = options;
    if (!(Number.isSafeInteger(workers) && workers >= 1 && workers <= 1_024)) {
      throw new RangeError(`workers is a whole number from 1 to 1024, got ${workers}`);
    }
    if (!(maxRunMs >= 1 && maxRunMs < 2 ** 31)) {
      throw new RangeError(`maxRunMs lies between 1 and 2^31, got ${maxRunMs}`);
    }
    this.#options = options;
    this.#range = seedRange(options);
    const { command } = options;
    this.#settings = { scenario: String(options.scenario), command };
    this.#maxRunMs = maxRunMs;
    const count = Math.min(workers, this.#range.count);
    this.#threads = Array.from({ length: count }, () => this.#thread());
  }

  async run(): Promise<Exploration> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const abort = (): void => void this.close(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#finish = resolve;
        const work = this.#threads.map((thread) => this.#work(thread));
        Promise.all(work).then(() => resolve(), reject);
      });
      await this.#shrinkFirst();
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    return { runs: this.#done, failures: this.#failures };
  }

  async close(reason: unknown = new Error('the exploration is over')): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close(reason)));
  }

  get #over(): boolean {
    const { maxFailures = 1 } = this.#options;
    return this.#done >= this.#range.count || this.#failures.length >= maxFailures;
  }

  async #work(thread: Thread): Promise<void> {
    while (!this.#over && this.#handedOut < this.#range.count) {
      if (this.#handedOut - this.#done >= MAX_AHEAD) {
        await this.#roomAhead();
        continue;
      }
      const seed = this.#range.first + this.#handedOut;
      this.#handedOut += 1;
      this.#outcomes.set(seed, await thread.run({ seed, shrinkRuns: 0 }));
      this.#takeInOrder();
    }
  }

  #roomAhead(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #takeInOrder(): void {
    const { onRun, onProgress } = this.#options;
    while (!this.#over) {
      const seed = this.#range.first + this.#done;
      const outcome = this.#outcomes.get(seed);
      if (outcome === undefined) break;
      this.#outcomes.delete(seed);
      if ('failure' in outcome) this.#failures.push(outcome.failure);
      else onRun?.(seed, outcome.result as Result);
      this.#done += 1;
      onProgress?.({ done: this.#done, total: this.#range.count });
    }
    for (const go of this.#waiting.splice(0)) go();
    // Whoever still works on a later seed works in vain.
    if (this.#over) this.#finish?.();
  }

  /** Runs the first failure once more to make it small; an endless run cannot be. */
  async #shrinkFirst(): Promise<void> {
    const [first] = this.#failures;
    const { shrinkRuns = 1_000, onArtifact } = this.#options;
    if (first === undefined) return;
    if (shrinkRuns > 0 && first.traceHash !== undefined) {
      const thread = this.#thread();
      this.#threads.push(thread);
      const again = await thread.run({ seed: first.seed, shrinkRuns });
      // A smaller run that never ends says nothing of the failure itself.
      if ('failure' in again && again.failure.shrunk !== undefined) {
        this.#failures[0] = again.failure;
      }
    }
    if (onArtifact !== undefined) giveArtifacts(this.#failures[0] ?? first, onArtifact);
  }

  #thread(): Thread {
    return new Thread(this.#settings, this.#maxRunMs);
  }
}

/** One worker thread, started anew after a run that had to be ended. */
class Thread {
  readonly #settings: ThreadSettings;
  readonly #maxRunMs: number;
  #worker: Worker | undefined;
  #abandon: ((reason: unknown) => void) | undefined;
  #closed: { readonly reason: unknown } | undefined;

  constructor(settings: ThreadSettings, maxRunMs: number) {
    this.#settings = settings;
    this.#maxRunMs = maxRunMs;
  }

  /** Rejects when it is closed meanwhile. A run that takes its thread with it has failed. */
  async run(task: Task): Promise<Outcome> {
    const worker = this.#start();
    return new Promise((resolve, reject) => {
      let watchdog: Timer | undefined;
      const settle = (settled: () => void): void => {
        watchdog?.cancel();
        this.#abandon = undefined;
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        settled();
      };
      const end = (outcome: Outcome): void => settle(() => resolve(outcome));
      const watch = (): void => {
        watchdog?.cancel();
        const giveUp = (): void => end({ failure: this.#endless(task) });
        watchdog = systemClock.setTimer(this.#maxRunMs, giveUp);
      };
      const onMessage = (report: Report): void => {
        if (report.kind === 'called') watch();
        else if (report.kind === 'passed') end({ result: report.result });
        else end({ failure: failureOf(report.failure) });
      };
      const onError = (error: unknown): void => end({ failure: this.#lost(task, error) });
      const onExit = (code: number): void => {
        onError(new Error(`the run ended its worker thread with code ${code}`));
      };
      this.#abandon = (reason) => settle(() => reject(reason));
      watch();
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(task);
    });
  }

  async close(reason: unknown): Promise<void> {
    this.#closed ??= { reason };
    this.#abandon?.(reason);
    await this.#worker?.terminate();
  }

  #start(): Worker {
    if (this.#closed !== undefined) throw this.#closed.reason;
    this.#worker ??= new Worker(workerProgram(), { workerData: this.#settings });
    return this.#worker;
  }

  #endless(task: Task): Failure {
    const { seed } = task;
    const message = `seed ${seed} has not ended within ${this.#maxRunMs} ms of wall time`;
    return this.#lost(task, new SimulationError('SIM_ENDLESS', message, { seed }));
  }

  /** The next seed gets a new thread. */
  #lost({ seed }: Task, error: unknown): Failure {
    void this.#worker?.terminate();
    this.#worker = undefined;
    const replay = replayLine(seed, this.#settings.command);
    return { seed, error, replay, traceHash: undefined, shrunk: undefined };
  }
}

/** The worker's program lies beside this one, or beside the chunk that this one is built into. */
function workerProgram(): URL {
  if (import.meta.url.endsWith('.ts')) {
    throw new TypeError('worker threads load no TypeScript: build the package first');
  }
  return new URL('./worker.js', import.meta.url);
}
