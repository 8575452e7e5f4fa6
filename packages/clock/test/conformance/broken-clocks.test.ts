/** The suite can fail: for each rule of the port, a clock that breaks it is caught at that rule. */
import { describe, expect, it } from 'vitest';
import type { Clock, Timer } from '../../src/clock.ts';
import { clockConformance, runSuite } from '../../src/conformance.ts';
import { manualClockUnderTest } from './manual-clock.ts';

const broken: Record<string, (clock: Clock) => Clock> = {
  'rule 1: goes back': (clock) => {
    let readings = 0;
    return override(clock, { monotonic: () => clock.monotonic() - (readings++ % 7) });
  },
  'rule 1: has no wall time': (clock) => override(clock, { now: () => Number.NaN }),
  'rule 2: fires inside setTimer': (clock) =>
    override(clock, {
      setTimer(delayMs, fire) {
        if (delayMs === 0) fire();
        return clock.setTimer(delayMs, () => delayMs > 0 && fire());
      },
    }),
  'rule 2: fires early': (clock) =>
    override(clock, { setTimer: (delayMs, fire) => clock.setTimer(Math.floor(delayMs / 2), fire) }),
  'rule 2: fires twice': (clock) =>
    override(clock, {
      setTimer: (delayMs, fire) =>
        clock.setTimer(delayMs, () => {
          fire();
          clock.setTimer(1, fire);
        }),
    }),
  'rule 3: fires the last one set first': (clock) => {
    const waiting: (() => void)[] = [];
    return override(clock, {
      setTimer(delayMs, fire) {
        waiting.push(fire);
        return clock.setTimer(delayMs, () => waiting.pop()?.());
      },
    });
  },
  'rule 4: cannot cancel': (clock) =>
    override(clock, {
      setTimer(delayMs, fire): Timer {
        clock.setTimer(delayMs, fire);
        return { cancel: () => {} };
      },
    }),
  'rule 5: a throw ends all timers': (clock) => {
    let dead = false;
    return override(clock, {
      setTimer: (delayMs, fire) =>
        clock.setTimer(delayMs, () => {
          if (dead) return;
          dead = true;
          fire();
          dead = false;
        }),
    });
  },
  'rule 6: takes any delay': (clock) =>
    override(clock, {
      setTimer: (delayMs, fire) =>
        clock.setTimer(delayMs >= 0 && delayMs < 1e12 ? delayMs : 0, fire),
    }),
  'rule 6: wraps long delays': (clock) =>
    override(clock, {
      setTimer: (delayMs, fire) => clock.setTimer(delayMs > 2 ** 31 ? 1 : delayMs, fire),
    }),
};

describe('the conformance suite catches a clock that', () => {
  for (const [name, breaks] of Object.entries(broken)) {
    it(name, async () => {
      const results = await runSuite((runner) =>
        clockConformance({ ...runner, create: () => manualClockUnderTest(breaks) }),
      );
      const failed = results.filter(({ error }) => error !== undefined).map(({ title }) => title);
      const rule = name.slice(0, name.indexOf(':') + 1);
      expect(failed.filter((title) => title.startsWith(rule))).not.toEqual([]);
    });
  }

  it('and passes one that keeps them all', async () => {
    const results = await runSuite((runner) =>
      clockConformance({ ...runner, create: () => manualClockUnderTest() }),
    );
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});

function override(clock: Clock, replaced: Partial<Clock>): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimer: (delayMs, fire) => clock.setTimer(delayMs, fire),
    ...replaced,
  };
}
