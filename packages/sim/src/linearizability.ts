/**
 * Is a history linearizable: could every operation have taken effect at one instant between its
 * call and its return, so that all answers are those of a sequential object?
 *
 * The search takes operations that nothing pending has to precede, one after another, and goes back
 * when it gets stuck; it never enters a configuration (set of operations taken, state) twice. An
 * operation that surely changes nothing is taken as soon as it fits, and never reconsidered:
 * whatever could follow later can follow now. An operation without an outcome may be taken at any
 * time or never. Parts of the object that are independent are judged one by one, since
 * linearizability is local.
 *
 * Cost: exponential in the number of concurrent operations at worst; memory is bounded by
 * `maxBytes`, beyond which the verdict is `'unknown'`. Source: Wing and Gong, "Testing and
 * verifying concurrent objects", 1993; Lowe, "Testing for linearizability", 2017.
 */
import { ConfigurationSet } from './configuration-set.ts';
import type { Operation } from './history.ts';
import { Choice, ILLEGAL, type Model, text } from './models.ts';
import { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';

export interface LinearizabilityOptions {
  /** Judges the parts the model names one by one. @default true */
  readonly partition?: boolean;
  /** Memory for visited configurations, in bytes, for one part at a time. @default 256 MiB */
  readonly maxBytes?: number;
  /** Steps of the search, over all parts. @default 100,000,000 */
  readonly maxSteps?: number;
  /** Refuses to judge a weaker history. @default none */
  readonly floor?: Floor;
}

export interface LinearizabilityResult extends Strength {
  /** `'unknown'`: the search met its limit first. */
  readonly verdict: 'linearizable' | 'violated' | 'unknown';
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
  if (!(maxBytes > 0 && maxBytes <= 2 ** 34)) {
    throw new RangeError(`maxBytes lies between 1 and 2^34, got ${maxBytes}`);
  }
  if (!(maxSteps > 0 && Number.isFinite(maxSteps))) {
    throw new RangeError(`maxSteps is positive and finite, got ${maxSteps}`);
  }
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
  const verdict = undecided === undefined ? 'linearizable' : 'unknown';
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

/** A call or a return, in a doubly linked list in the order of time. */
interface Moment {
  /** The operation's place in the search. */
  readonly operation: number;
  /** For a call, its return, when there is one. */
  readonly match: Moment | undefined;
  readonly isCall: boolean;
  before: Moment | undefined;
  after: Moment | undefined;
}

/**
 * A step that may be taken back: which operation was taken, from which state, what else it offers.
 */
interface Taken {
  readonly call: Moment;
  readonly state: number;
  /** States this operation could have led to instead. */
  readonly alternatives: readonly number[];
  /** Nothing else needs to be tried in its place. */
  readonly final: boolean;
}

// A JavaScript Map holds 2^24 entries; a state with its key takes some hundred bytes.
const MAX_STATES = 2 ** 24 - 2;
const STATE_BYTES = 256;
const MAX_STEP_SLOTS = 2 ** 16;

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #history: readonly Operation<Input, Output>[];
  readonly #indices: readonly number[];
  readonly #budget: { steps: number };
  readonly #head: Moment;
  readonly #bits: Int32Array;
  readonly #visited: ConfigurationSet;
  readonly #states: State[] = [];
  readonly #stateNumbers = new Map<string | number, number>();
  readonly #steps: StepCache;
  readonly #maxStates: number;
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
    this.#indices = indices;
    this.#budget = budget;
    this.#maxStates = Math.min(MAX_STATES, Math.ceil(budget.maxBytes / STATE_BYTES));
    this.#steps = new StepCache(indices.length);
    this.#bits = new Int32Array(Math.ceil(indices.length / 32));
    this.#visited = new ConfigurationSet(indices.length, budget.maxBytes);
    this.#head = linkMoments(history, indices);
    this.#returnsLeft = indices.filter((i) => history[i]!.returnAt !== undefined).length;
    this.#readsOnly = indices.map((i) => {
      const { input, output } = history[i]!;
      return model.readsOnly?.(input, output) ?? false;
    });
    this.#state = this.#numberOf(model.initial);
  }

  get configurations(): number {
    return this.#visited.size;
  }

  get #full(): boolean {
    return this.#visited.full || this.#states.length > this.#maxStates;
  }

  run(): LinearizabilityResult['verdict'] {
    let at = this.#head.after;
    // Once everything that returned is explained, the rest may never have happened.
    while (this.#returnsLeft > 0) {
      this.#budget.steps -= 1;
      if (this.#budget.steps < 0 || this.#full) return 'unknown';
      if (at?.isCall) {
        at = this.#take(at) ? this.#head.after : at.after;
        continue;
      }
      this.#noteStuck(at);
      const next = this.#backtrack();
      if (next === 'exhausted') return 'violated';
      at = next;
    }
    return 'linearizable';
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
        `${this.#longest.length} of ${this.#indices.length} operations${where} have an order; ` +
        `none of them explains operation ${stuckAt}${who}: ${words}`,
    };
  }

  /** Takes an operation if its answer fits here and that leads somewhere new. */
  #take(call: Moment): boolean {
    const { operation } = call;
    const final = this.#readsOnly[operation]!;
    const next = this.#next(operation);
    if (next.length === 0) return false;
    this.#flip(operation);
    for (let i = 0; i < next.length; i += 1) {
      if (!this.#visited.add(this.#bits, next[i]!)) continue;
      this.#taken.push({ call, state: this.#state, alternatives: next.slice(i + 1), final });
      this.#enter(call, next[i]!);
      return true;
    }
    this.#flip(operation);
    return false;
  }

  /** Takes steps back to the last one with another way to go; tells where to look on. */
  #backtrack(): Moment | undefined | 'exhausted' {
    for (;;) {
      const last = this.#taken.pop();
      if (last === undefined) return 'exhausted';
      const { call, state, alternatives, final } = last;
      const other = alternatives.findIndex((next) => this.#visited.add(this.#bits, next));
      if (other >= 0) {
        this.#taken.push({ call, state, alternatives: alternatives.slice(other + 1), final });
        this.#state = alternatives[other]!;
        return this.#head.after;
      }
      this.#state = state;
      this.#flip(call.operation);
      unlift(call);
      if (call.match !== undefined) this.#returnsLeft += 1;
      if (!final) return call.after;
    }
  }

  #enter(call: Moment, state: number): void {
    this.#state = state;
    lift(call);
    if (call.match !== undefined) this.#returnsLeft -= 1;
  }

  #flip(operation: number): void {
    this.#bits[operation >> 5]! ^= 1 << (operation & 31);
  }

  #noteStuck(at: Moment | undefined): void {
    if (at === undefined || this.#taken.length < this.#longest.length) return;
    if (this.#longest.length > 0 && this.#taken.length === this.#longest.length) return;
    this.#longest = this.#taken.map(({ call }) => call.operation);
    this.#stuckAt = at.operation;
  }

  /** The states an operation leads to from here; none when its answer does not fit. */
  #next(operation: number): readonly number[] {
    const known = this.#steps.get(this.#state, operation);
    if (known !== undefined) return known;
    const next = this.#compute(operation);
    this.#steps.set(this.#state, operation, next);
    return next;
  }

  #compute(operation: number): readonly number[] {
    const { input, output } = this.#history[this.#indices[operation]!]!;
    const next = this.#model.step(this.#states[this.#state]!, input, output);
    if (next === ILLEGAL) return [];
    if (next instanceof Choice) return next.states.map((state) => this.#numberOf(state));
    return [this.#numberOf(next)];
  }

  #numberOf(state: State): number {
    const key = this.#model.key(state);
    let number = this.#stateNumbers.get(key);
    if (number === undefined) {
      number = this.#states.length;
      this.#states.push(state);
      this.#stateNumbers.set(key, number);
    }
    return number;
  }
}

/** Remembers some of the latest steps: a step asks the model and makes a key, which may be slow. */
class StepCache {
  readonly #mask: number;
  readonly #states: Int32Array;
  readonly #operations: Int32Array;
  readonly #next: (readonly number[])[] = [];

  constructor(operations: number) {
    // Some hundred states around the front of the search, each with its few candidates.
    const slots = Math.min(MAX_STEP_SLOTS, 2 ** Math.ceil(Math.log2(operations * 256 + 1)));
    this.#mask = slots - 1;
    this.#states = new Int32Array(slots).fill(-1);
    this.#operations = new Int32Array(slots);
  }

  get(state: number, operation: number): readonly number[] | undefined {
    const slot = this.#slotOf(state, operation);
    const hit = this.#states[slot] === state && this.#operations[slot] === operation;
    return hit ? this.#next[slot] : undefined;
  }

  set(state: number, operation: number, next: readonly number[]): void {
    const slot = this.#slotOf(state, operation);
    this.#states[slot] = state;
    this.#operations[slot] = operation;
    this.#next[slot] = next;
  }

  #slotOf(state: number, operation: number): number {
    const h = Math.imul(state, 0x9e3779b1) ^ Math.imul(operation, 0x85ebca6b);
    return (h ^ (h >>> 15)) & this.#mask;
  }
}

interface Point {
  readonly operation: number;
  readonly time: number;
  readonly isCall: boolean;
}

/**
 * All calls and returns in order; at equal times calls first, so that those count as concurrent.
 */
function pointsOf<Input, Output>(
  history: readonly Operation<Input, Output>[],
  indices: readonly number[],
): Point[] {
  const points: Point[] = [];
  for (const [operation, index] of indices.entries()) {
    const { callAt, returnAt } = history[index]!;
    if (returnAt !== undefined && !(returnAt >= callAt)) {
      throw new RangeError(`operation ${index} returned at ${returnAt}, before its call`);
    }
    points.push({ operation, time: callAt, isCall: true });
    if (returnAt !== undefined) points.push({ operation, time: returnAt, isCall: false });
  }
  return points.sort((a, b) => a.time - b.time || Number(b.isCall) - Number(a.isCall));
}

function linkMoments<Input, Output>(
  history: readonly Operation<Input, Output>[],
  indices: readonly number[],
): Moment {
  const head: Moment = {
    operation: -1,
    match: undefined,
    isCall: false,
    before: undefined,
    after: undefined,
  };
  // From the end to the front, so that a call finds its return made already.
  const returns = new Map<number, Moment>();
  let after: Moment | undefined;
  for (const { operation, isCall } of pointsOf(history, indices).reverse()) {
    const match = isCall ? returns.get(operation) : undefined;
    const moment: Moment = { operation, match, isCall, before: head, after };
    if (!isCall) returns.set(operation, moment);
    if (after !== undefined) after.before = moment;
    head.after = moment;
    after = moment;
  }
  return head;
}

/** Takes an operation's two moments out of the list, which remember their places. */
function lift({ before, after, match }: Moment): void {
  before!.after = after;
  if (after !== undefined) after.before = before;
  if (match === undefined) return;
  match.before!.after = match.after;
  if (match.after !== undefined) match.after.before = match.before;
}

/** Puts them back; in the opposite order of {@link lift}. */
function unlift(call: Moment): void {
  const { match } = call;
  if (match !== undefined) {
    match.before!.after = match;
    if (match.after !== undefined) match.after.before = match;
  }
  call.before!.after = call;
  if (call.after !== undefined) call.after.before = call;
}
