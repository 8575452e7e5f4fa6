/** What the scenarios and the known answers do not show: refusals, limits, restarts, copies. */
import { describe, expect, it } from 'vitest';
import {
  compareDots,
  compareLamport,
  DottedVersionVector,
  equalDots,
  HybridLogicalClock,
  LamportClock,
  SiblingSet,
  SortableIds,
  timestampOfId,
  VectorClock,
  VersionVector,
} from '../../src/index.ts';
import { ManualClock } from '../../src/memory.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('a Lamport clock', () => {
  it('goes on after a restart where it was', () => {
    const before = new LamportClock({ id: 'a' });
    const last = before.tick();
    const after = new LamportClock({ id: 'a', time: before.time });
    expect(compareLamport(last, after.tick())).toBeLessThan(0);
  });

  it('is not driven to its end by one message, and stays as it was', () => {
    const clock = new LamportClock({ id: 'a', maxAdvance: 100 });
    expect(clock.receive({ time: 100, id: 'b' })).toEqual({ time: 101, id: 'a' });
    const far = { time: Number.MAX_SAFE_INTEGER, id: 'b' };
    expect(() => clock.receive(far)).toThrow(code('CLOCK_REMOTE_AHEAD'));
    expect(() => clock.receive({ time: -1, id: 'b' })).toThrow(RangeError);
    expect(clock.time).toBe(101);
    const full = new LamportClock({ id: 'a', time: Number.MAX_SAFE_INTEGER });
    expect(() => full.tick()).toThrow(code('CLOCK_EXHAUSTED'));
  });
});

describe('a vector clock', () => {
  it('gives timestamps that do not change when it goes on', () => {
    const clock = new VectorClock({ id: 'a' });
    const first = clock.tick();
    clock.receive(VersionVector.from([['b', 3]]));
    expect(first.toJSON()).toEqual({ a: 1 });
    expect(clock.timestamp.toJSON()).toEqual({ a: 2, b: 3 });
  });

  it('notices that it has lost events, and resumes with its last timestamp', () => {
    const before = new VectorClock({ id: 'a' });
    const seen = before.tick();
    const forgetful = new VectorClock({ id: 'a' });
    expect(() => forgetful.receive(seen)).toThrow(code('CLOCK_AMNESIA'));
    expect(forgetful.timestamp.size).toBe(0);
    const resumed = new VectorClock({ id: 'a', resume: before.timestamp });
    expect(resumed.receive(seen).toJSON()).toEqual({ a: 2 });
  });
});

describe('dots', () => {
  it('are equal by both parts, and ordered by counter, then by id', () => {
    const [a1, a2, b1] = [
      { id: 'a', counter: 1 },
      { id: 'a', counter: 2 },
      { id: 'b', counter: 1 },
    ];
    expect([equalDots(a1, { ...a1 }), equalDots(a1, a2), equalDots(a1, b1)]).toEqual([
      ...[true, false, false],
    ]);
    expect([a2, b1, a1].sort(compareDots)).toEqual([a1, b1, a2]);
    expect(compareDots(a1, { ...a1 })).toBe(0);
  });
});

describe('versions and siblings', () => {
  it('of a server that has lost writes are refused', () => {
    const stored = DottedVersionVector.write('a', new VersionVector());
    const read = VersionVector.from([['a', 5]]);
    expect(() => DottedVersionVector.write('a', read, stored)).toThrow(code('CLOCK_AMNESIA'));
    expect(() => DottedVersionVector.from({ id: 'a', counter: 5 }, read)).toThrow(RangeError);
  });

  it('go no further than 1,024 for clients that never read', () => {
    let set = SiblingSet.empty<number>();
    for (let i = 0; i < 1_024; i += 1) set = set.write('a', i, new VersionVector());
    expect(() => set.write('a', -1, new VersionVector())).toThrow(code('CLOCK_LIMIT'));
    expect(set.write('a', -1, set.join()).values).toEqual([-1]);
  });

  it('come from entries that a set can have, and from no others', () => {
    const entry = { id: 'a', counter: 1, values: ['x'] };
    expect(SiblingSet.from([entry]).toJSON()).toEqual([entry]);
    for (const wrong of [
      { ...entry, counter: 0 },
      { ...entry, values: ['x', 'y'] },
    ])
      expect(() => SiblingSet.from([wrong])).toThrow(RangeError);
    expect(() => SiblingSet.from([entry, entry])).toThrow(RangeError);
  });
});

describe('sortable ids', () => {
  it('are UUIDs of version 7 that tell when they were made', () => {
    const wall = new ManualClock({ wallMs: 1_700_000_000_000 });
    const clock = new HybridLogicalClock({ clock: wall });
    clock.update({ wallMs: 1_700_000_000_000, logical: 0xabc0 });
    const id = new SortableIds({ clock, random: () => 0.999_999_999 }).next();
    expect(id).toBe('018bcfe5-6800-7abc-87ff-ffffffffffff');
    expect(timestampOfId(id)).toEqual({ wallMs: 1_700_000_000_000, logical: 0xabc1 });
  });

  it('ascend while the wall clock steps back and its count overflows', () => {
    const wall = new ManualClock({ wallMs: 1_700_000_000_000 });
    const ids = new SortableIds({ clock: new HybridLogicalClock({ clock: wall }) });
    let last = '';
    for (let i = 0; i < 150_000; i += 1) {
      if (i % 50_000 === 0) wall.setWall(1_700_000_000_000 - i);
      const id = ids.next();
      if (!(id > last)) throw new Error(`${id} after ${last}`);
      last = id;
    }
    expect(timestampOfId(last)).toEqual({ wallMs: 1_700_000_000_002, logical: 18_927 });
  });

  it('are read from no other text', () => {
    for (const text of ['', '018bcfe5-6800-4abc-87ff-ffffffffffff', 'x'.repeat(36)])
      expect(() => timestampOfId(text)).toThrow(code('CLOCK_MALFORMED'));
  });
});
