import {
  checkLinearizability,
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
  type LockInput,
  type LockOutput,
  lockModel,
  type Model,
  type Operation,
  type QueueInput,
  type QueueOutput,
  queueModel,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  type VersionedInput,
  type VersionedOutput,
  versionedModel,
} from '@ds/sim';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLinearizable } from './definitions.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

const value = fc.integer({ min: 0, max: 2 });
const question: fc.Arbitrary<{ input: RegisterInput; output: RegisterOutput }> = fc.oneof(
  value.map((v) => ({ input: { kind: 'read' } as const, output: { value: v } })),
  value.map((v) => ({ input: { kind: 'write', value: v } as const, output: {} })),
  fc.tuple(value, value, fc.boolean()).map(([from, to, ok]) => ({
    input: { kind: 'cas', from, to } as const,
    output: { ok },
  })),
);
const operation: fc.Arbitrary<RegisterOperation> = fc
  .record({
    asked: question,
    callAt: fc.integer({ min: 0, max: 8 }),
    lasts: fc.option(fc.integer({ min: 0, max: 5 })),
    answered: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ asked, callAt, lasts, answered }) => ({
    input: asked.input,
    output: lasts === null || answered === 0 ? undefined : asked.output,
    callAt,
    returnAt: lasts === null ? undefined : callAt + lasts,
  }));
const history = fc.array(operation, { maxLength: 6 });

type Judge = (operations: readonly RegisterOperation[]) => boolean;

const judgeWith =
  (model: Model<unknown, RegisterInput, RegisterOutput>): Judge =>
  (operations) =>
    checkLinearizability(model, operations).verdict === 'linearizable';

/** The first history on which `judge` contradicts the definition. */
function findMistake(judge: Judge, runs: number): readonly RegisterOperation[] | null {
  const property = fc.property(history, (operations) => {
    expect(judge(operations)).toBe(isLinearizable(registerModel(0), operations));
  });
  const { counterexample } = fc.check(property, { numRuns: runs, seed: 1 });
  return counterexample?.[0] ?? null;
}

describe('the checker', () => {
  it('agrees with the definition on small histories', () => {
    expect(findMistake(judgeWith(registerModel(0)), 10_000)).toBe(null);
  });

  const model = registerModel(0);
  const broken: Record<string, Judge> = {
    'takes all states for one': judgeWith({ ...model, key: () => 0 }),
    'takes every operation for a read': judgeWith({ ...model, readsOnly: () => true }),
    'ignores real time': (operations) =>
      judgeWith(model)(
        operations.map((each) => ({
          ...each,
          callAt: 0,
          returnAt: each.returnAt === undefined ? undefined : 9,
        })),
      ),
    'forgets operations without an outcome': (operations) =>
      judgeWith(model)(operations.filter(({ returnAt }) => returnAt !== undefined)),
    'makes operations without an outcome happen at once': (operations) =>
      judgeWith(model)(
        operations.map((each) => ({ ...each, returnAt: each.returnAt ?? each.callAt })),
      ),
    'takes touching operations for consecutive ones': (operations) =>
      judgeWith(model)(
        operations.map((each) => ({
          ...each,
          returnAt: each.returnAt === undefined ? undefined : each.returnAt - 0.5,
          callAt: each.callAt - (each.returnAt === each.callAt ? 0.5 : 0),
        })),
      ),
  };
  for (const [bug, judge] of Object.entries(broken)) {
    it(`would be caught if it ${bug}`, () => {
      expect(findMistake(judge, 10_000)).not.toBe(null);
    });
  }
});

/** Histories of up to six operations at drawn times, some of them without return or answer. */
function histories<Input, Output>(
  asked: fc.Arbitrary<readonly [Input, Output]>,
): fc.Arbitrary<Operation<Input, Output>[]> {
  const step = fc.record({
    asked,
    callAt: fc.integer({ min: 0, max: 8 }),
    lasts: fc.option(fc.integer({ min: 0, max: 5 }), { freq: 3 }),
  });
  return fc.array(
    step.map(({ asked: [input, output], callAt, lasts }) => ({
      input,
      output: lasts === null ? undefined : output,
      callAt,
      returnAt: lasts === null ? undefined : callAt + lasts,
    })),
    { minLength: 1, maxLength: 6 },
  );
}

describe('every model', () => {
  const agrees = <State, Input, Output>(
    model: Model<State, Input, Output>,
    asked: fc.Arbitrary<readonly [Input, Output]>,
  ): Set<string> => {
    const verdicts = new Set<string>();
    fc.assert(
      fc.property(histories(asked), (operations) => {
        const verdict = isLinearizable(model, operations) ? 'linearizable' : 'violated';
        verdicts.add(verdict);
        for (const partition of [true, false]) {
          expect(checkLinearizability(model, operations, { partition }).verdict).toBe(verdict);
        }
      }),
      { numRuns: 3_000, seed: 4 },
    );
    return verdicts;
  };
  const both = new Set(['linearizable', 'violated']);

  it('is searched to the verdict that its definition gives: a key-value store', () => {
    const key = fc.constantFrom('k', 'l');
    const text = fc.constantFrom('x', 'y');
    const asked: fc.Arbitrary<readonly [KeyValueInput, KeyValueOutput]> = fc.oneof(
      fc
        .tuple(key, fc.constantFrom(undefined, 'x', 'xy'))
        .map(([k, value]) => [{ kind: 'get', key: k }, { value }] as const),
      fc.tuple(key, text).map(([k, value]) => [{ kind: 'put', key: k, value }, {}] as const),
      fc.tuple(key, text).map(([k, value]) => [{ kind: 'append', key: k, value }, {}] as const),
      key.map((k) => [{ kind: 'delete', key: k }, {}] as const),
      fc
        .tuple(key, fc.constantFrom(undefined, 'x'), text, fc.boolean())
        .map(([k, from, to, ok]) => [{ kind: 'cas', key: k, from, to }, { ok }] as const),
    );
    expect(agrees(keyValueModel(), asked)).toEqual(both);
  });

  it('is searched to the verdict that its definition gives: a queue', () => {
    const asked: fc.Arbitrary<readonly [QueueInput, QueueOutput]> = fc.oneof(
      fc.constantFrom(1, '1').map((value) => [{ kind: 'enqueue', value }, {}] as const),
      fc.constantFrom(undefined, 1, '1').map((value) => [{ kind: 'dequeue' }, { value }] as const),
    );
    expect(agrees(queueModel(), asked)).toEqual(both);
  });

  it('is searched to the verdict that its definition gives: a lock', () => {
    const asked: fc.Arbitrary<readonly [LockInput, LockOutput]> = fc
      .tuple(
        fc.constantFrom('acquire', 'release'),
        fc.constantFrom('a', 'b'),
        fc.boolean(),
        fc.constantFrom(undefined, 1, 2),
      )
      .map(([kind, owner, ok, token]) => [
        { kind, owner },
        ok && token !== undefined && kind === 'acquire' ? { ok, token } : { ok },
      ]);
    expect(agrees(lockModel(), asked)).toEqual(both);
  });
});

describe('operations of which nobody heard', () => {
  const open = (count: number): RegisterOperation[] =>
    Array.from({ length: count }, (_, value) => ({
      input: { kind: 'write', value: value + 1 },
      output: undefined,
      callAt: value,
      returnAt: undefined,
    }));
  const reads = (...values: number[]): RegisterOperation[] =>
    values.map((value, i) => ({
      input: { kind: 'read' },
      output: { value },
      callAt: 100 + 2 * i,
      returnAt: 101 + 2 * i,
    }));

  it.each([
    ['linearizable', reads(40, 3, 17, 9)],
    ['violated', reads(40, 3, 17, 3, 9)],
    ['violated', reads(99)],
  ] as const)('cost a few configurations each, not all their subsets: %s', (verdict, tail) => {
    const result = checkLinearizability(registerModel(0), [...open(40), ...tail]);
    expect(result.verdict).toBe(verdict);
    expect(result.configurations).toBeLessThan(10_000);
  });

  it('leave a verdict open when the memory given does not suffice, and never overstep it', () => {
    const asked = open(40).map(({ input, ...rest }) => {
      const value = 'value' in input ? `${input.value} ` : '';
      return { ...rest, input: { kind: 'append', key: 'k', value } as const };
    });
    const get = { input: { kind: 'get', key: 'k' } as const, output: { value: 'none' } };
    const operations = [...asked, { ...get, callAt: 100, returnAt: 101 }];
    const maxBytes = 2 ** 20;
    const result = checkLinearizability(keyValueModel(), operations, { maxBytes });
    expect(result.verdict).toBe('undecided');
    expect(result.configurations).toBeLessThan(maxBytes / 16);
  });
});

describe('the versioned model', () => {
  it('explains every history that a store with versions of its own produces', () => {
    const key = fc.constantFrom('a', 'b');
    const version = fc.integer({ min: 0, max: 12 });
    const input = fc.oneof<fc.Arbitrary<VersionedInput>[]>(
      fc.record({ kind: fc.constant('get'), key }),
      fc.record({ kind: fc.constant('put'), key, value: fc.constantFrom('x', 'y') }),
      fc.record({ kind: fc.constant('cas'), key, value: fc.constant('z'), version }),
      fc.record({
        kind: fc.constant('delete'),
        key,
        version: fc.option(version, { nil: undefined }),
      }),
    );
    const script = fc.array(fc.tuple(input, fc.boolean(), fc.boolean()), { maxLength: 12 });
    fc.assert(
      fc.property(script, (steps) => {
        const operations = runStore(steps);
        for (const partition of [true, false]) {
          const { verdict } = checkLinearizability(versionedModel, operations, { partition });
          expect(verdict).toBe('linearizable');
        }
      }),
      { numRuns: 1_500, seed: 2 },
    );
  });

  it.each<[string, Operation<VersionedInput, VersionedOutput>[]]>([
    ['a version that goes back', [put(0, 5), put(2, 4)]],
    ['two writes with one version', [put(0, 5), put(2, 5)]],
    ['a cas on an old version', [put(0, 5), put(2, 6), cas(4, 5, { ok: true, version: 7 })]],
    ['a cas refused on the right version', [put(0, 5), cas(2, 5, { ok: false })]],
    ['one unknown version that is two', [put(0, undefined), get(2, 'x', 3), get(4, 'x', 4)]],
    [
      'an unknown version that was ruled out',
      [put(0, undefined), cas(2, 3, { ok: false }), get(4, 'x', 3)],
    ],
  ])('sees through %s', (_, operations) => {
    expect(checkLinearizability(versionedModel, operations).verdict).toBe('violated');
  });
});

type VersionedOperation = Operation<VersionedInput, VersionedOutput>;

function put(at: number, version: number | undefined): VersionedOperation {
  const output = version === undefined ? undefined : { version };
  return { input: { kind: 'put', key: 'a', value: 'x' }, output, callAt: at, returnAt: at + 1 };
}

function get(at: number, value: string, version: number): VersionedOperation {
  const input = { kind: 'get', key: 'a' } as const;
  return { input, output: { value, version }, callAt: at, returnAt: at + 1 };
}

function cas(at: number, version: number, output: VersionedOutput): VersionedOperation {
  const input = { kind: 'cas', key: 'a', value: 'z', version } as const;
  return { input, output, callAt: at, returnAt: at + 1 };
}

/** A store whose versions are positions in one log; some answers and some operations get lost. */
function runStore(
  steps: readonly (readonly [VersionedInput, boolean, boolean])[],
): VersionedOperation[] {
  const entries = new Map<string, { value: string; version: number }>();
  let position = 0;
  return steps.map(([input, answered, happened], at) => {
    const output = answered || happened ? answer(input) : undefined;
    return {
      input,
      output: answered ? output : undefined,
      callAt: 2 * at,
      returnAt: answered ? 2 * at + 1 : undefined,
    };
  });

  function answer(input: VersionedInput): VersionedOutput {
    position += 1;
    const entry = entries.get(input.key);
    if (input.kind === 'get') return { value: entry?.value, version: entry?.version };
    if (input.kind !== 'put' && input.version !== undefined && entry?.version !== input.version) {
      return { ok: false };
    }
    if (input.kind === 'delete') {
      entries.delete(input.key);
      return input.version === undefined ? {} : { ok: true };
    }
    entries.set(input.key, { value: input.value, version: position });
    return input.kind === 'cas' ? { ok: true, version: position } : { version: position };
  }
}
