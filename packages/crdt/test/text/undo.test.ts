import { describe, expect, it } from 'vitest';
import { Presence, Text, Undo } from '../../src/index.ts';

function pair(): { alice: Text; bob: Text; sync(): void } {
  const alice = new Text({ replica: 1 });
  const bob = new Text({ replica: 2 });
  const sync = (): void => {
    alice.apply(bob.updateSince(alice.known()));
    bob.apply(alice.updateSince(bob.known()));
    expect(alice.toString()).toBe(bob.toString());
  };
  return { alice, bob, sync };
}

describe('undo', () => {
  it("takes back one's own insertion around what somebody else typed into it", () => {
    const { alice, bob, sync } = pair();
    const undo = new Undo(alice);
    undo.insert(0, 'hello world');
    sync();
    bob.insert(5, ' big');
    sync();
    for (const update of undo.undo()) bob.apply(update);
    sync();
    expect(bob.toString()).toBe(' big');
    undo.redo();
    sync();
    expect(bob.toString()).toBe('hello big world');
  });

  it('puts back what one deleted on both sides of what somebody else typed between', () => {
    const { alice, bob, sync } = pair();
    alice.insert(0, 'abcdef');
    sync();
    const undo = new Undo(alice);
    undo.delete(1, 4);
    bob.insert(3, 'X');
    sync();
    expect(alice.toString()).toBe('aXf');
    undo.undo();
    sync();
    expect(bob.toString()).toBe('abcXdef');
    undo.redo();
    sync();
    expect(bob.toString()).toBe('aXf');
    undo.undo();
    sync();
    expect(bob.toString()).toBe('abcXdef');
  });

  it('goes back through an edit of what was deleted and put back', () => {
    const { alice, sync } = pair();
    const undo = new Undo(alice);
    const seen: string[] = [''];
    const edits = [
      () => undo.insert(0, 'one two'),
      () => undo.delete(0, 4),
      () => undo.insert(3, ' three'),
      () => undo.delete(2, 3),
    ];
    for (const edit of edits) {
      edit();
      undo.closeGroup();
      seen.push(alice.toString());
    }
    for (let round = 0; round < 3; round += 1) {
      for (const text of seen.slice(0, -1).toReversed()) {
        undo.undo();
        expect(alice.toString()).toBe(text);
      }
      expect(undo.canUndo).toBe(false);
      for (const text of seen.slice(1)) {
        undo.redo();
        expect(alice.toString()).toBe(text);
      }
      expect(undo.canRedo).toBe(false);
    }
    sync();
  });

  it("leaves other users' edits alone, and does nothing for what is gone already", () => {
    const { alice, bob, sync } = pair();
    const undo = new Undo(alice);
    undo.insert(0, 'abc');
    sync();
    bob.delete(0, 3);
    bob.insert(0, 'xyz');
    sync();
    expect(undo.undo()).toEqual([]);
    expect(alice.toString()).toBe('xyz');
    expect(undo.undo()).toEqual([]);
  });

  it('forgets the oldest groups beyond its bound', () => {
    const { alice } = pair();
    const undo = new Undo(alice, { maxGroups: 2 });
    for (const letter of 'abc') {
      undo.insert(alice.length, letter);
      undo.closeGroup();
    }
    while (undo.canUndo) undo.undo();
    expect(alice.toString()).toBe('a');
    expect(() => new Undo(alice, { maxGroups: 0 })).toThrow(RangeError);
  });
});

describe('presence', () => {
  it("shows others' cursors where they are after later edits, until they leave", () => {
    const { alice, bob, sync } = pair();
    alice.insert(0, 'hello');
    sync();
    const here = new Presence<string>(alice);
    const there = new Presence<string>(bob);
    const message = there.announce('Bob', { anchor: 1, head: 3 }, 100);
    expect(here.receive(message, 5)).toBe(true);
    expect(here.receive(message, 5)).toBe(false);
    alice.insert(0, '>> ');
    expect(here.others(10)).toEqual([
      { replica: 2, user: 'Bob', selection: { anchor: 4, head: 6 } },
    ]);
    expect(here.receive(there.leave(100), 11)).toBe(true);
    expect(here.receive(message, 12)).toBe(false);
    expect(here.others(12)).toEqual([]);
  });

  it('forgets whoever is silent, and never keeps more than its bound', () => {
    const { alice, bob } = pair();
    const here = new Presence<string>(alice, { maxAgeMs: 10, maxReplicas: 1 });
    here.receive(new Presence<string>(bob).announce('Bob', undefined, 1), 0);
    expect(here.others(10)).toHaveLength(1);
    expect(here.others(11)).toEqual([]);
    here.receive(new Presence<string>(bob).announce('Bob', undefined, 1), 20);
    const carol = new Presence<string>(new Text({ replica: 3 }));
    here.receive(carol.announce('Carol', undefined, 1), 20);
    expect(here.others(20).map(({ user }) => user)).toEqual(['Carol']);
  });
});
