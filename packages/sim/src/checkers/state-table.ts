/**
 * The states that a search has met, numbered, and the steps between them: a search then handles
 * whole numbers, and asks the model once for what it meets again and again.
 *
 * Invariant: two states have one number exactly when the model takes them for equal. Cost: one key
 * (and, where the model has `equals`, the comparisons within a key) per state reached; the latest
 * steps are remembered in a table of fixed size. Memory is bounded by `maxBytes`, of which a state
 * counts for {@link STATE_BYTES} and the length of its key.
 */
import type { Operation } from './history.ts';
import { Choice, ILLEGAL, type Model } from './models.ts';

// A state, its place in the table, and its key's; an estimate, since states are the model's own.
const STATE_BYTES = 256;
// A JavaScript Map holds 2^24 entries.
const MAX_STATES = 2 ** 24 - 2;
const MAX_STEP_SLOTS = 2 ** 16;
const NONE = -1;
/** Where an operation leads whose answer does not fit. */
export const NOWHERE: readonly number[] = [];

export class StateTable<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #states: State[] = [];
  /** The latest state with a key, and for each state the one before it with the same key. */
  readonly #latest = new Map<string | number, number>();
  readonly #sameKey: number[] = [];
  /** For each state the list of it alone, made once. */
  readonly #alone: (readonly number[])[] = [];
  readonly #steps: StepCache;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    maxBytes: number,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#maxBytes = maxBytes;
    this.#steps = new StepCache(operations.length);
  }

  get initial(): number {
    return this.#numberOf(this.#model.initial);
  }

  get full(): boolean {
    return this.#bytes > this.#maxBytes || this.#states.length > MAX_STATES;
  }

  /** The states that an operation may lead to from `state`; none when its answer does not fit. */
  next(state: number, operation: number): readonly number[] {
    const known = this.#steps.get(state, operation);
    if (known !== undefined) return known;
    const next = this.#ask(state, operation);
    this.#steps.set(state, operation, next);
    return next;
  }

  #ask(state: number, operation: number): readonly number[] {
    const { input, output } = this.#operations[operation]!;
    const before = this.#states[state]!;
    const next = this.#model.step(before, input, output);
    if (next === ILLEGAL) return NOWHERE;
    if (next instanceof Choice) return next.states.map((each) => this.#numberOf(each));
    const number = next === before ? state : this.#numberOf(next);
    return (this.#alone[number] ??= [number]);
  }

  #numberOf(state: State): number {
    const key = this.#model.key(state);
    const latest = this.#latest.get(key) ?? NONE;
    for (let number = latest; number !== NONE; number = this.#sameKey[number]!) {
      if (this.#model.equals?.(this.#states[number]!, state) ?? true) return number;
    }
    const number = this.#states.push(state) - 1;
    this.#sameKey.push(latest);
    this.#latest.set(key, number);
    this.#bytes += STATE_BYTES + (typeof key === 'string' ? key.length * 2 : 0);
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
    this.#states = new Int32Array(slots).fill(NONE);
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
