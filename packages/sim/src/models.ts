/**
 * Sequential specifications: what an object answers when operations come one at a time. The checker
 * asks whether a concurrent history could have come from one.
 */

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
  /** Equal for equal states, different for different ones. */
  key(state: State): string | number;
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

/** A map from strings to strings; every key is independent of the others. */
export function keyValueModel({
  absent,
}: KeyValueModelOptions = {}): Model<ReadonlyMap<string, string>, KeyValueInput, KeyValueOutput> {
  return {
    initial: new Map(),
    step(state, input, output) {
      const current = state.get(input.key);
      switch (input.kind) {
        case 'get':
          return output === undefined || output.value === (current ?? absent) ? state : ILLEGAL;
        case 'put':
          return withEntry(state, input.key, input.value);
        case 'append':
          return withEntry(state, input.key, (current ?? '') + input.value);
        case 'delete':
          return withEntry(state, input.key, undefined);
        case 'cas': {
          const ok = current === input.from;
          if (output !== undefined && output.ok !== ok) return ILLEGAL;
          return ok ? withEntry(state, input.key, input.to) : state;
        }
      }
    },
    key: mapKey,
    readsOnly: (input, output) =>
      input.kind === 'get' || (input.kind === 'cas' && output?.ok === false),
    partition: ({ key }) => key,
    describe: ({ kind, ...rest }, output) => `${kind} ${text(rest)} -> ${text(output)}`,
  };
}

/** The map with one entry changed, its keys in order; the same map when nothing changes. */
export function withEntry<V>(
  map: ReadonlyMap<string, V>,
  key: string,
  value: V | undefined,
): ReadonlyMap<string, V> {
  if (map.get(key) === value) return map;
  const changed = new Map(map);
  if (value === undefined) changed.delete(key);
  else if (map.has(key)) changed.set(key, value);
  else return new Map([...map, [key, value] as const].sort(([a], [b]) => (a < b ? -1 : 1)));
  return changed;
}

/** One text per content; lengths come first, so that no two contents share one. */
function mapKey(map: ReadonlyMap<string, string>): string {
  let key = '';
  for (const [name, value] of map) key += `${name.length} ${value.length} ${name}${value}`;
  return key;
}

/** Operations and answers in words. */
export function text(value: unknown): string {
  return value === undefined ? 'unknown' : JSON.stringify(value);
}

function primitiveKey(value: unknown): string {
  return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`;
}
