/**
 * Is a type of yours conflict-free? Run the laws on it, with the test runner you have:
 *
 * ```ts
 * crdtLaws({ describe, it, expect }, {
 *   name: 'my set',
 *   type: mySet,
 *   change: (state, replica, random) =>
 *     mySet.mutators.add(state, replica, Math.floor(random() * 9)),
 * });
 * ```
 *
 * Three replicas change their states and exchange deltas and whole states as chance has it; what
 * they hold then is joined in every way. States are compared by their bytes and by their value.
 */
import { decode, encode, type Lattice, type ReplicaId } from './crdt.ts';

/** What is needed of vitest, jest or node:test with an `expect`. */
export interface LawRunner {
  describe(title: string, body: () => void): void;
  it(title: string, body: () => void): void;
  expect(actual: unknown): { toEqual(expected: unknown): void };
}

export interface LawSubject<State> {
  readonly name: string;
  readonly type: Lattice<State>;
  /** Any change: a delta from one of the mutators. `random` is in [0, 1). */
  change(state: State, replica: ReplicaId, random: () => number): State;
  /** @default 100 */
  readonly runs?: number;
  /** @default 1 */
  readonly seed?: number;
}

interface Sample<State> {
  readonly states: [State, State, State];
  /** Changes of the first state, each made after the ones before. */
  readonly deltas: readonly State[];
}

/** Registers one test for each law. */
export function crdtLaws<State>(
  { describe, it, expect }: LawRunner,
  subject: LawSubject<State>,
): void {
  const { name, type, runs = 100, seed = 1 } = subject;
  const same = (left: State, right: State): void => {
    expect(encode(type, left)).toEqual(encode(type, right));
    expect(type.value(left)).toEqual(type.value(right));
  };
  const copy = (state: State): State => type.join(type.initial(), state);
  const law = (title: string, check: (sample: Sample<State>) => void): void => {
    it(title, () => {
      for (let run = 0; run < runs; run += 1) check(sampleOf(subject, seed + run));
    });
  };
  describe(`${name} keeps the laws`, () => {
    law('join is commutative', ({ states: [a, b] }) => same(type.join(a, b), type.join(b, a)));
    law('join is associative', ({ states: [a, b, c] }) =>
      same(type.join(type.join(a, b), c), type.join(a, type.join(b, c))),
    );
    law('join is idempotent', ({ states: [a, b] }) => {
      same(type.join(a, a), a);
      same(type.join(type.join(a, b), b), type.join(a, b));
    });
    law('the initial state adds nothing', ({ states: [a] }) => {
      same(type.join(a, type.initial()), a);
      same(type.join(type.initial(), a), a);
    });
    law('joining leaves both states as they were', ({ states: [a, b] }) => {
      const before = [encode(type, a), encode(type, b)];
      type.join(a, b);
      expect([encode(type, a), encode(type, b)]).toEqual(before);
    });
    law('absorbing is joining in place', ({ states: [a, b] }) => {
      const absorbed = copy(a);
      type.absorb(absorbed, b);
      same(absorbed, type.join(a, b));
    });
    law('a delta joined is the change made', ({ states: [a, b], deltas }) => {
      let changed = copy(b);
      for (const delta of deltas) changed = type.join(changed, delta);
      same(type.join(changed, a), type.join(b, a));
    });
    law('deltas joined among themselves say what they say one by one', ({ states, deltas }) => {
      const [, b] = states;
      const group = deltas.reduce<State | undefined>(
        (sum, delta) => (sum === undefined ? delta : type.join(sum, delta)),
        undefined,
      );
      if (group === undefined) return;
      same(
        type.join(b, group),
        deltas.reduce((sum, delta) => type.join(sum, delta), b),
      );
    });
    law('deltas may come in any order, and twice', ({ states: [, b], deltas }) => {
      const backward = deltas.toReversed().reduce((sum, delta) => type.join(sum, delta), b);
      const forward = deltas.reduce((sum, delta) => type.join(sum, delta), backward);
      same(forward, backward);
      same(
        deltas.reduce((sum, delta) => type.join(sum, delta), b),
        backward,
      );
    });
    law('bytes bring the state back, and a delta', ({ states: [a], deltas }) => {
      for (const state of [a, ...deltas]) {
        const bytes = encode(type, state);
        expect(encode(type, decode(type, bytes))).toEqual(bytes);
      }
    });
  });
}

function sampleOf<State>({ type, change }: LawSubject<State>, seed: number): Sample<State> {
  const random = randomFrom(seed);
  const states: [State, State, State] = [type.initial(), type.initial(), type.initial()];
  const deltas: State[] = [];
  const steps = 3 + Math.floor(random() * 12);
  for (let step = 0; step < steps; step += 1) {
    const who = Math.floor(random() * 3) as 0 | 1 | 2;
    const delta = change(states[who], who + 1, random);
    states[who] = type.join(states[who], delta);
    if (who === 0) deltas.push(delta);
    if (random() < 0.4) {
      const other = Math.floor(random() * 3) as 0 | 1 | 2;
      if (other === 0 && who !== 0) deltas.push(random() < 0.5 ? delta : states[who]);
      states[other] = type.join(states[other], deltas.at(-1) === states[who] ? states[who] : delta);
    }
  }
  return { states, deltas };
}

/** The generator of Park and Miller, 1988: enough to draw samples. */
function randomFrom(seed: number): () => number {
  let state = (seed * 48_271 + 11) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
