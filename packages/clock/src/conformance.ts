/**
 * Does a clock keep the rules of the port? Run it on your own:
 * `clockConformance({ describe, it, expect, create })`.
 *
 * Nothing here waits for a fixed time: `settle` is called until what a rule promises has happened,
 * so the same suite judges a clock that runs by itself and one that must be moved by hand.
 */
import type { Clock } from './clock.ts';
import type { TestRunner } from './test-runner.ts';

export { type Expectation, runSuite, type TestResult, type TestRunner } from './test-runner.ts';

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets a little time pass: a few ms of real time, or one step of a clock moved by hand. */
  settle(): void | Promise<void>;
  /**
   * Catches what timer callbacks throw from here on; calling the result ends that. For a clock
   * whose callbacks run under the host, that is the host's uncaught errors.
   */
  catchErrors(): { readonly errors: unknown[]; stop(): void };
}

export interface ClockConformance extends TestRunner {
  create(): ClockUnderTest | Promise<ClockUnderTest>;
}

const MAX_SETTLES = 2_000;

export function clockConformance({ describe, it, expect, create }: ClockConformance): void {
  const until = async (subject: ClockUnderTest, holds: () => boolean): Promise<void> => {
    for (let i = 0; i < MAX_SETTLES && !holds(); i += 1) await subject.settle();
    expect(holds()).toBe(true);
  };

  describe('a clock', () => {
    it('rule 1: monotonic time never goes back', async () => {
      const subject = await create();
      let last = subject.clock.monotonic();
      for (let i = 0; i < 50; i += 1) {
        if (i % 10 === 0) await subject.settle();
        const reading = subject.clock.monotonic();
        expect(reading >= last).toBe(true);
        last = reading;
      }
      expect(Number.isFinite(subject.clock.now())).toBe(true);
    });

    it('rule 2: a timer fires once, not inside setTimer, and not before its delay', async () => {
      const subject = await create();
      const { clock } = subject;
      for (const delayMs of [0, 1, 7.5]) {
        const start = clock.monotonic();
        let fired = 0;
        let at = 0;
        clock.setTimer(delayMs, () => {
          fired += 1;
          at = clock.monotonic();
        });
        expect(fired).toBe(0);
        await until(subject, () => fired > 0);
        expect(at - start >= delayMs).toBe(true);
        let later = false;
        clock.setTimer(10, () => (later = true));
        await until(subject, () => later);
        expect(fired).toBe(1);
      }
    });

    it('rule 3: timers fire by deadline, and equal ones in the order they were set', async () => {
      const subject = await create();
      const fired: string[] = [];
      subject.clock.setTimer(30, () => fired.push('late'));
      subject.clock.setTimer(5, () => fired.push('early'));
      for (let i = 0; i < 5; i += 1) subject.clock.setTimer(0, () => fired.push(`now ${i}`));
      await until(subject, () => fired.length === 7);
      expect(fired).toEqual(['now 0', 'now 1', 'now 2', 'now 3', 'now 4', 'early', 'late']);
    });

    it('rule 4: a cancelled timer never fires', async () => {
      const subject = await create();
      const { clock } = subject;
      const fired: string[] = [];
      const doomed = clock.setTimer(2, () => fired.push('cancelled before'));
      doomed.cancel();
      doomed.cancel();
      clock.setTimer(0, () => sibling.cancel());
      const sibling = clock.setTimer(0, () => fired.push('cancelled by a sibling'));
      const done = clock.setTimer(20, () => fired.push('done'));
      await until(subject, () => fired.includes('done'));
      done.cancel();
      expect(fired).toEqual(['done']);
    });

    it('rule 5: a callback that throws does not keep the next from firing', async () => {
      const subject = await create();
      const caught = subject.catchErrors();
      let fired = false;
      try {
        subject.clock.setTimer(1, () => {
          throw new Error('thrown by a timer');
        });
        subject.clock.setTimer(2, () => (fired = true));
        await until(subject, () => fired && caught.errors.length > 0);
      } finally {
        caught.stop();
      }
    });

    it('rule 6: impossible delays are refused, and long ones do not fire early', async () => {
      const subject = await create();
      for (const delayMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        let thrown: unknown;
        try {
          subject.clock.setTimer(delayMs, () => {}).cancel();
        } catch (error) {
          thrown = error;
        }
        expect(thrown instanceof RangeError).toBe(true);
      }
      let early = false;
      let done = false;
      const year = subject.clock.setTimer(365 * 24 * 3_600_000, () => (early = true));
      subject.clock.setTimer(10, () => (done = true));
      await until(subject, () => done);
      year.cancel();
      expect(early).toBe(false);
    });
  });
}
