/**
 * The little that a conformance suite asks of a test runner, so that it runs under any: Vitest,
 * Jest, node:test with an `expect`, or {@link runSuite}, which needs none.
 */
export interface TestRunner {
  describe(name: string, define: () => void): void;
  it(name: string, test: () => void | Promise<void>): void;
  expect(actual: unknown): Expectation;
}

export interface Expectation {
  toBe(expected: unknown): void;
  /** Deep equality of arrays, plain objects and bytes. */
  toEqual(expected: unknown): void;
}

export interface TestResult {
  readonly title: string;
  /** What the test threw; absent when it passed. */
  readonly error?: unknown;
}

/**
 * Runs a suite without a test runner, one test after the other, and tells what became of each.
 * It is how the suites themselves are judged: a broken implementation must fail the rule it breaks.
 */
export async function runSuite(
  define: (runner: TestRunner) => void,
  isWanted: (title: string) => boolean = () => true,
): Promise<TestResult[]> {
  const tests: { title: string; test: () => void | Promise<void> }[] = [];
  define({
    describe: (_, defineTests) => defineTests(),
    it: (title, test) => {
      if (isWanted(title)) tests.push({ title, test });
    },
    expect,
  });
  const results: TestResult[] = [];
  for (const { title, test } of tests) {
    try {
      await test();
      results.push({ title });
    } catch (error) {
      results.push({ title, error });
    }
  }
  return results;
}

function expect(actual: unknown): Expectation {
  return {
    toBe(expected) {
      if (!Object.is(actual, expected))
        throw new Error(`expected ${show(expected)}, got ${show(actual)}`);
    },
    toEqual(expected) {
      if (!equal(actual, expected))
        throw new Error(`expected ${show(expected)}, got ${show(actual)}`);
    },
  };
}

function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [keysOfA, keysOfB] = [Object.keys(a), Object.keys(b)];
  return (
    keysOfA.length === keysOfB.length &&
    keysOfA.every((key) => {
      const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
      return Object.hasOwn(right, key) && equal(left[key], right[key]);
    })
  );
}

function show(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
