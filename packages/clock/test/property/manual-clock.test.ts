import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sleep } from '../../src/index.ts';
import { ManualClock } from '../../src/memory.ts';

describe('the manual clock', () => {
  it('fires every timer once, at its deadline, in the order of deadline and setting', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ delayMs: fc.nat(20), cancel: fc.boolean() }), { maxLength: 60 }),
        fc.array(fc.nat(7), { maxLength: 20 }),
        (timers, steps) => {
          const clock = new ManualClock();
          const fired: { i: number; at: number }[] = [];
          const set = timers.map(({ delayMs }, i) =>
            clock.setTimer(delayMs, () => fired.push({ i, at: clock.monotonic() })),
          );
          timers.forEach(({ cancel }, i) => {
            if (cancel) set[i]!.cancel();
          });
          for (const step of steps) clock.advance(step);
          const elapsed = clock.monotonic();
          const expected = timers
            .map(({ delayMs, cancel }, i) => ({ i, at: delayMs, cancel }))
            .filter(({ at, cancel }) => !cancel && at <= elapsed && steps.length > 0)
            .sort((a, b) => a.at - b.at || a.i - b.i)
            .map(({ i, at }) => ({ i, at }));
          expect(fired).toEqual(expected);
          const live = timers.filter(({ cancel }) => !cancel).length;
          expect(clock.pendingTimers).toBe(live - fired.length);
        },
      ),
    );
  });

  it('moves the wall with time and lets it jump without moving time', () => {
    const clock = new ManualClock({ wallMs: 1_000 });
    clock.advance(5);
    expect([clock.now(), clock.monotonic()]).toEqual([1_005, 5]);
    clock.setWall(0);
    clock.advance(1);
    expect([clock.now(), clock.monotonic()]).toEqual([1, 6]);
  });

  it('lets promises run between timers when it is told to run', async () => {
    const clock = new ManualClock();
    const woken: number[] = [];
    const looping = (async () => {
      for (let i = 0; i < 10; i += 1) {
        await sleep(clock, 10);
        woken.push(clock.monotonic());
      }
    })();
    await clock.run(95);
    expect(woken).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(clock.monotonic()).toBe(95);
    await clock.run(5);
    await looping;
  });

  it('fires timers set by timers within one advance, and reports all that threw', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.setTimer(1, () => {
      clock.setTimer(1, () => fired.push('second'));
      throw new Error('one');
    });
    clock.setTimer(3, () => {
      throw new Error('two');
    });
    expect(() => clock.advance(3)).toThrow(AggregateError);
    expect(fired).toEqual(['second']);
    expect(() => clock.setTimer(0, () => clock.advance(1)) && clock.advance(1)).toThrow(
      /inside a timer/,
    );
  });
});
