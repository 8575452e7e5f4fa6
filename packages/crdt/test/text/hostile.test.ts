/** Bytes from anybody: an update or an archive is applied, or refused with a code; nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CharacterRun, CrdtError, forgetting, Text } from '../../src/index.ts';
import { Base, type BaseContent, readBase } from '../../src/text/base.ts';

function document(): Text {
  const a = new Text({ replica: 1 });
  const b = new Text({ replica: 300 });
  a.insert(0, 'The quick brown fox jumps over the lazy dog. The quick brown fox sleeps.');
  b.insert(0, 'π 🙂 \ud800 lone');
  a.apply(b.updateSince());
  a.delete(4, 6);
  b.delete(0, 2);
  b.insert(3, '\u4e2d\u6587');
  a.apply(b.updateSince(a.known()));
  return a;
}

/** One that has forgotten where a part of it comes from. */
function forgetful(): Text {
  const [a, b] = [7, 300].map((replica) => new Text({ replica, forgetting })) as [Text, Text];
  a.apply(document().updateSince());
  b.apply(a.updateSince());
  a.insert(3, 'typed by a, ');
  b.apply(a.updateSince(b.known()));
  b.delete(1, 9);
  a.apply(b.updateSince(a.known()));
  expect(a.forget(new Map([[300, b.known()]]))).toBeGreaterThan(100);
  a.insert(0, 'since then: ');
  b.delete(5, 1);
  a.apply(b.updateSince(a.known()));
  return a;
}

const kinds = [
  ['a text that keeps all', document],
  ['a text that has forgotten', forgetful],
] as const;

/** Runs `act`; true when it was refused as it should be. */
function refused(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(CrdtError);
    return true;
  }
}

/** A document that works: it can be edited, anchored, saved and followed. */
function isSound(text: Text): void {
  text.insert(text.length, '!');
  if (text.length > 1) text.delete(0);
  const follower = new Text({ replica: 4_000_000_000, forgetting });
  follower.apply(text.updateSince());
  expect(follower.toString()).toBe(text.toString());
  const { length } = text;
  expect(text.charactersAt(0, length).reduce((sum, { count }) => sum + count, 0)).toBe(length);
}

describe('hostile bytes', () => {
  it.each(kinds)(
    'an update of %s with any bytes changed is applied or refused, and harms nothing',
    (_, make) => {
      const update = make().updateSince();
      const change = fc.record({ at: fc.nat(update.length - 1), value: fc.nat(255) });
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(9), (changes, cut) => {
          const bytes = update.slice(0, update.length - cut);
          for (const { at, value } of changes) bytes[at] = value;
          const text = new Text({ replica: 9, forgetting });
          refused(() => text.apply(bytes));
          isSound(text);
        }),
        { numRuns: 2000 },
      );
    },
  );

  it('random bytes are no update and no archive that breaks anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const text = new Text({ replica: 9, forgetting });
        refused(() => text.apply(bytes));
        // As what somebody else has forgotten the source of.
        refused(() => text.apply(Uint8Array.of(0xc0, bytes.length, ...bytes)));
        isSound(text);
        refused(() => Text.load(bytes, { replica: 1 }));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(kinds)(
    'one flipped bit anywhere in the archive of %s is told when it is loaded',
    (_, make) => {
      const archive = make().save();
      for (let bit = 0; bit < archive.length * 8; bit += 1) {
        const damaged = archive.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(refused(() => Text.load(damaged, { replica: 1, forgetting }))).toBe(true);
      }
    },
  );

  it.each(kinds)('the archive of %s, cut short anywhere, is told when it is loaded', (_, make) => {
    const archive = make().save();
    for (let length = 0; length < archive.length; length += 1) {
      expect(
        refused(() => Text.load(archive.subarray(0, length), { replica: 1, forgetting })),
      ).toBe(true);
    }
  });

  it('what claims to stand for forgotten events, and cannot, is refused whole', () => {
    const replicas = [
      { replica: 1, count: 3, end: 3 },
      { replica: 2, count: 2, end: 0 },
    ];
    const right = {
      replicas,
      lastReplica: 2,
      text: 'abcd',
      characters: [
        { replica: 1, sequence: 0, count: 3 },
        { replica: 2, sequence: 1, count: 1 },
      ],
    };
    const base = new Base(right);
    expect(readBase(base.bytes()).bytes()).toEqual(base.bytes());
    const [ofOne] = right.characters as [CharacterRun];
    const wrong: Partial<BaseContent>[] = [
      { text: 'abc' },
      { text: 'abcde' },
      { lastReplica: 3 },
      { replicas: [...replicas, { replica: 1, count: 1, end: 0 }] },
      { characters: [ofOne, { replica: 2, sequence: 2, count: 1 }] },
      { characters: [ofOne, { replica: 3, sequence: 0, count: 1 }] },
      { characters: [ofOne, { replica: 1, sequence: 2, count: 1 }] },
    ];
    for (const change of wrong) expect(refused(() => new Base({ ...right, ...change }))).toBe(true);
  });

  it('what comes too early is kept up to a bound, and told beyond it', () => {
    const author = new Text({ replica: 1 });
    const updates = Array.from({ length: 200 }, (_, index) => author.insert(index, 'x'));
    const reader = new Text({ replica: 2, maxPendingBytes: 1000 });
    const late = updates.slice(1);
    const taken = late.filter((update) => !refused(() => reader.apply(update)));
    expect(taken.length).toBe(reader.pending);
    expect(reader.pending).toBeLessThan(20);
    reader.apply(author.updateSince(reader.known()));
    expect(reader.toString()).toBe(author.toString());
    expect(reader.pending).toBe(0);
  });

  it('updates in reverse order, each twice, end in the same text', () => {
    const source = document();
    const author = new Text({ replica: 5 });
    author.apply(source.updateSince());
    const updates = [source.updateSince()];
    for (let index = 0; index < 300; index += 1) {
      updates.push(index % 5 === 4 ? author.delete(index % 7) : author.insert(index % 50, 'ab'));
    }
    const reader = new Text({ replica: 6 });
    for (const update of updates.toReversed()) {
      reader.apply(update);
      reader.apply(update);
    }
    expect(reader.toString()).toBe(author.toString());
    expect(reader.pending).toBe(0);
  });
});
