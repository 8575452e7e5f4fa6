/**
 * Is a history sequentially consistent: is there one order of all operations that keeps each
 * process's own order and explains every answer, whatever the clock on the wall said?
 *
 * The search walks over configurations (how far each process has got, the object's state) and
 * never enters one twice. An operation that surely changes nothing is taken as soon as it fits. An
 * operation without an outcome may take effect at any time after those its process had done
 * before, or never, and its process does not wait for it. An operation without a process is one of
 * its own.
 *
 * Unlike linearizability this is not local: parts cannot be judged one by one. Cost: exponential in
 * the number of processes at worst; memory is bounded by `maxBytes`, beyond which the verdict is
 * `'undecided'`. Source: Lamport, "How to make a multiprocessor computer that correctly executes
 * multiprocess programs", 1979.
 */
import { ConfigurationSet } from './configuration-set.ts';
import type { Operation } from './history.ts';
import { type Model, text } from './models.ts';
import { checkSearchLimits, type SearchLimits } from './search-limits.ts';
import { StateTable } from './state-table.ts';
import { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';

export interface SequentialOptions {
  /** Memory for configurations and states, in bytes. @default 256 MiB */
  readonly maxBytes?: number;
  /** Steps of the search. @default 100,000,000 */
  readonly maxSteps?: number;
  /** Refuses to judge a weaker history. @default at least one operation */
  readonly floor?: Floor;
}

export interface SequentialResult {
  /** `'undecided'`: the search met its limit first. */
  readonly verdict: 'sequential' | 'violated' | 'undecided';
  readonly strength: Strength;
  /** Configurations visited: how hard it was. */
  readonly configurations: number;
  /** For another verdict than `'sequential'`: the longest order found and what it lacks. */
  readonly violation?: {
    /** Indices into the history. */
    readonly explained: readonly number[];
    /** The next operation of each process, none of which fits after those. */
    readonly stuckAt: readonly number[];
    readonly message: string;
  };
}

/** Operations that happen in this order, after `needs` of another chain. */
interface Chain {
  readonly operations: number[];
  readonly optional: boolean;
  readonly needs: { readonly chain: number; readonly done: number } | undefined;
}

interface Step {
  readonly chain: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Judges `history` by `model`.
 * @throws {SimulationError} `SIM_TOO_WEAK` when the history lies below `floor`.
 */
export function checkSequentialConsistency<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  { maxBytes = 256 * 2 ** 20, maxSteps = 100_000_000, floor = {} }: SequentialOptions = {},
): SequentialResult {
  checkSearchLimits({ maxBytes, maxSteps });
  const strength = strengthOf(history);
  checkStrength(strength, floor);
  const search = new Search(model, history, { maxBytes, maxSteps });
  const verdict = search.run();
  const { configurations } = search;
  if (verdict === 'sequential') return { verdict, strength, configurations };
  return { verdict, strength, configurations, violation: search.explain() };
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #history: readonly Operation<Input, Output>[];
  readonly #readsOnly: readonly boolean[];
  readonly #chains: readonly Chain[];
  /** How many operations of each chain have been taken. */
  readonly #done: Int32Array;
  readonly #states: StateTable<State, Input, Output>;
  readonly #visited: ConfigurationSet;
  readonly #path: Step[] = [];
  readonly #initial: number;
  #stepsLeft: number;
  #left: number;
  #longest: readonly number[] = [];
  #stuckAt: readonly number[] = [];

  constructor(
    model: Model<State, Input, Output>,
    history: readonly Operation<Input, Output>[],
    { maxBytes, maxSteps }: SearchLimits,
  ) {
    this.#model = model;
    this.#history = history;
    this.#readsOnly = history.map(({ input, output }) => model.readsOnly?.(input, output) ?? false);
    this.#chains = chainsOf(history);
    this.#done = new Int32Array(this.#chains.length);
    const optional = this.#chains.filter((chain) => chain.optional).length;
    this.#visited = new ConfigurationSet(this.#chains.length - optional, optional, maxBytes / 2);
    this.#states = new StateTable(model, history, maxBytes / 2);
    this.#initial = this.#states.initial;
    this.#stepsLeft = maxSteps;
    this.#left = history.filter(({ returnAt }) => returnAt !== undefined).length;
  }

  get configurations(): number {
    return this.#visited.size;
  }

  run(): SequentialResult['verdict'] {
    const untried: Step[][] = [this.#steps(this.#initial)];
    this.#noteStuck();
    while (this.#left > 0) {
      const steps = untried.at(-1);
      if (steps === undefined) return 'violated';
      this.#stepsLeft -= 1;
      if (this.#stepsLeft < 0 || this.#visited.full || this.#states.full) return 'undecided';
      const step = steps.pop();
      if (step === undefined) {
        untried.pop();
        const last = this.#path.pop();
        if (last !== undefined) this.#move(last, -1);
        continue;
      }
      this.#move(step, 1);
      if (!this.#visited.add(this.#done, step.to)) {
        this.#move(step, -1);
        continue;
      }
      this.#path.push(step);
      this.#noteStuck();
      untried.push(this.#steps(step.to));
    }
    return 'sequential';
  }

  explain(): NonNullable<SequentialResult['violation']> {
    const lacking = this.#stuckAt.map((index) => {
      const { input, output, process } = this.#history[index]!;
      const words = this.#model.describe?.(input, output) ?? `${text(input)} -> ${text(output)}`;
      return `  ${process ?? `operation ${index}`}: ${words}`;
    });
    return {
      explained: this.#longest,
      stuckAt: this.#stuckAt,
      message:
        `${this.#longest.length} of ${this.#history.length} operations have an order; ` +
        `none of these fits after it:\n${lacking.join('\n')}`,
    };
  }

  #move({ chain, from }: Step, by: 1 | -1): void {
    this.#done[chain] = by < 0 ? from : from + 1;
    if (!this.#chains[chain]!.optional) this.#left -= by;
  }

  /** Every way on from here that has to be tried, the likeliest last. */
  #steps(state: number): Step[] {
    const steps: Step[] = [];
    const unlikely: Step[] = [];
    for (const [chain, { operations, optional, needs }] of this.#chains.entries()) {
      const from = this.#done[chain]!;
      const index = operations[from];
      if (index === undefined) continue;
      if (needs !== undefined && this.#done[needs.chain]! < needs.done) continue;
      for (const to of this.#states.next(state, index)) {
        // Whatever could come before a read that fits can come after it.
        if (!optional && this.#readsOnly[index]) return [{ chain, from, to }];
        if (!optional) steps.push({ chain, from, to });
        // What may never have happened is tried when nothing else fits, and if it changes a thing.
        else if (to !== state) unlikely.push({ chain, from, to });
      }
    }
    return [...unlikely, ...steps];
  }

  #noteStuck(): void {
    if (this.#path.length <= this.#longest.length && this.#stuckAt.length > 0) return;
    this.#longest = this.#path.map(({ chain, from }) => this.#chains[chain]!.operations[from]!);
    this.#stuckAt = this.#chains.flatMap(({ operations, optional }, chain) => {
      const index = operations[this.#done[chain]!];
      return optional || index === undefined ? [] : [index];
    });
  }
}

/** One chain per process, and after those one per operation without an outcome. */
function chainsOf(history: readonly Operation<unknown, unknown>[]): Chain[] {
  const byCall = [...history.keys()].sort((a, b) => history[a]!.callAt - history[b]!.callAt);
  const chains: Chain[] = [];
  const optional: Chain[] = [];
  const ofProcess = new Map<string | number, number>();
  for (const index of byCall) {
    const { process, returnAt } = history[index]!;
    let chain = process === undefined ? undefined : ofProcess.get(process);
    if (chain === undefined) {
      chain = chains.push({ operations: [], optional: false, needs: undefined }) - 1;
      if (process !== undefined) ofProcess.set(process, chain);
    }
    if (returnAt !== undefined) chains[chain]!.operations.push(index);
    else {
      const needs = { chain, done: chains[chain]!.operations.length };
      optional.push({ operations: [index], optional: true, needs });
    }
  }
  return [...chains, ...optional];
}
