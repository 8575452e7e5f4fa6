/**
 * Merging in a worker thread of Node.
 *
 * The thread starts with the first job and ends with the store. One that dies fails its job, and
 * the next job starts another. A job is given up by ending its thread, since nothing else stops it
 * at once. An idle thread does not keep the process alive.
 */
import { Worker } from 'node:worker_threads';
import { systemClock } from '@ds/clock';
import type { CompactionJob } from './compaction-job.ts';
import type { Compactor, CompactorEvent } from './compactor.ts';

/** Merging leaves little garbage behind: Node's usual 48 MiB for the young would only fill up. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 6 };

export interface WorkerCompactorOptions {
  /**
   * The thread's program, for bundlers that move files: the built `compaction-worker.js` of this
   * package. @default the one beside this module
   */
  readonly program?: URL;
}

/** A compactor for `openLsmStore` that merges in a thread of its own. One for each store. */
export function workerCompactor({ program }: WorkerCompactorOptions = {}): Compactor {
  return new WorkerCompactor(program ?? new URL('./compaction-worker.js', import.meta.url));
}

class WorkerCompactor implements Compactor {
  readonly clock: Compactor['clock'] = systemClock;
  readonly #program: URL;
  #listener: (event: CompactorEvent) => void = () => {};
  #worker: Worker | undefined;
  /** The job that the thread has. */
  #job: number | undefined;
  /** Threads that are ending. */
  readonly #ending = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(program: URL) {
    this.#program = program;
  }

  listen(listener: (event: CompactorEvent) => void): void {
    this.#listener = listener;
  }

  run(job: CompactionJob): void {
    if (this.#isClosed) return;
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
      if (event.type !== 'progress' && event.job === this.#job) this.#job = undefined;
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

  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#job = undefined;
    if (worker === undefined) return;
    const ending: Promise<unknown> = worker.terminate().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
