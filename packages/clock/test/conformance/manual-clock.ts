import type { Clock } from '../../src/clock.ts';
import type { ClockUnderTest } from '../../src/conformance.ts';
import { ManualClock } from '../../src/memory.ts';

/** A manual clock moved a millisecond at a time; `wrap` lets a test break it. */
export function manualClockUnderTest(
  wrap: (clock: Clock) => Clock = (clock) => clock,
): ClockUnderTest {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  return {
    clock: wrap(clock),
    settle() {
      try {
        clock.advance(1);
      } catch (error) {
        errors.push(error);
      }
    },
    catchErrors: () => ({ errors, stop: () => {} }),
  };
}
