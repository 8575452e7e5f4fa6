/**
 * A test runner that collects: what a conformance suite says about a subject, as a list of the
 * titles that failed. Used to show that the suites fail where they should.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Expectation, TestRunner } from '@ds/clock/conformance';

export class CollectingRunner implements TestRunner {
  readonly #tests: { name: string; test: () => void | Promise<void> }[] = [];

  readonly describe = (_name: string, define: () => void): void => define();

  readonly it = (name: string, test: () => void | Promise<void>): void => {
    this.#tests.push({ name, test });
  };

  readonly expect = (actual: unknown): Expectation => ({
    toBe: (expected: unknown) => {
      if (!Object.is(actual, expected)) throw new Error(`${String(actual)} is not ${expected}`);
    },
    toEqual: (expected: unknown) => {
      if (!isDeepStrictEqual(actual, expected)) throw new Error('not equal');
    },
  });

  /** Runs the tests whose titles begin so, one after the other; gives the titles that failed. */
  async failures(beginning = ''): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, test } of this.#tests) {
      if (!name.startsWith(beginning)) continue;
      try {
        await test();
      } catch {
        failed.push(name);
      }
    }
    return failed;
  }
}
