/**
 * Is a history linearizable: could every operation have taken effect at one instant between its
 * call and its return, so that all answers are those of a sequential object?
 *
 * The search takes operations that nothing pending has to precede, one after another, and goes back
 * when it gets stuck; it never enters a configuration (set of operations taken, state) twice. An
 * operation that surely changes nothing is taken as soon as it fits, and never reconsidered:
 * whatever could follow later can follow now. An operation without an outcome may be taken at any
 * time or never; it is tried last, and a configuration that took more of those than another one,
 * all else equal, is not entered. Parts of the object that are independent are judged one by one,
 * since linearizability is local.
 *
 * Cost: exponential in the number of concurrent operations at worst; memory is bounded by
 * `maxBytes`, beyond which the verdict is `'undecided'`. Source: Wing and Gong, "Testing and
 * verifying concurrent objects", 1993; Lowe, "Testing for linearizability", 2017.
 */
import { ConfigurationSet } from './configuration-set.ts';
import type { Operation } from './history.ts';
import { type Model, text } from './models.ts';
import { lift, linkMoments, type Moment, type Moments, unlift } from './moments.ts';
import { ProductStates } from './product-states.ts';
import { checkSearchLimits } from './search-limits.ts';
import { StateTable } from './state-table.ts';
import { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';

export interface LinearizabilityOptions {
  /** Judges the parts the model names one by one. @default true */
  readonly partition?: boolean;
  /** Memory for configurations and states, in bytes, for one part at a time. @default 256 MiB */
  readonly maxBytes?: number;
  /** Steps of the search, over all parts. @default 100,000,000 */
  readonly maxSteps?: number;
  /** Refuses to judge a weaker history. @default none */
  readonly floor?: Floor;
}

export interface LinearizabilityResult extends Strength {
  /** `'undecided'`: the search met its limit first. */
  readonly verdict: 'linearizable' | 'violated' | 'undecided';
  /** Configurations visited: how hard it was. */
  readonly configurations: number;
  /** For another verdict than `'linearizable'`: where the search got stuck. */
  readonly violation?: Violation | undefined;
}

export interface Violation {
  /** The part concerned, when the history was partitioned. */
  readonly part: string | undefined;
  /** One longest order of operations (indices into the history) that explains their answers. */
  readonly explained: readonly number[];
  /**
   * An operation that had to come next at the latest, and that none of those orders can explain.
   */
  readonly stuckAt: number;
  /** The same in words. */
  readonly message: string;
}

/**
 * Judges `history` by `model`.
 * @throws {RangeError} for an operation that returned before it was called.
 * @throws {SimulationError} `SIM_TOO_WEAK` when the history lies below `floor`.
 */
export function checkLinearizability<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  {
    partition = true,
    maxBytes = 256 * 2 ** 20,
    maxSteps = 100_000_000,
    floor,
  }: LinearizabilityOptions = {},
): LinearizabilityResult {
  checkSearchLimits({ maxBytes, maxSteps });
  const parts = partition ? partitionHistory(model, history) : new Map([['', history.keys()]]);
  const budget = { steps: maxSteps, maxBytes };
  const strength = strengthOf(history);
  if (floor !== undefined) checkStrength(strength, floor);
  let configurations = 0;
  let undecided: Violation | undefined;
  for (const [part, indices] of parts) {
    const search = new Search(model, history, [...indices], budget);
    const verdict = search.run();
    configurations += search.configurations;
    if (verdict === 'linearizable') continue;
    const violation = search.explain(partition && model.partition ? part : undefined);
    if (verdict === 'violated') return { verdict, ...strength, configurations, violation };
    undecided ??= violation;
  }
  const verdict = undecided === undefined ? 'linearizable' : 'undecided';
  return { verdict, ...strength, configurations, violation: undecided };
}

function partitionHistory<Input, Output>(
  { partition }: Pick<Model<unknown, Input, Output>, 'partition'>,
  history: readonly Operation<Input, Output>[],
): Map<string, Iterable<number>> {
  const parts = new Map<string, number[]>();
  for (const [index, { input }] of history.entries()) {
    const part = partition?.(input) ?? '';
    const indices = parts.get(part);
    if (indices === undefined) parts.set(part, [index]);
    else indices.push(index);
  }
  return parts;
}

/** A way on: an operation that may take effect next, and the state it leads to. */
interface Way {
  readonly call: Moment;
  readonly to: number;
}

/** A step that may be taken back: the ways that were open, and the one of them that was taken. */
interface Taken {
  readonly ways: readonly Way[];
  readonly index: number;
  /** The state before. */
  readonly from: number;
}

/** The states that the search meets, by number. */
type States = Pick<StateTable<unknown, unknown, unknown>, 'initial' | 'full' | 'next'>;

const NO_WAYS: readonly Way[] = [];

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #history: readonly Operation<Input, Output>[];
  /** Places in the history: operations that returned, then those that did not. */
  readonly #indices: readonly number[];
  readonly #count: number;
  readonly #budget: { steps: number };
  readonly #moments: Moments;
  readonly #bits: Int32Array;
  /** Where an operation's bit stands; the optional ones begin with a word of their own. */
  readonly #bitOf: readonly number[];
  readonly #visited: ConfigurationSet;
  readonly #states: States;
  readonly #taken: Taken[] = [];
  readonly #readsOnly: readonly boolean[];
  #state: number;
  #returnsLeft: number;
  #longest: readonly number[] = [];
  #stuckAt = 0;

  constructor(
    model: Model<State, Input, Output>,
    history: readonly Operation<Input, Output>[],
    indices: readonly number[],
    budget: { steps: number; maxBytes: number },
  ) {
    this.#model = model;
    this.#history = history;
    this.#budget = budget;
    this.#count = indices.length;
    const readsOnly = (index: number): boolean =>
      model.readsOnly?.(history[index]!.input, history[index]!.output) ?? false;
    const returned = indices.filter((index) => history[index]!.returnAt !== undefined);
    // What changes nothing and told nobody anything need not have happened.
    const open = indices.filter(
      (index) => history[index]!.returnAt === undefined && !readsOnly(index),
    );
    this.#indices = [...returned, ...open];
    const operations = this.#indices.map((index) => history[index]!);
    this.#readsOnly = this.#indices.map(readsOnly);
    this.#moments = linkMoments(operations);
    const [requiredWords, optionalWords] = [wordsFor(returned.length), wordsFor(open.length)];
    this.#bits = new Int32Array(requiredWords + optionalWords);
    this.#bitOf = operations.map((_, operation) =>
      operation < returned.length ? operation : requiredWords * 32 + operation - returned.length,
    );
    const halfBytes = budget.maxBytes / 2;
    this.#visited = new ConfigurationSet(requiredWords, optionalWords, halfBytes);
    this.#states = model.partition
      ? new ProductStates(model, operations, halfBytes)
      : new StateTable(model, operations, halfBytes);
    this.#returnsLeft = returned.length;
    this.#state = this.#states.initial;
  }

  get configurations(): number {
    return this.#visited.size;
  }

  run(): LinearizabilityResult['verdict'] {
    // Once everything that returned is explained, the rest may never have happened.
    if (this.#returnsLeft === 0) return 'linearizable';
    let at = this.#moments.returned.after;
    while (at !== undefined) {
      this.#budget.steps -= 1;
      if (this.#budget.steps < 0 || this.#visited.full || this.#states.full) return 'undecided';
      if (!at.isCall) this.#noteStuck(at);
      if (this.#take(at.isCall ? this.#waysBy(at) : this.#openWays(at))) {
        if (this.#returnsLeft === 0) return 'linearizable';
        at = this.#moments.returned.after;
      } else at = at.isCall && !this.#isReadThatFits(at) ? at.after : this.#back();
    }
    return 'violated';
  }

  /** Describes the longest explanation found, and what it cannot explain. */
  explain(part: string | undefined): Violation {
    const stuckAt = this.#indices[this.#stuckAt]!;
    const { input, output, process } = this.#history[stuckAt]!;
    const words = this.#model.describe?.(input, output) ?? `${text(input)} -> ${text(output)}`;
    const where = part === undefined ? '' : ` of part '${part}'`;
    const who = process === undefined ? '' : ` by ${process}`;
    return {
      part,
      explained: this.#longest.map((operation) => this.#indices[operation]!),
      stuckAt,
      message:
        `${this.#longest.length} of ${this.#count} operations${where} have an order; ` +
        `none of them explains operation ${stuckAt}${who}: ${words}`,
    };
  }

  /** Whether whatever could follow here could follow after this operation. */
  #isReadThatFits({ operation }: Moment): boolean {
    return this.#readsOnly[operation]! && this.#states.next(this.#state, operation).length > 0;
  }

  /** Where an operation leads to, as far as its answer fits and nobody has been there. */
  #waysBy(call: Moment): readonly Way[] {
    const { operation, match } = call;
    const states = this.#states.next(this.#state, operation);
    if (states.length === 0) return NO_WAYS;
    const ways: Way[] = [];
    this.#flip(operation);
    for (const to of states) {
      // What changes nothing and told nobody anything need not have happened.
      if (match === undefined && to === this.#state) continue;
      if (this.#visited.full) break;
      if (this.#visited.add(this.#bits, to)) ways.push({ call, to });
    }
    this.#flip(operation);
    return ways;
  }

  /**
   * Where the operations without an outcome lead to that were called before `due`. All are entered
   * into the visited ones at once, before any is followed: so what takes two of them where one
   * would do finds that one there.
   */
  #openWays(due: Moment): readonly Way[] {
    const ways: Way[] = [];
    let call = this.#moments.open.after;
    for (; call !== undefined && call.rank < due.rank; call = call.after) {
      ways.push(...this.#waysBy(call));
    }
    return ways;
  }

  /** Takes one of several ways, from `index` on; false when there is none. */
  #take(ways: readonly Way[], index = 0): boolean {
    const way = ways[index];
    if (way === undefined) return false;
    this.#taken.push({ ways, index, from: this.#state });
    this.#state = way.to;
    this.#flip(way.call.operation);
    lift(way.call);
    if (way.call.match !== undefined) this.#returnsLeft -= 1;
    return true;
  }

  /** Takes steps back to the last one with another way to go; tells where to look on, if any. */
  #back(): Moment | undefined {
    for (;;) {
      const last = this.#taken.pop();
      if (last === undefined) return undefined;
      const { ways, index, from } = last;
      const { call } = ways[index]!;
      this.#state = from;
      this.#flip(call.operation);
      unlift(call);
      if (call.match !== undefined) this.#returnsLeft += 1;
      if (this.#take(ways, index + 1)) return this.#moments.returned.after;
      // After a read that fits, and after those without an outcome, nothing else is left to try.
      if (call.match !== undefined && !this.#readsOnly[call.operation]) return call.after;
    }
  }

  #flip(operation: number): void {
    const bit = this.#bitOf[operation]!;
    this.#bits[bit >> 5]! ^= 1 << (bit & 31);
  }

  #noteStuck(due: Moment): void {
    if (this.#taken.length <= this.#longest.length && this.#longest.length > 0) return;
    this.#longest = this.#taken.map(({ ways, index }) => ways[index]!.call.operation);
    this.#stuckAt = due.operation;
  }
}

function wordsFor(bits: number): number {
  return Math.ceil(bits / 32);
}
