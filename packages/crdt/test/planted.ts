/**
 * Replicated types and their exchange with one mistake each, after what Riak's QuickCheck found and
 * what is easily forgotten: the simulation, which sees the replicas from outside, has to notice.
 * `npm run planted -- crdt` prints the table.
 */
import { type Causal, causal, deltaOf, type StoreType } from '../src/causal.ts';
import { CausalContext } from '../src/causal-context.ts';
import { dotMap } from '../src/dot-map.ts';
import { type Dots, dotSet } from '../src/dots.ts';
import { gCounter, lwwRegister, orSet } from '../src/index.ts';
import type { Known, Replicated } from '../src/sync.ts';
import { EventGraph } from '../src/text/event-graph.ts';
import { type Subject, subjects } from './classic/subjects.ts';
import {
  type Decisions,
  type Document,
  type DocumentKind,
  RunFailed,
  runConvergence,
  stateKind,
  textKind,
} from './simulation/scenario.ts';

export interface PlantedBug {
  readonly name: string;
  readonly kind: () => DocumentKind;
  readonly decisions?: Decisions;
}

type SetState = Causal<Map<string, Dots>>;

const rightSet = orSet<string>();

function subjectOf(name: string): Subject {
  const found = subjects.find((subject) => subject.name === name);
  if (found === undefined) throw new Error(`no subject ${name}`);
  return found;
}

/** A subject with some of its parts replaced, judged by the right one. */
function broken(name: string, change: (subject: Subject) => Partial<Subject>): () => DocumentKind {
  const subject = subjectOf(name);
  return () => stateKind({ ...subject, ...change(subject) }, subject);
}

/** The set over another store of dots. */
function setOver(dots: Partial<StoreType<Dots>>): () => DocumentKind {
  const type = causal(
    9,
    dotMap<string, Dots>({ ...dotSet, ...dots }),
    (store) => new Set(store.keys()),
    {},
  );
  return broken('orSet', () => ({ type: type as unknown as Subject['type'] }));
}

/** A document of which some parts are replaced. */
function wrapped(change: (document: Document) => Partial<Replicated>): Decisions {
  return {
    wrap: (document) => ({
      known: () => document.known(),
      updateSince: (known, maxBytes) => document.updateSince(known, maxBytes),
      apply: (update) => document.apply(update),
      ...change(document),
    }),
  };
}

const set = (): DocumentKind => stateKind(subjectOf('orSet'));

/** Text whose ties are broken by the numbers that events have here, which differ by replica. */
function brokenText(): DocumentKind {
  const right = EventGraph.prototype.compareNames;
  const wrong = (left: number, other: number): number => left - other;
  const broken = <Result>(act: () => Result): Result => {
    EventGraph.prototype.compareNames = wrong;
    try {
      return act();
    } finally {
      EventGraph.prototype.compareNames = right;
    }
  };
  const kind = textKind();
  return {
    ...kind,
    open(replica, saved) {
      const document = broken(() => kind.open(replica, saved));
      return {
        ...document,
        apply: (update) => broken(() => document.apply(update)),
        change: (random) => broken(() => document.change(random)),
      };
    },
  };
}

/** Text that forgets by other reports than those it was given. */
function forgettingBy(
  change: (reports: ReadonlyMap<number, Known>, known: Known) => ReadonlyMap<number, Known>,
): () => DocumentKind {
  return () => {
    const kind = textKind({ forgets: true });
    return {
      ...kind,
      open(replica, saved) {
        const document = kind.open(replica, saved);
        const forget = (reports: ReadonlyMap<number, Known>): number =>
          document.forget?.(change(reports, document.known())) ?? 0;
        return { ...document, forget };
      },
    };
  };
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'dots are kept when both sides hold the element',
    kind: setOver({
      absorb(mine, theirs) {
        dotSet.each(theirs, (replica, counter) => {
          const isThere = mine.some((id, at) => {
            return at % 2 === 0 && id === replica && mine[at + 1] === counter;
          });
          if (!isThere) mine.push(replica, counter);
        });
        return mine;
      },
    }),
  },
  {
    name: 'an element without dots is shown',
    kind: setOver({ isEmpty: () => false }),
  },
  {
    name: 'the state that seems to dominate is taken whole',
    kind: broken('orSet', ({ type }) => ({
      type: {
        ...type,
        absorb(state: SetState, delta: SetState) {
          let dominates = true;
          rightSet.storeType.each(state.store, (replica, counter) => {
            if (!delta.context.has(replica, counter)) dominates = false;
          });
          rightSet.absorb(state, delta);
          if (dominates && !delta.partial) state.store = rightSet.storeType.copy(delta.store);
          else if (dominates && delta.store.size > 0) state.store = new Map(delta.store);
        },
      } as unknown as Subject['type'],
    })),
  },
  {
    name: 'a removal forgets which dots it has seen',
    kind: broken('orSet', ({ change }) => ({
      change(state, replica, random) {
        const delta = change(state, replica, random) as SetState;
        const shown = [...delta.store.values()].some((dots) => dots.length > 0);
        if (shown) return delta;
        rightSet.absorb(state as SetState, delta);
        return { ...delta, context: new CausalContext() };
      },
    })),
  },
  {
    name: 'removing a key leaves what was under it (reset-remove is lost)',
    kind: broken('orMap of sets', ({ change }) => ({
      change(state, replica, random) {
        const delta = change(state, replica, random) as Causal<Map<string, Map<string, Dots>>>;
        const removes = [...delta.store.values()].every((inner) =>
          [...inner.values()].every((dots) => dots.length === 0),
        );
        return removes ? { ...delta, store: new Map() } : delta;
      },
    })),
  },
  {
    name: 'a new dot is taken from the counter of dots shown',
    kind: broken('orSet', ({ change }) => ({
      change(state, replica, random) {
        const { store } = state as SetState;
        const delta = change(state, replica, random) as SetState;
        const [element] = [...delta.store].find(([, dots]) => dots.length > 0) ?? [];
        if (element === undefined) return delta;
        let last = 0;
        rightSet.storeType.each(store, (id, counter) => {
          if (id === replica) last = Math.max(last, counter);
        });
        const type = rightSet.storeType;
        const old = new Map([[element, store.get(element) ?? []]]);
        return deltaOf(type, new Map([[element, [replica, last + 1]]]), old);
      },
    })),
  },
  {
    name: 'counts of a replica are added instead of compared',
    kind: broken('gCounter', () => ({
      type: {
        ...gCounter,
        absorb(state: Parameters<typeof gCounter.absorb>[0], delta: typeof state) {
          const before = gCounter.join(gCounter.initial(), state);
          gCounter.absorb(state, delta);
          for (let from = 0; from < delta.length; from += 2) {
            const at = state.findIndex((id, place) => place % 2 === 0 && id === delta[from]);
            const old = before.findIndex((id, place) => place % 2 === 0 && id === delta[from]);
            const had = before[old + 1] ?? 0;
            if (old >= 0 && had > 0) state[at + 1] = had + (delta[from + 1] as number);
          }
        },
      } as unknown as Subject['type'],
    })),
  },
  {
    name: 'the last to arrive wins instead of the last written',
    kind: broken('lwwRegister', () => ({
      type: {
        ...lwwRegister<string>(),
        absorb(state: object, delta: object) {
          Object.assign(state, delta);
        },
      } as unknown as Subject['type'],
    })),
  },
  {
    name: 'a replica comes back under its name without what it had',
    kind: set,
    decisions: { saved: () => undefined },
  },
  {
    name: 'what was received is not passed on',
    kind: set,
    decisions: wrapped((document) => ({
      updateSince: (known, maxBytes) => {
        const own = document.known();
        const others = [...own].filter(([replica]) => known.has(replica));
        return others.length < own.size && others.length > 0
          ? new Uint8Array(0)
          : document.updateSince(known, maxBytes);
      },
    })),
  },
  {
    name: 'characters at one place stand in the order in which they arrived',
    kind: brokenText,
  },
  {
    name: 'a text forgets what not everybody knows yet',
    kind: forgettingBy(() => new Map()),
  },
  {
    name: 'a text forgets before what was made without it has arrived',
    kind: forgettingBy((reports, here) => {
      const heard = (replica: number, known: Known): number =>
        Math.min(known.get(replica) ?? 0, here.get(replica) ?? 0);
      return new Map(
        [...reports].map(([replica, known]) => {
          return [replica, new Map([...known, [replica, heard(replica, known)]])];
        }),
      );
    }),
  },
  {
    name: 'an update is taken for known although it was refused',
    kind: textKind,
    decisions: wrapped((document) => {
      const claimed = new Map<number, number>();
      return {
        known: () => {
          for (const [replica, count] of document.known()) {
            if (count > (claimed.get(replica) ?? 0)) claimed.set(replica, count + 1);
          }
          return claimed;
        },
      };
    }),
  },
];

export interface PlantedOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export interface Caught {
  readonly name: string;
  readonly caught: boolean;
  readonly seeds: number;
  readonly events: number;
  readonly message?: string | undefined;
}

/** Runs seed after seed until one notices the bug. */
export async function hunt(bug: PlantedBug, options: PlantedOptions): Promise<Caught> {
  const { name, kind, decisions } = bug;
  for (let seeds = 1; seeds <= options.seeds; seeds += 1) {
    options.signal.throwIfAborted();
    options.progress(`${name}: seed ${seeds}`);
    try {
      await runConvergence(kind(), options.firstSeed + seeds - 1, decisions);
    } catch (error) {
      if (!(error instanceof RunFailed)) throw error;
      return { name, caught: true, seeds, events: error.events, message: error.message };
    }
  }
  return { name, caught: false, seeds: options.seeds, events: 0 };
}

export async function run(options: PlantedOptions): Promise<{ bugs: Caught[] }> {
  const bugs: Caught[] = [];
  for (const bug of plantedBugs) bugs.push(await hunt(bug, options));
  return { bugs };
}
