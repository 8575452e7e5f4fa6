/** Cases that Riak's QuickCheck found in its sets and maps, one by one. */
import { describe, expect, it } from 'vitest';
import { orMap, orSet, resettableCounter } from '../../src/index.ts';

const set = orSet<string>();
type State = ReturnType<typeof set.initial>;

class SetNode {
  readonly #replica: number;
  state: State = set.initial();

  constructor(replica: number) {
    this.#replica = replica;
  }

  add(element: string): State {
    const delta = set.mutators.add(this.state, this.#replica, element);
    set.absorb(this.state, delta);
    return delta;
  }

  remove(element: string): State {
    const delta = set.mutators.remove(this.state, this.#replica, element);
    set.absorb(this.state, delta);
    return delta;
  }
}

const elements = (...states: State[]): string[] =>
  [...set.value(states.reduce((left, right) => set.join(left, right)))].sort();

const copy = (state: State): State => set.join(set.initial(), state);

describe('sets, as Riak learned', () => {
  it('1: disjoint states are joined element by element', () => {
    const a = new SetNode(1);
    const b = new SetNode(2);
    a.add('bar');
    b.add('baz');
    const c = set.join(a.state, b.state);
    a.remove('bar');
    expect(elements(a.state, c)).toEqual(['baz']);
  });

  it('2: what is present on one side and removed on the other keeps only unseen dots', () => {
    const a = new SetNode(1);
    const b = new SetNode(2);
    a.add('Z');
    const c = copy(a.state);
    a.remove('Z');
    b.add('Z');
    const merged = set.join(b.state, a.state);
    b.remove('Z');
    expect(elements(merged, c, b.state)).toEqual([]);
  });

  it('3: an element whose dots are all gone is gone', () => {
    const a = new SetNode(1);
    const b = new SetNode(2);
    a.add('Z');
    b.add('Z');
    const c = copy(a.state);
    a.remove('Z');
    const left = set.join(a.state, b.state);
    b.remove('Z');
    const right = set.join(b.state, c);
    expect(elements(left, right, c)).toEqual([]);
  });

  it('4: a removal holds as far as the context it was made in', () => {
    const a = new SetNode(1);
    a.add('A');
    const b = new SetNode(2);
    b.state = copy(a.state);
    b.add('B');
    set.absorb(a.state, set.mutators.remove(b.state, 1, 'A'));
    expect(elements(a.state)).toEqual([]);
  });

  it('5: removing and adding again in one batch keeps the element', () => {
    const a = new SetNode(1);
    a.add('baz');
    const batch = set.join(a.remove('baz'), a.add('baz'));
    const b = new SetNode(2);
    set.absorb(b.state, batch);
    expect(elements(a.state)).toEqual(['baz']);
    expect(elements(b.state)).toEqual(['baz']);
  });
});

describe('maps, as Riak learned', () => {
  const map = orMap<string, ReturnType<typeof set.storeType.empty>, ReadonlySet<string>>(set);
  type MapState = ReturnType<typeof map.initial>;
  const put = (state: MapState, replica: number, element: string): void =>
    map.absorb(
      state,
      map.mutators.update(state, replica, 'F', (inner) =>
        set.mutators.add(inner, replica, element),
      ),
    );

  function removedAtOneAddedAtTheOther(readd: boolean): string[] {
    const a = map.initial();
    put(a, 1, 'X');
    const b = map.join(map.initial(), a);
    put(b, 2, 'Y');
    map.absorb(a, map.mutators.remove(a, 1, 'F'));
    if (readd) put(a, 1, 'Z');
    return [...(map.value(map.join(a, b)).get('F') ?? [])].sort();
  }

  it('6: a key removed and used again holds what is new on either side', () => {
    expect(removedAtOneAddedAtTheOther(true)).toEqual(['Y', 'Z']);
    expect(removedAtOneAddedAtTheOther(false)).toEqual(['Y']);
  });

  it('7: a counter reset beside an increment goes on from the total it had', () => {
    const counter = resettableCounter;
    const a = counter.initial();
    counter.absorb(a, counter.mutators.add(a, 1, 3));
    const b = counter.join(counter.initial(), a);
    counter.absorb(a, counter.mutators.add(a, 1, 2));
    counter.absorb(b, counter.mutators.reset(b));
    expect(counter.value(b)).toBe(0);
    expect(counter.value(counter.join(a, b))).toBe(5);
  });

  it('8: a counter is the sum of the latest part of each replica', () => {
    const counter = resettableCounter;
    const state = counter.initial();
    const changes = [
      [1, 1],
      [2, 13],
      [2, -10],
      [3, 1],
      [4, -1],
    ] as const;
    for (const [replica, by] of changes) {
      counter.absorb(state, counter.mutators.add(state, replica, by));
    }
    expect(counter.value(state)).toBe(4);
    const down = counter.initial();
    counter.absorb(down, counter.mutators.add(down, 1, -8));
    counter.absorb(down, counter.mutators.add(down, 1, 7));
    expect(counter.value(down)).toBe(-1);
  });
});
