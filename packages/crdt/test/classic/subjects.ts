/** Every type with a way to change it at random. */
import {
  disableWinsFlag,
  enableWinsFlag,
  gCounter,
  gSet,
  type Lattice,
  lwwElementSet,
  lwwMap,
  lwwRegister,
  mvRegister,
  orderedList,
  orMap,
  orSet,
  pnCounter,
  resettableCounter,
  twoPhaseSet,
} from '../../src/index.ts';

type Draw = () => number;

/** A type whose states are passed through unseen. */
export interface Subject<State = unknown> {
  readonly name: string;
  readonly type: Lattice<State>;
  change(state: State, replica: number, random: Draw): State;
  /** Whether what `delta` says shows in the value of whoever made it. */
  shows?(delta: State, value: unknown): boolean;
}

const pick = (random: Draw, below: number): number => Math.floor(random() * below);
const letter = (random: Draw): string => 'abcde'[pick(random, 5)] as string;

function subject<State>(
  name: string,
  type: Lattice<State>,
  change: (state: State, replica: number, random: Draw) => State,
  shows: (delta: State, value: unknown) => boolean = () => true,
): Subject {
  return { name, type, change, shows } as unknown as Subject;
}

const set = orSet<string>();
const map = orMap<string, ReturnType<typeof set.storeType.empty>, ReadonlySet<string>>(set);
const nestedMap = orMap(map);
const counters = orMap(resettableCounter);
const register = mvRegister<string>();
const lastWrite = lwwRegister<string>();
const lastMap = lwwMap<string, number>();
const lastSet = lwwElementSet<string>();
const growing = gSet<string>();
const phased = twoPhaseSet<string>();
const list = orderedList<string>();

type SetState = ReturnType<typeof set.initial>;

function changeSet(state: SetState, replica: number, random: Draw): SetState {
  const kind = pick(random, 20);
  if (kind === 0) return set.mutators.clear(state);
  const element = letter(random);
  return kind < 12
    ? set.mutators.add(state, replica, element)
    : set.mutators.remove(state, replica, element);
}

function changeMap(
  state: ReturnType<typeof map.initial>,
  replica: number,
  random: Draw,
): ReturnType<typeof map.initial> {
  const key = letter(random);
  if (pick(random, 4) === 0) return map.mutators.remove(state, replica, key);
  return map.mutators.update(state, replica, key, (inner) => changeSet(inner, replica, random));
}

export const subjects: readonly Subject[] = [
  subject('gCounter', gCounter, (state, replica, random) =>
    gCounter.mutators.increment(state, replica, pick(random, 5)),
  ),
  subject('pnCounter', pnCounter, (state, replica, random) =>
    random() < 0.5
      ? pnCounter.mutators.increment(state, replica, pick(random, 5))
      : pnCounter.mutators.decrement(state, replica, pick(random, 5)),
  ),
  subject('gSet', growing, (state, replica, random) =>
    growing.mutators.add(state, replica, letter(random)),
  ),
  subject('twoPhaseSet', phased, (state, replica, random) =>
    random() < 0.7
      ? phased.mutators.add(state, replica, letter(random))
      : phased.mutators.remove(state, replica, letter(random)),
  ),
  subject('orSet', set, changeSet, ({ store }, value) =>
    [...store].every(([element, dots]) => {
      return (value as ReadonlySet<string>).has(element) === dots.length > 0;
    }),
  ),
  subject('lwwElementSet', lastSet, (state, replica, random) =>
    random() < 0.6
      ? lastSet.mutators.add(state, replica, letter(random), pick(random, 9))
      : lastSet.mutators.remove(state, replica, letter(random), pick(random, 9)),
  ),
  subject('lwwRegister', lastWrite, (state, replica, random) =>
    lastWrite.mutators.set(state, replica, letter(random), pick(random, 9)),
  ),
  subject('mvRegister', register, (state, replica, random) =>
    pick(random, 8) === 0
      ? register.mutators.clear(state)
      : register.mutators.set(state, replica, letter(random)),
  ),
  subject('enableWinsFlag', enableWinsFlag, (state, replica, random) =>
    random() < 0.5
      ? enableWinsFlag.mutators.enable(state, replica)
      : enableWinsFlag.mutators.disable(state, replica),
  ),
  subject('disableWinsFlag', disableWinsFlag, (state, replica, random) =>
    random() < 0.5
      ? disableWinsFlag.mutators.enable(state, replica)
      : disableWinsFlag.mutators.disable(state, replica),
  ),
  subject('resettableCounter', resettableCounter, (state, replica, random) =>
    pick(random, 6) === 0
      ? resettableCounter.mutators.reset(state)
      : resettableCounter.mutators.add(state, replica, pick(random, 9) - 4),
  ),
  subject('orMap of sets', map, changeMap),
  subject('orMap of maps', nestedMap, (state, replica, random) => {
    const key = letter(random);
    if (pick(random, 5) === 0) return nestedMap.mutators.remove(state, replica, key);
    return nestedMap.mutators.update(state, replica, key, (inner) =>
      changeMap(inner, replica, random),
    );
  }),
  subject('orMap of counters', counters, (state, replica, random) => {
    const key = letter(random);
    if (pick(random, 5) === 0) return counters.mutators.remove(state, replica, key);
    return counters.mutators.update(state, replica, key, (inner) =>
      resettableCounter.mutators.add(inner, replica, pick(random, 9) - 4),
    );
  }),
  subject('lwwMap', lastMap, (state, replica, random) =>
    random() < 0.7
      ? lastMap.mutators.set(state, replica, letter(random), pick(random, 9), pick(random, 9))
      : lastMap.mutators.remove(state, replica, letter(random), pick(random, 9)),
  ),
  subject('orderedList', list, (state, replica, random) => {
    const { length } = list.value(state);
    return length > 0 && random() < 0.3
      ? list.mutators.delete(state, replica, pick(random, length))
      : list.mutators.insert(state, replica, pick(random, length + 1), letter(random));
  }),
];
