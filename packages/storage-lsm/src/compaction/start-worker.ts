/**
 * Merging in a worker thread of Node.
 *
 * A job starts the thread if there is none. One that has had no job for a while is ended, since it
 * holds memory, and so is one when the store closes. One that dies fails its job. A job is given up
 * by ending its thread, since nothing else stops it at once. The thread does not keep the process
 * alive; the wait for its next job does, as any timer, and is short.
 */
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock, type Timer } from '@ds/clock';
import type { CompactionJob } from './compaction-job.ts';
import type { Compactor, CompactorEvent } from './compactor.ts';

/** Merging leaves little garbage behind: Node's usual 48 MiB for the young would only fill up. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 6 };

/**
 * How long a thread is kept without a job. While much is written one merge follows another sooner
 * than that; starting a thread costs some 40 ms of CPU, keeping one some 14 MB.
 */
const IDLE_MS = 400;

export interface WorkerCompactorOptions {
  /**
   * The thread's program, for bundlers that move files: the built `compaction-worker.js` of this
   * package. @default the one beside this module
   */
  readonly program?: URL;
  /** @default systemClock */
  readonly clock?: Pick<Clock, 'setTimer'>;
}

/** A compactor for `openLsmStore` that merges in a thread of its own. One for each store. */
export function workerCompactor({
  program = new URL('./compaction-worker.js', import.meta.url),
  clock = systemClock,
}: WorkerCompactorOptions = {}): Compactor {
  return new WorkerCompactor(program, clock);
}

class WorkerCompactor implements Compactor {
  readonly clock: Compactor['clock'];
  readonly #program: URL;
  #listener: (event: CompactorEvent) => void = () => {};
  #worker: Worker | undefined;
  /** The job that the thread has. */
  #job: number | undefined;
  /** Runs while there is a thread and no job. */
  #idle: Timer | undefined;
  /** Threads that are ending. */
  readonly #ending = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(program: URL, clock: Compactor['clock']) {
    this.#program = program;
    this.clock = clock;
  }

  listen(listener: (event: CompactorEvent) => void): void {
    this.#listener = listener;
  }

  run(job: CompactionJob): void {
    if (this.#isClosed) return;
    this.#idle?.cancel();
    this.#worker ??= this.#start();
    this.#job = job.id;
    this.#worker.postMessage(job);
  }

  cancel(jobId: number): void {
    if (this.#job === jobId) this.#end();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#end();
    await Promise.all(this.#ending);
  }

  #start(): Worker {
    const worker = new Worker(this.#program, { resourceLimits: RESOURCE_LIMITS });
    worker.unref();
    worker.on('message', (event: CompactorEvent) => {
      if (event.type !== 'progress' && event.job === this.#job) this.#rest();
      this.#listener(event);
    });
    let reason = 'the worker ended';
    worker.on('error', (error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      const job = this.#job;
      this.#worker = undefined;
      this.#job = undefined;
      if (job !== undefined) this.#listener({ type: 'failed', job, reason });
    });
    return worker;
  }

  /** The job is done; the listener may have another at once. */
  #rest(): void {
    this.#job = undefined;
    this.#idle?.cancel();
    this.#idle = this.clock.setTimer(IDLE_MS, () => this.#end());
  }

  #end(): void {
    this.#idle?.cancel();
    const worker = this.#worker;
    this.#worker = undefined;
    this.#job = undefined;
    if (worker === undefined) return;
    const ending: Promise<unknown> = worker.terminate().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
