/**
 * Sequential specifications: what an object answers when operations come one at a time. The checker
 * asks whether a concurrent history could have come from one.
 */
import { hashText, StateMap, type ValueKind } from './state-map.ts';

/** What {@link Model.step} returns for an answer that the object would not give. */
export const ILLEGAL: unique symbol = Symbol('illegal');

/** Several states that an operation may lead to, for objects whose choice its answer hides. */
export class Choice<State> {
  readonly states: readonly State[];

  constructor(states: readonly State[]) {
    this.states = states;
  }
}

/** Any of `states`. */
export function oneOf<State>(...states: State[]): Choice<State> {
  return new Choice(states);
}

export type Next<State> = State | typeof ILLEGAL | Choice<State>;

/** A sequential specification. States are immutable: `step` returns a new one or the same. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * The state after `input` was answered with `output`, {@link ILLEGAL}, or {@link oneOf} several
   * states. An `output` of `undefined` is not known: every answer the object could give is right.
   */
  step(state: State, input: Input, output: Output | undefined): Next<State>;
  /**
   * Equal for equal states; without {@link equals}, different for different ones. Asked for every
   * state reached, so let it be cheap: a hash where the content would make a long text.
   */
  key(state: State): string | number;
  /** Tells states of one key apart. @default they are equal */
  equals?(a: State, b: State): boolean;
  /** Whether an operation, with this answer, changes no state at all. Speeds the search up. */
  readsOnly?(input: Input, output: Output | undefined): boolean;
  /** The part of the object an operation belongs to, when parts are independent of one another. */
  partition?(input: Input): string;
  /** In words, for reports. */
  describe?(input: Input, output: Output | undefined): string;
}

export type RegisterInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: unknown }
  | { readonly kind: 'cas'; readonly from: unknown; readonly to: unknown };

/** A read answers `{ value }`, a write `{}`, a compare-and-set `{ ok }`. */
export interface RegisterOutput {
  readonly value?: unknown;
  readonly ok?: boolean;
}

/**
 * A register with compare-and-set; values are compared by `Object.is`, so let them be primitive.
 */
export function registerModel(
  initial: unknown = null,
): Model<unknown, RegisterInput, RegisterOutput> {
  return {
    initial,
    step(state, input, output) {
      switch (input.kind) {
        case 'read':
          return output === undefined || Object.is(output.value, state) ? state : ILLEGAL;
        case 'write':
          return input.value;
        case 'cas': {
          const ok = Object.is(state, input.from);
          if (output !== undefined && output.ok !== ok) return ILLEGAL;
          return ok ? input.to : state;
        }
      }
    },
    key: primitiveKey,
    readsOnly: (input, output) =>
      input.kind === 'read' || (input.kind === 'cas' && output?.ok === false),
    describe: ({ kind, ...rest }, output) => `${kind} ${text(rest)} -> ${text(output)}`,
  };
}

export type KeyValueInput =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'append'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string }
  | {
      readonly kind: 'cas';
      readonly key: string;
      /** What has to be there: `undefined` for nothing. */
      readonly from: string | undefined;
      readonly to: string;
    };

/** A get answers `{ value }` (`undefined` when absent), a cas `{ ok }`, the others `{}`. */
export interface KeyValueOutput {
  readonly value?: string | undefined;
  readonly ok?: boolean;
}

export interface KeyValueModelOptions {
  /** What a get of an absent key answers. @default undefined */
  readonly absent?: string | undefined;
}

const TEXTS: ValueKind<string> = { hash: hashText, equals: Object.is };

/** A map from strings to strings; every key is independent of the others. */
export function keyValueModel({
  absent,
}: KeyValueModelOptions = {}): Model<StateMap<string>, KeyValueInput, KeyValueOutput> {
  return {
    initial: StateMap.empty(TEXTS),
    step(state, input, output) {
      const current = state.get(input.key);
      switch (input.kind) {
        case 'get':
          return output === undefined || output.value === (current ?? absent) ? state : ILLEGAL;
        case 'put':
          return state.with(input.key, input.value);
        case 'append':
          return state.with(input.key, (current ?? '') + input.value);
        case 'delete':
          return state.with(input.key, undefined);
        case 'cas': {
          const ok = current === input.from;
          if (output !== undefined && output.ok !== ok) return ILLEGAL;
          return ok ? state.with(input.key, input.to) : state;
        }
      }
    },
    key: ({ hash }) => hash,
    equals: (a, b) => a.equals(b),
    readsOnly: (input, output) =>
      input.kind === 'get' || (input.kind === 'cas' && output?.ok === false),
    partition: ({ key }) => key,
    describe: ({ kind, ...rest }, output) => `${kind} ${text(rest)} -> ${text(output)}`,
  };
}

/** Operations and answers in words. */
export function text(value: unknown): string {
  return value === undefined ? 'unknown' : JSON.stringify(value);
}

function primitiveKey(value: unknown): string | number {
  if (typeof value === 'number' && !Object.is(value, -0)) return value;
  return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`;
}
