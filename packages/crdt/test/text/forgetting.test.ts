/** A text that forgets what is stable shows what one that keeps everything shows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Anchor,
  anchorAt,
  CrdtError,
  forgetting,
  type KnownEvents,
  positionOf,
  Text,
  Undo,
} from '../../src/index.ts';
import { BEGINNING, EventGraph } from '../../src/text/event-graph.ts';
import { stableCut } from '../../src/text/stable-cut.ts';

const COPIES = 3;
const step = fc.record({
  who: fc.nat(COPIES - 1),
  action: fc.constantFrom(
    ...(['insert', 'insert', 'type', 'delete', 'backspace', 'merge', 'merge', 'merge'] as const),
    ...(['settle', 'settle', 'report', 'report', 'forget', 'forget', 'reload', 'names'] as const),
  ),
  at: fc.nat(1_000_000),
  from: fc.nat(COPIES - 1),
});

/** Runs `act`; the code with which it was refused. */
function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(CrdtError);
    return (error as CrdtError).code;
  }
}

/** A copy that forgets, one that does not, and what the first has heard of the other copies. */
class Pair {
  readonly replica: number;
  forgets: Text;
  readonly keeps: Text;
  readonly reports: Map<number, KnownEvents> = new Map();
  cursor = 0;
  forgotten = 0;
  readonly #versions: { known: KnownEvents; text: string }[] = [];

  constructor(replica: number, others: readonly number[]) {
    this.replica = replica;
    this.forgets = new Text({ replica, forgetting });
    this.keeps = new Text({ replica });
    for (const other of others) if (other !== replica) this.reports.set(other, new Map());
  }

  insert(position: number, word: string): void {
    this.forgets.insert(position, word);
    this.keeps.insert(position, word);
    this.cursor = position + word.length;
  }

  delete(position: number, count: number): void {
    this.forgets.delete(position, count);
    this.keeps.delete(position, count);
    this.cursor = position;
  }

  merge(other: Pair): void {
    this.forgets.apply(other.forgets.updateSince(this.forgets.known()));
    this.keeps.apply(other.keeps.updateSince(this.keeps.known()));
    this.cursor = Math.min(this.cursor, this.keeps.length);
  }

  check(): void {
    expect(this.forgets.toString()).toBe(this.keeps.toString());
    expect(this.forgets.length).toBe(this.keeps.length);
    expect([...this.forgets.known()].sort()).toEqual([...this.keeps.known()].sort());
    this.#versions.push({ known: this.keeps.known(), text: this.keeps.toString() });
  }

  checkNames(): void {
    const names = namesIn(this.forgets);
    expect(names).toEqual(namesIn(this.keeps));
    for (const [position, name] of names.entries()) {
      const [replica, sequence] = name.split(':').map(Number) as [number, number];
      const anchor: Anchor = { side: 'right', character: { replica, sequence } };
      expect(positionOf(this.forgets, anchor)).toBe(position);
    }
  }

  /** Versions this copy had read as they did, or are refused as forgotten. */
  checkVersions(): void {
    for (const { known, text } of this.#versions) {
      if (codeOf(() => this.forgets.at(known)) === undefined) {
        expect(this.forgets.at(known)).toBe(text);
      } else expect(this.forgotten).toBeGreaterThan(0);
    }
  }
}

function namesIn(text: Text): string[] {
  return text
    .charactersAt(0, text.length)
    .flatMap(({ replica, sequence, count }) =>
      Array.from({ length: count }, (_, index) => `${replica}:${sequence + index}`),
    );
}

function perform(pairs: readonly Pair[], { who, action, at, from }: StepOf): void {
  const pair = pairs[who] as Pair;
  const other = pairs[from] as Pair;
  const { length } = pair.keeps;
  if (action === 'insert') pair.insert(at % (length + 1), 'abcdef'.slice(at % 6));
  else if (action === 'type') pair.insert(pair.cursor, 'xyz'.slice(at % 3));
  else if (action === 'delete' && length > 0) {
    pair.delete(at % length, Math.min(1 + (at % 4), length - (at % length)));
  } else if (action === 'backspace' && pair.cursor > 0) pair.delete(pair.cursor - 1, 1);
  else if (action === 'merge') pair.merge(other);
  else if (action === 'settle') {
    for (const one of pairs) pair.merge(one);
    pair.insert(pair.cursor, '.');
    for (const one of pairs) one.merge(pair);
  } else if (action === 'report') {
    for (const one of pairs) if (one !== pair) pair.reports.set(one.replica, one.keeps.known());
  } else if (action === 'forget') pair.forgotten += pair.forgets.forget(pair.reports);
  else if (action === 'reload') {
    pair.forgets = Text.load(pair.forgets.save(), { replica: pair.replica, forgetting });
  } else if (action === 'names') pair.checkNames();
  pair.check();
}

type StepOf = typeof step extends fc.Arbitrary<infer Step> ? Step : never;

/** Alice and Bob, who have the same text, of which Alice has forgotten how it came about. */
function forgetful(): { alice: Text; bob: Text; early: KnownEvents } {
  const alice = new Text({ replica: 1, forgetting });
  const bob = new Text({ replica: 2, forgetting });
  alice.insert(0, 'Hello wide world');
  bob.apply(alice.updateSince());
  const early = alice.known();
  bob.delete(6, 5);
  alice.insert(0, '> ');
  alice.apply(bob.updateSince(alice.known()));
  bob.apply(alice.updateSince(bob.known()));
  bob.insert(bob.length, '!');
  alice.apply(bob.updateSince(alice.known()));
  expect(alice.forget(new Map([[2, bob.known()]]))).toBe(24);
  return { alice, bob, early };
}

describe('a text that forgets', () => {
  it('shows the same characters under the same names as one that keeps all, whoever forgets when', () => {
    let forgotten = 0;
    const replicas = fc.shuffledSubarray([0, 1, 77, 2 ** 32 - 1], {
      minLength: COPIES,
      maxLength: COPIES,
    });
    fc.assert(
      fc.property(replicas, fc.array(step, { maxLength: 60, size: 'max' }), (names, steps) => {
        const pairs = names.map((name) => new Pair(name, names));
        for (const one of steps) perform(pairs, one);
        for (const pair of pairs) for (const other of pairs) pair.merge(other);
        for (const pair of pairs) {
          pair.check();
          pair.checkNames();
          pair.checkVersions();
          forgotten += pair.forgotten;
        }
        const newcomer = new Text({ replica: 5, forgetting });
        newcomer.apply((pairs[0] as Pair).forgets.updateSince());
        expect(newcomer.toString()).toBe(pairs[0]?.keeps.toString());
        expect(namesIn(newcomer)).toEqual(namesIn((pairs[0] as Pair).keeps));
      }),
      { numRuns: 150 },
    );
    // Nothing is shown by texts that had nothing to forget.
    expect(forgotten).toBeGreaterThan(200);
  });

  it('goes on with what everybody typed, also after it was saved and loaded', () => {
    const { alice, bob } = forgetful();
    const loaded = Text.load(alice.save(), { replica: 1, forgetting });
    expect(loaded.toString()).toBe('> Hello world!');
    const fromBob = bob.insert(bob.length, ' Bye.');
    const update = loaded.delete(0, 2);
    loaded.apply(fromBob);
    bob.apply(update);
    expect(loaded.toString()).toBe('Hello world! Bye.');
    expect(bob.toString()).toBe('Hello world! Bye.');
    expect(loaded.save()).toEqual(Text.load(loaded.save(), { replica: 3, forgetting }).save());
  });

  it('keeps as much as its text needs, however much was written and deleted', () => {
    const text = new Text({ replica: 1, forgetting });
    for (let round = 0; round < 200; round += 1) {
      text.insert(0, `${round} lorem ipsum `.repeat(20));
      text.delete(0, text.length);
    }
    text.insert(0, 'still here');
    const before = text.save().length;
    expect(text.forget(new Map())).toBeGreaterThan(100_000);
    expect(text.save().length).toBeLessThan(100);
    expect(before).toBeGreaterThan(1000);
    expect(text.forget(new Map())).toBe(0);
  });

  it('forgets nothing that a copy has not said it knows', () => {
    const { alice, bob } = forgetful();
    const heard = bob.known();
    alice.insert(0, 'more ');
    expect(alice.forget(new Map([[2, heard]]))).toBe(0);
    bob.apply(alice.updateSince(bob.known()));
    expect(alice.forget(new Map([[2, bob.known()]]))).toBe(5);
  });

  it('forgets nothing while edits are on their way that were made before a report', () => {
    const { alice, bob } = forgetful();
    const late = bob.insert(0, 'late ');
    const fromAlice = alice.insert(alice.length, ' more');
    bob.apply(fromAlice);
    // Bob has all that Alice has; what she lacks of his she cannot place without what is older.
    expect(alice.forget(new Map([[2, bob.known()]]))).toBe(0);
    alice.apply(late);
    expect(alice.toString()).toBe(bob.toString());
  });

  it('brings those who lack what was forgotten to the text, and tells them what changed', () => {
    const { alice } = forgetful();
    const late = new Text({ replica: 9, forgetting });
    late.apply(new Text({ replica: 1 }).insert(0, 'Hello wide'));
    let mirror = late.toString();
    late.onChange(({ position, deleted, inserted }) => {
      mirror = mirror.slice(0, position) + inserted + mirror.slice(position + deleted);
    });
    const update = alice.updateSince(late.known());
    late.apply(update);
    expect([late.toString(), mirror]).toEqual([alice.toString(), alice.toString()]);
    late.apply(update);
    expect(late.toString()).toBe(alice.toString());
    alice.apply(late.insert(0, '# '));
    late.apply(alice.insert(4, 'So: '));
    expect(alice.toString()).toBe('# > So: Hello world!');
    expect([late.toString(), late.pending]).toEqual([alice.toString(), 0]);
  });

  it('wakes what waited for what was forgotten', () => {
    const { alice } = forgetful();
    const late = new Text({ replica: 9, forgetting });
    late.apply(alice.insert(0, 'new '));
    expect(late.pending).toBe(1);
    late.apply(alice.updateSince(new Map()).slice());
    expect([late.toString(), late.pending]).toEqual([alice.toString(), 0]);
  });

  it('and a copy that nobody counted on tell each other apart, and both keep what they had', () => {
    const { alice } = forgetful();
    const stranger = new Text({ replica: 9, forgetting });
    const edit = stranger.insert(0, 'on my own');
    expect(codeOf(() => alice.apply(edit))).toBe('CRDT_FORGOTTEN');
    expect(codeOf(() => stranger.apply(alice.updateSince(stranger.known())))).toBe(
      'CRDT_FORGOTTEN',
    );
    expect([alice.toString(), stranger.toString()]).toEqual(['> Hello world!', 'on my own']);
    const follower = new Text({ replica: 3, forgetting });
    follower.apply(alice.updateSince());
    expect(follower.toString()).toBe(alice.toString());
  });

  it('reads the versions it has, and refuses those before', () => {
    const { alice, bob, early } = forgetful();
    const kept = alice.known();
    alice.apply(bob.insert(0, 'later '));
    expect(alice.at(kept)).toBe('> Hello world!');
    expect(alice.at(alice.known())).toBe('later > Hello world!');
    expect(codeOf(() => alice.at(early))).toBe('CRDT_FORGOTTEN');
    expect(codeOf(() => alice.at(new Map()))).toBe('CRDT_FORGOTTEN');
    expect(() => alice.at(new Map([...kept, [7, 1]]))).toThrow(RangeError);
  });

  it('keeps the anchors of characters that stood, and of those deleted since', () => {
    const alice = new Text({ replica: 1, forgetting });
    alice.insert(0, 'abcdef');
    const anchors = [1, 3, 5].map((at) => anchorAt(alice, at, 'right')) as [Anchor, Anchor, Anchor];
    alice.delete(3, 1);
    alice.forget(new Map());
    alice.insert(0, '--');
    alice.delete(6, 1);
    expect(alice.toString()).toBe('--abce');
    expect(anchors.map((anchor) => positionOf(alice, anchor))).toEqual([3, undefined, 6]);
    expect(anchorAt(alice, 3, 'right')).toEqual(anchors[0]);
  });

  it('takes back what still stands, and not what was deleted before', () => {
    const alice = new Text({ replica: 1, forgetting });
    const undo = new Undo(alice);
    undo.insert(0, 'keep drop');
    undo.closeGroup();
    undo.delete(4, 5);
    undo.closeGroup();
    undo.insert(4, '!');
    alice.forget(new Map());
    undo.undo();
    expect(alice.toString()).toBe('keep');
    undo.undo();
    expect(alice.toString()).toBe('keep');
    undo.undo();
    expect(alice.toString()).toBe('');
  });

  it('is understood by those alone that were made with `forgetting`', () => {
    const { alice } = forgetful();
    const plain = new Text({ replica: 9 });
    expect(codeOf(() => plain.apply(alice.updateSince()))).toBe('CRDT_FORMAT');
    expect(codeOf(() => Text.load(alice.save(), { replica: 9 }))).toBe('CRDT_FORMAT');
    expect(() => plain.forget(new Map())).toThrow(TypeError);
  });
});

describe('the stable cut', () => {
  /** Whether `a` came before `b`, or is it, by walking back. */
  function isBefore(graph: EventGraph, a: number, b: number): boolean {
    return a === b || graph.parents(b).some((parent) => isBefore(graph, a, parent));
  }

  it('is the newest event that everybody reported and that every other event comes before or after', () => {
    const made = fc.record({ who: fc.nat(2), merges: fc.boolean(), from: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(made, { maxLength: 24 }), fc.nat(25), (steps, reportedAt) => {
        const graph = new EventGraph();
        const heads: number[][] = [[], [], []];
        let report: KnownEvents = new Map();
        for (const [index, { who, merges, from }] of steps.entries()) {
          const both = [
            ...new Set([...(heads[who] ?? []), ...(merges ? (heads[from] ?? []) : [])]),
          ];
          const parents = both
            .filter((one) => both.every((other) => one === other || !isBefore(graph, one, other)))
            .sort((a, b) => a - b);
          heads[who] = [graph.append(who, 1, parents)];
          if (index === reportedAt) report = knownTo(graph, heads[1] ?? []);
        }
        const stable = Array.from({ length: graph.length }, (_, event) => event).filter((event) => {
          if (graph.sequenceOf(event) >= (report.get(graph.replicaOf(event)) ?? 0)) return false;
          for (let other = 0; other < graph.length; other += 1) {
            if (!isBefore(graph, event, other) && !isBefore(graph, other, event)) return false;
          }
          return true;
        });
        expect(stableCut(graph, new Map([[1, report]]))).toBe(stable.at(-1) ?? BEGINNING);
      }),
      { numRuns: 500 },
    );
  });

  function knownTo(graph: EventGraph, heads: readonly number[]): KnownEvents {
    const known = new Map<number, number>();
    for (let event = 0; event < graph.length; event += 1) {
      if (!heads.some((head) => isBefore(graph, event, head))) continue;
      known.set(graph.replicaOf(event), graph.sequenceOf(event) + 1);
    }
    return known;
  }
});
