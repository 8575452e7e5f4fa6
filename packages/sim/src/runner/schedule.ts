/**
 * What a run's bad luck and its scenario consist of, step by step, so that a failing run can be had
 * again with some of the steps left out.
 *
 * Every fault that a world is about to commit, and every optional part that a scenario asks about
 * with `world.takes('...')`, is a step with a name. A first run takes them all and writes them
 * down; a replay takes the ones it is told and refuses the rest. A delayed message is such a step
 * too: refused, the message takes as long as a quick one. All else stays as the seed has it: a
 * world with a schedule draws what befalls a message from a stream of the message's own (its link
 * and time), so that one fault less shifts no other.
 *
 * Invariant: the same seed and the same `only` give the same run.
 */

/** A step that was taken. */
export interface ScheduledStep {
  /** Unique within the run: what kind of step, whom it concerns, and which of several. */
  readonly name: string;
  /** When, in virtual ms. */
  readonly atMs: number;
}

/** What a schedule wants to know of the world it governs. */
export interface ScheduledWorld {
  readonly now: number;
  readonly trace: readonly unknown[];
  traceHash(): string;
  counts(): { readonly nodeEvents: number };
}

export interface ScheduleOptions {
  /** Has the names of the steps to take; all others are left out. @default every step is taken */
  readonly only?: Pick<ReadonlySet<string>, 'has'>;
  /** Lets the world keep its trace. @default false */
  readonly trace?: boolean;
}

export class Schedule<W extends ScheduledWorld = ScheduledWorld> {
  readonly trace: boolean;
  readonly #only: Pick<ReadonlySet<string>, 'has'> | undefined;
  readonly #counts = new Map<string, number>();
  readonly #steps: ScheduledStep[] = [];
  #world: W | undefined;

  constructor({ only, trace = false }: ScheduleOptions = {}) {
    this.#only = only;
    this.trace = trace;
  }

  /** The steps taken so far, in order. */
  get steps(): readonly ScheduledStep[] {
    return this.#steps;
  }

  /** The world that was made with this schedule, if any; the last one. */
  get world(): W | undefined {
    return this.#world;
  }

  /** Called by the world's constructor. */
  govern(world: W): void {
    this.#world = world;
  }

  /** Whether the next step called `step` happens; asking counts. */
  takes(step: string): boolean {
    const count = (this.#counts.get(step) ?? 0) + 1;
    this.#counts.set(step, count);
    const name = count === 1 ? step : `${step} #${count}`;
    if (this.#only !== undefined && !this.#only.has(name)) return false;
    this.#steps.push({ name, atMs: this.#world?.now ?? 0 });
    return true;
  }
}
