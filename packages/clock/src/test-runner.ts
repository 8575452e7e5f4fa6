/**
 * The little that a conformance suite asks of a test runner, so that it runs under any:
 * Vitest, Jest, node:test with an `expect`, or a list that collects the tests.
 */
export interface TestRunner {
  describe(name: string, define: () => void): void;
  it(name: string, test: () => void | Promise<void>): void;
  expect(actual: unknown): Expectation;
}

export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
}
