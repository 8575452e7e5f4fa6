import { describe, expect, it } from 'vitest';
import { BoundedClock, compareIntervals } from '../../src/index.ts';
import { ManualClock } from '../../src/memory.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('a bounded clock', () => {
  it('grows less certain by its drift, and does not heed steps of the wall clock', () => {
    const clock = new ManualClock({ wallMs: 1_000 });
    const bounded = new BoundedClock({ clock, uncertaintyMs: 10, maxDriftPpm: 1_000 });
    clock.advance(2_000);
    clock.setWall(0);
    expect(bounded.now()).toEqual({ earliestMs: 990 + 1_998, latestMs: 1_010 + 2_002 });
    expect([bounded.isPast(2_987), bounded.isPast(2_988)]).toEqual([true, false]);
    expect([bounded.isFuture(3_013), bounded.isFuture(3_012)]).toEqual([true, false]);
  });

  it('keeps what old and new measurement share', () => {
    const clock = new ManualClock({ wallMs: 1_000 });
    const bounded = new BoundedClock({ clock, uncertaintyMs: 100, maxDriftPpm: 0 });
    clock.advance(10);
    bounded.synchronize({ askedAtMs: 0, heardAtMs: 6, earliestMs: 1_000, latestMs: 1_002 });
    expect(bounded.now()).toEqual({ earliestMs: 1_004, latestMs: 1_012 });
    bounded.synchronize({ askedAtMs: 10, heardAtMs: 10, earliestMs: 900, latestMs: 1_006 });
    expect(bounded.now()).toEqual({ earliestMs: 1_004, latestMs: 1_006 });
  });

  it('refuses a measurement that contradicts it, and stays as it was', () => {
    const clock = new ManualClock({ wallMs: 1_000 });
    const bounded = new BoundedClock({ clock, uncertaintyMs: 5 });
    const wrong = { askedAtMs: 0, heardAtMs: 0, earliestMs: 2_000, latestMs: 2_001 };
    expect(() => bounded.synchronize(wrong)).toThrow(code('CLOCK_DISJOINT'));
    expect(bounded.now()).toEqual({ earliestMs: 995, latestMs: 1_005 });
    for (const impossible of [
      { ...wrong, askedAtMs: 1 },
      { ...wrong, heardAtMs: 1 },
      { ...wrong, earliestMs: 2_002 },
      { ...wrong, latestMs: Number.POSITIVE_INFINITY },
    ])
      expect(() => bounded.synchronize(impossible)).toThrow(RangeError);
  });

  it('says when it is too uncertain, and recovers by a measurement', () => {
    const clock = new ManualClock({ wallMs: 1_000 });
    const bounded = new BoundedClock({ clock, uncertaintyMs: 5, maxUncertaintyMs: 6 });
    clock.advance(10_000);
    expect(() => bounded.now()).toThrow(code('CLOCK_UNCERTAIN'));
    const at = clock.monotonic();
    bounded.synchronize({ askedAtMs: at, heardAtMs: at, earliestMs: 11_000, latestMs: 11_002 });
    expect(bounded.now()).toEqual({ earliestMs: 11_000, latestMs: 11_002 });
  });

  it('waits with a commit until its time has passed for certain, not longer than needed', async () => {
    const clock = new ManualClock({ wallMs: 1_000 });
    const bounded = new BoundedClock({ clock, uncertaintyMs: 10 });
    const { latestMs } = bounded.now();
    let committed = false;
    const waiting = bounded.commitWait(latestMs).then(() => {
      committed = true;
    });
    await clock.run(19.9);
    expect(committed).toBe(false);
    await clock.run(0.2);
    expect(committed).toBe(true);
    expect(bounded.isPast(latestMs)).toBe(true);
    await waiting;
    await bounded.commitWait(latestMs);
  });

  it('ends a wait with the reason of an abort, and leaves no timer', async () => {
    const clock = new ManualClock();
    const bounded = new BoundedClock({ clock, uncertaintyMs: 10 });
    const controller = new AbortController();
    const waiting = bounded.commitWait(1_000, controller.signal);
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    await expect(bounded.commitWait(1_000, controller.signal)).rejects.toBe('enough');
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses settings that bound nothing', () => {
    const clock = new ManualClock();
    for (const options of [
      { uncertaintyMs: -1 },
      { uncertaintyMs: Number.POSITIVE_INFINITY },
      { uncertaintyMs: 1, maxDriftPpm: 1e6 },
      { uncertaintyMs: 1, maxUncertaintyMs: 0 },
    ])
      expect(() => new BoundedClock({ clock, ...options })).toThrow(RangeError);
  });
});

describe('intervals', () => {
  const interval = (earliestMs: number, latestMs: number) => ({ earliestMs, latestMs });

  it('are before or after one another only if they share no moment', () => {
    expect(compareIntervals(interval(1, 2), interval(3, 4))).toBe('before');
    expect(compareIntervals(interval(3, 4), interval(1, 2))).toBe('after');
    expect(compareIntervals(interval(1, 3), interval(3, 4))).toBe('concurrent');
    expect(compareIntervals(interval(1, 3), interval(1, 3))).toBe('concurrent');
    expect(compareIntervals(interval(3, 3), interval(3, 3))).toBe('equal');
  });
});
