/**
 * A compactor as bad as the contract allows: its worker is late, loses or doubles what it says,
 * dies in the middle of a table, or tells of tables that it has not written.
 *
 * Time is counted in turns of the promise queue, so that a run stays the same at every repetition.
 */
import { drawInteger, drawOne } from '@ds/sim';
import type { File, FileSystem } from '@ds/storage';
import type { CompactionJob } from '../../src/compaction/compaction-job.ts';
import type { Compactor, CompactorEvent } from '../../src/compaction/compactor.ts';
import { answerJob } from '../../src/compaction/job-answer.ts';
import { deflateCodec } from '../../src/node.ts';

/** How many turns a job may be silent; a prompt one reports within them. */
export const PATIENCE_TURNS = 400;

const FATES = [
  'prompt',
  'late',
  'lost',
  'answer lost',
  'doubled',
  'dies',
  'lies',
  'stale',
] as const;

export type JobFate = (typeof FATES)[number];

export class UnreliableCompactor implements Compactor {
  readonly clock: Compactor['clock'] = {
    setTimer(delayMs, fire) {
      let isDue = true;
      inTurns(delayMs, () => isDue && fire());
      return {
        cancel: () => {
          isDue = false;
        },
      };
    },
  };
  readonly #fileSystem: FileSystem;
  readonly #random: () => number;
  readonly #fates: readonly JobFate[];
  readonly #cancelled = new Set<number>();
  readonly #working = new Set<Promise<void>>();
  #listener: (event: CompactorEvent) => void = () => {};
  #lastDone: CompactorEvent | undefined;

  constructor(
    fileSystem: FileSystem,
    random: () => number,
    fates: readonly JobFate[] = ['prompt', 'prompt', 'prompt', ...FATES],
  ) {
    this.#fileSystem = fileSystem;
    this.#random = random;
    this.#fates = fates;
  }

  listen(listener: (event: CompactorEvent) => void): void {
    this.#listener = listener;
  }

  run(job: CompactionJob): void {
    const fate = drawOne(this.#random, this.#fates);
    if (fate === 'lost') return;
    const working = this.#answer(job, fate).finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  /** Half of the jobs go on all the same, as one does whose worker hears of it too late. */
  cancel(jobId: number): void {
    if (this.#random() < 0.5) this.#cancelled.add(jobId);
  }

  async close(): Promise<void> {
    await Promise.all(this.#working);
  }

  #answer(job: CompactionJob, fate: JobFate): Promise<void> {
    let callsLeft = fate === 'dies' ? drawInteger(this.#random, 1, 30) : Number.POSITIVE_INFINITY;
    const onCall = (): void => {
      callsLeft -= 1;
      if (callsLeft < 0) throw new Error('the worker has died');
    };
    return answerJob(job, {
      fileSystem: fate === 'dies' ? watched(this.#fileSystem, onCall) : this.#fileSystem,
      codecs: [deflateCodec()],
      sliceBytes: 1024,
      report: (event) => this.#report(event, fate),
      goesOn: () => !this.#cancelled.has(job.id),
    });
  }

  #report(event: CompactorEvent, fate: JobFate): void {
    const isEnd = event.type !== 'progress';
    if (fate === 'answer lost' && isEnd) return;
    const turns = fate === 'late' && isEnd ? 2 * PATIENCE_TURNS : drawInteger(this.#random, 1, 4);
    const told = event.type === 'done' ? this.#twisted(event, fate) : event;
    if (event.type === 'done') this.#lastDone = event;
    inTurns(turns, () => this.#listener(told));
    if (fate === 'doubled') inTurns(turns + 3, () => this.#listener(told));
  }

  #twisted(event: CompactorEvent & { type: 'done' }, fate: JobFate): CompactorEvent {
    if (fate === 'stale') return this.#lastDone ?? event;
    const [first, ...others] = event.tables;
    if (fate !== 'lies' || first === undefined) return event;
    const lies = [
      [{ ...first, number: first.number + 1 }, ...others],
      [{ ...first, bytes: first.bytes + 1 }, ...others],
      [{ ...first, entries: first.entries + 1 }, ...others],
      [first, first, ...others],
    ];
    return { ...event, tables: drawOne(this.#random, lies) };
  }
}

/** `inner`, with `onCall` before each call that touches a file. */
function watched(inner: FileSystem, onCall: () => void): FileSystem {
  const before = <O extends object>(target: O): O =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function' || name === 'close') return bound(value, object);
        return (...parameters: unknown[]) => {
          onCall();
          const result: unknown = Reflect.apply(value, object, parameters);
          return name === 'open' ? before(result as File) : result;
        };
      },
    });
  return before(inner);
}

function bound(value: unknown, object: object): unknown {
  return typeof value === 'function' ? value.bind(object) : value;
}

function inTurns(turns: number, fire: () => void): void {
  void Promise.resolve().then(() => (turns > 1 ? inTurns(turns - 1, fire) : fire()));
}
