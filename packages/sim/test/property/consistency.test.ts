import {
  checkSequentialConsistency,
  checkSessionGuarantees,
  type Operation,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  type SessionInput,
  type SessionOutput,
} from '@ds/sim';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenGuarantees, isSequential } from './definitions.ts';

const RUNS = 8_000;

/** The first history on which `judge` contradicts the definition. */
function findMistake<T>(
  histories: fc.Arbitrary<T>,
  judge: (history: T) => unknown,
  definition: (history: T) => unknown,
): T | null {
  const property = fc.property(histories, (history) => {
    expect(judge(history)).toEqual(definition(history));
  });
  const { counterexample } = fc.check(property, { numRuns: RUNS, seed: 3 });
  return counterexample?.[0] ?? null;
}

describe('the checker of sequential consistency', () => {
  type RegisterOperation = Operation<RegisterInput, RegisterOutput>;
  const value = fc.integer({ min: 0, max: 2 });
  const asked: fc.Arbitrary<{ input: RegisterInput; output: RegisterOutput }> = fc.oneof(
    value.map((v) => ({ input: { kind: 'read' } as const, output: { value: v } })),
    value.map((v) => ({ input: { kind: 'write', value: v } as const, output: {} })),
    fc.tuple(value, value, fc.boolean()).map(([from, to, ok]) => ({
      input: { kind: 'cas', from, to } as const,
      output: { ok },
    })),
  );
  const operations = fc.array(
    fc.record({
      asked,
      process: fc.constantFrom('a', 'b', 'c', undefined),
      returned: fc.integer({ min: 0, max: 4 }),
      known: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 7 },
  );
  const histories = operations.map((steps): RegisterOperation[] =>
    steps.map(({ asked: { input, output }, process, returned, known }, at) => ({
      input,
      output: returned === 0 || known === 0 ? undefined : output,
      callAt: at * 2,
      returnAt: returned === 0 ? undefined : at * 2 + 1,
      process,
    })),
  );
  const model = registerModel(0);
  const definition = (history: RegisterOperation[]) => isSequential(model, history);
  const judgeWith =
    (changed: typeof model) =>
    (history: RegisterOperation[]): boolean =>
      checkSequentialConsistency(changed, history).verdict === 'sequential';

  it('agrees with the definition on small histories', () => {
    expect(findMistake(histories, judgeWith(model), definition)).toBe(null);
  });

  const broken: Record<string, (history: RegisterOperation[]) => boolean> = {
    'takes all states for one': judgeWith({ ...model, key: () => 0 }),
    'takes every operation for a read': judgeWith({ ...model, readsOnly: () => true }),
    'forgets who did what': (history) =>
      judgeWith(model)(history.map((each) => ({ ...each, process: undefined }))),
    'makes operations without an outcome happen': (history) =>
      judgeWith(model)(history.map((each) => ({ ...each, returnAt: each.callAt }))),
  };
  for (const [bug, judge] of Object.entries(broken)) {
    it(`would be caught if it ${bug}`, () => {
      expect(findMistake(histories, judge, definition)).not.toBe(null);
    });
  }
});

describe('the checker of session guarantees', () => {
  type SessionOperation = Operation<SessionInput, SessionOutput>;
  const step = fc.record({
    kind: fc.constantFrom('read', 'write'),
    key: fc.constantFrom('x', 'y'),
    process: fc.constantFrom('a', 'b', 'c', undefined),
    known: fc.integer({ min: 0, max: 9 }),
    reads: fc.nat(),
  });
  /** Every write of a key has a version of its own, in any order; a read shows one, or none. */
  const histories = fc
    .tuple(
      fc.array(step, { minLength: 1, maxLength: 9 }),
      fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 9 }),
    )
    .map(([steps, versions]): SessionOperation[] =>
      steps.map(({ kind, key, process, known, reads }, at) => {
        const shown = [0, ...versions.slice(0, steps.length)];
        const version = kind === 'write' ? versions[at]! : shown[reads % shown.length]!;
        const output = known === 0 ? undefined : { version };
        return { input: { kind, key }, output, callAt: at, returnAt: at, process } as const;
      }),
    );
  const judge = (history: readonly SessionOperation[]): string[] => {
    const { violations } = checkSessionGuarantees(history);
    return violations.map(({ guarantee, operation }) => `${operation} ${guarantee}`).sort();
  };
  const definition = (history: SessionOperation[]): string[] => brokenGuarantees(history);
  const once = (history: SessionOperation[]): string[] => [...new Set(judge(history))];

  it('agrees with the definitions on small histories, promise by promise', () => {
    expect(findMistake(histories, once, definition)).toBe(null);
  });

  it.each(['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'])(
    'would be caught if it overlooked %s',
    (overlooked) => {
      const without = (history: SessionOperation[]): string[] =>
        once(history).filter((each) => !each.endsWith(overlooked));
      expect(findMistake(histories, without, definition)).not.toBe(null);
    },
  );
});
