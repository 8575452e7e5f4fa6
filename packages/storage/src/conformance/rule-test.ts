/**
 * One test of one rule, and how a list of them is handed to a test runner.
 *
 * A test gets a fresh subject and closes it. One that needs an ability which was not declared is
 * listed instead of run.
 */
import type { TestRunner } from '@ds/clock/conformance';

export interface RuleTest<Context> {
  /** `rule N: ` and the property. */
  readonly title: string;
  /** The abilities without which the test has no meaning. */
  readonly needs?: readonly (keyof Context)[];
  run(context: Context): void | Promise<void>;
}

/** What a suite did not register, because the subject cannot be put through it. */
export interface Coverage {
  readonly uncovered: readonly string[];
}

/** A subject in use by one test. */
export interface Opened<Context> {
  readonly context: Context;
  close(): void | Promise<void>;
}

export function register<Context>(
  { describe, it }: TestRunner,
  name: string,
  tests: readonly RuleTest<Context>[],
  abilities: Partial<Record<keyof Context, unknown>>,
  open: () => Opened<Context> | Promise<Opened<Context>>,
): Coverage {
  const declared = ({ needs = [] }: RuleTest<Context>) =>
    needs.every((ability) => abilities[ability] !== undefined);
  describe(name, () => {
    for (const test of tests.filter(declared)) {
      it(test.title, async () => {
        const { context, close } = await open();
        try {
          await test.run(context);
        } finally {
          await close();
        }
      });
    }
  });
  return { uncovered: tests.filter((test) => !declared(test)).map(({ title }) => title) };
}

/** Stands for an ability that was not declared; the tests that would call it are not registered. */
export function absent(ability: string): () => never {
  return () => {
    throw new Error(`the subject does not declare '${ability}'`);
  };
}
