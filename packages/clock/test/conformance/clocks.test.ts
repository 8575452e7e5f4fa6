import { describe, expect, it } from 'vitest';
import { type ClockUnderTest, clockConformance } from '../../src/conformance.ts';
import { systemClock } from '../../src/index.ts';
import { manualClockUnderTest } from './manual-clock.ts';

describe('the manual clock', () => {
  clockConformance({ describe, it, expect, create: () => manualClockUnderTest() });
});

describe('the system clock', () => {
  clockConformance({ describe, it, expect, create: systemClockUnderTest });
});

function systemClockUnderTest(): ClockUnderTest {
  return {
    clock: systemClock,
    settle: () => new Promise((resolve) => setTimeout(resolve, 1)),
    catchErrors() {
      const errors: unknown[] = [];
      const before = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.on('uncaughtException', (error) => errors.push(error));
      return {
        errors,
        stop() {
          process.removeAllListeners('uncaughtException');
          for (const listener of before) process.on('uncaughtException', listener);
        },
      };
    },
  };
}
