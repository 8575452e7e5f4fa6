import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeIntervalTreeClock,
  encodeIntervalTreeClock,
  IntervalTreeClock,
} from '../../src/index.ts';

const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(), fc.nat()), { maxLength: 40 });

/** Stamps that share the interval, after some forks, events, messages and departures. */
function population(list: readonly (readonly [number, number, number])[]): IntervalTreeClock[] {
  const stamps = [IntervalTreeClock.seed()];
  for (const [kind, first, second] of list) {
    const [at, other] = [first % stamps.length, second % stamps.length];
    if (kind === 0) stamps.splice(at, 1, ...stamps[at]!.fork());
    else if (kind === 1) stamps[at] = stamps[at]!.event();
    else if (kind === 2) stamps[at] = stamps[at]!.join(stamps[other]!.peek());
    else if (at !== other) {
      stamps[at] = stamps[at]!.join(stamps[other]!);
      stamps.splice(other, 1);
    }
  }
  return stamps;
}

describe('an interval tree clock', () => {
  it('joins to the least that both are part of, in any order and grouping', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.nat(), fc.nat(), (list, i, j, k) => {
        const stamps = population(list).map((stamp) => stamp.peek());
        const [a, b, c] = [i, j, k].map((n) => stamps[n % stamps.length]!) as [
          IntervalTreeClock,
          IntervalTreeClock,
          IntervalTreeClock,
        ];
        expect(encodeIntervalTreeClock(a.join(b))).toEqual(encodeIntervalTreeClock(b.join(a)));
        expect(encodeIntervalTreeClock(a.join(b).join(c))).toEqual(
          encodeIntervalTreeClock(a.join(b.join(c))),
        );
        expect(encodeIntervalTreeClock(a.join(a))).toEqual(encodeIntervalTreeClock(a));
        for (const part of [a, b]) expect(['before', 'equal']).toContain(part.compare(a.join(b)));
        if (a.compare(b) === 'before') expect(a.join(b).compare(b)).toBe('equal');
      }),
    );
  });

  it('is after itself by each event, and by that alone', () => {
    fc.assert(
      fc.property(steps, (list) => {
        for (const stamp of population(list)) {
          expect(stamp.event().compare(stamp)).toBe('after');
          expect(stamp.compare(stamp.event())).toBe('before');
          for (const half of stamp.fork()) expect(half.compare(stamp)).toBe('equal');
        }
      }),
    );
  });

  it('gives the whole interval back when all have left', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const whole = population(list).reduce((all, stamp) => all.join(stamp));
        const [id, events] = whole.event().toJSON();
        expect(id).toBe(1);
        expect(typeof events).toBe('number');
      }),
    );
  });

  it('stays small while processes come and go', () => {
    let stamp = IntervalTreeClock.seed();
    for (let i = 0; i < 1_000; i += 1) {
      const [ours, newcomer] = stamp.fork();
      stamp = ours.event().join(newcomer.event());
    }
    expect(encodeIntervalTreeClock(stamp.event()).length).toBeLessThan(6);
  });

  it('refuses an event without a share, a share held twice, and 257 splits in a row', () => {
    const seed = IntervalTreeClock.seed();
    expect(() => seed.peek().event()).toThrow(RangeError);
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => seed.join(seed.event())).toThrow(code('CLOCK_AMNESIA'));
    let last = seed;
    for (let i = 0; i < 256; i += 1) last = last.event().fork()[0];
    expect(encodeIntervalTreeClock(decodeIntervalTreeClock(encodeIntervalTreeClock(last)))).toEqual(
      encodeIntervalTreeClock(last),
    );
    expect(() => last.fork()).toThrow(code('CLOCK_LIMIT'));
  });
});
