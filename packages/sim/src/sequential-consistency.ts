/**
 * Is a history sequentially consistent: is there one order of all operations that keeps each
 * process's own order and explains every answer, whatever the clock on the wall said?
 *
 * The search walks over configurations (how far each process has got, the object's state) and
 * never enters one twice. An operation without an outcome may take effect at any time after those
 * its process had done before, or never, and its process does not wait for it. An operation without
 * a process is one of its own.
 *
 * Unlike linearizability this is not local: parts cannot be judged one by one. Cost: exponential in
 * the number of processes at worst; bounded by `maxConfigurations`, beyond which the verdict is
 * `'unknown'`. Source: Lamport, "How to make a multiprocessor computer that correctly executes
 * multiprocess programs", 1979.
 */
import type { Operation } from './history.ts';
import { Choice, ILLEGAL, type Model, text } from './models.ts';
import { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';

export interface SequentialOptions {
  /** Configurations to visit before it gives up. @default 1,000,000 */
  readonly maxConfigurations?: number;
  /** Refuses to judge a weaker history. @default none */
  readonly floor?: Floor;
}

export interface SequentialResult {
  readonly verdict: 'sequential' | 'violated' | 'unknown';
  readonly strength: Strength;
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
  { maxConfigurations = 1_000_000, floor = {} }: SequentialOptions = {},
): SequentialResult {
  if (!(maxConfigurations >= 1 && maxConfigurations <= 2 ** 24 - 2)) {
    throw new RangeError(`maxConfigurations lies between 1 and 2^24, got ${maxConfigurations}`);
  }
  const strength = strengthOf(history);
  checkStrength(strength, floor);
  const search = new Search(model, history, maxConfigurations);
  const verdict = search.run();
  const { configurations } = search;
  if (verdict === 'sequential') return { verdict, strength, configurations };
  return { verdict, strength, configurations, violation: search.explain() };
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #history: readonly Operation<Input, Output>[];
  readonly #chains: readonly Chain[];
  readonly #done: number[];
  readonly #states: State[] = [];
  readonly #numbers = new Map<string | number, number>();
  readonly #visited = new Set<string>();
  readonly #max: number;
  readonly #path: Step[] = [];
  #left: number;
  #longest: readonly number[] = [];
  #stuckAt: readonly number[] = [];

  constructor(
    model: Model<State, Input, Output>,
    history: readonly Operation<Input, Output>[],
    max: number,
  ) {
    this.#model = model;
    this.#history = history;
    this.#max = max;
    this.#chains = chainsOf(history);
    this.#done = this.#chains.map(() => 0);
    this.#left = history.filter(({ returnAt }) => returnAt !== undefined).length;
  }

  get configurations(): number {
    return this.#visited.size;
  }

  run(): SequentialResult['verdict'] {
    const untried: Step[][] = [this.#steps(this.#numberOf(this.#model.initial))];
    this.#noteStuck();
    while (this.#left > 0) {
      const steps = untried.at(-1);
      if (steps === undefined) return 'violated';
      if (this.#visited.size >= this.#max) return 'unknown';
      const step = steps.pop();
      if (step === undefined) {
        untried.pop();
        const last = this.#path.pop();
        if (last !== undefined) this.#move(last, -1);
        continue;
      }
      this.#move(step, 1);
      const key = `${this.#done.join()} ${step.to}`;
      if (this.#visited.has(key)) {
        this.#move(step, -1);
        continue;
      }
      this.#visited.add(key);
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
    if (by < 0) this.#done[chain] = from;
    else this.#done[chain] = from + 1;
    if (!this.#chains[chain]!.optional) this.#left -= by;
  }

  /** Every way on from here, the likeliest last. */
  #steps(state: number): Step[] {
    const steps: Step[] = [];
    for (const [chain, { operations, optional, needs }] of this.#chains.entries()) {
      const from = this.#done[chain]!;
      const index = operations[from];
      if (index === undefined) continue;
      if (needs !== undefined && this.#done[needs.chain]! < needs.done) continue;
      const next = this.#next(state, index).map((to) => ({ chain, from, to }));
      // What may never have happened is tried when nothing else fits.
      if (optional) steps.unshift(...next);
      else steps.push(...next);
    }
    return steps;
  }

  #next(state: number, index: number): number[] {
    const { input, output } = this.#history[index]!;
    const next = this.#model.step(this.#states[state]!, input, output);
    if (next === ILLEGAL) return [];
    if (next instanceof Choice) return next.states.map((each) => this.#numberOf(each));
    return [this.#numberOf(next)];
  }

  #numberOf(state: State): number {
    const key = this.#model.key(state);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#states.length);
    return this.#states.push(state) - 1;
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

function chainsOf(history: readonly Operation<unknown, unknown>[]): Chain[] {
  const byCall = [...history.keys()].sort((a, b) => history[a]!.callAt - history[b]!.callAt);
  const chains: Chain[] = [];
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
      chains.push({ operations: [index], optional: true, needs });
    }
  }
  return chains;
}
