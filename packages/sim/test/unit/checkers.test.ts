import {
  type BankInput,
  type BankOutput,
  type CounterInput,
  type CounterOutput,
  checkBank,
  checkConvergence,
  checkCounter,
  checkLinearizability,
  checkSequentialConsistency,
  checkSessionGuarantees,
  checkSet,
  checkUniqueIds,
  type LockInput,
  type LockOutput,
  lockModel,
  type Operation,
  type QueueInput,
  type QueueOutput,
  queueModel,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  type SessionInput,
  type SessionOutput,
  type SetInput,
  type SetOutput,
} from '@ds/sim';
import { describe, expect, it } from 'vitest';

/** When it was called and returned; -1: it never returned. */
type Row<Input, Output> = readonly [
  process: string,
  input: Input,
  output?: Output | undefined,
  at?: number,
  to?: number,
];

/** One operation after another, unless they have times of their own. */
function history<Input, Output>(
  ...rows: readonly Row<Input, Output>[]
): Operation<Input, Output>[] {
  return rows.map(([process, input, output, at, to], i) => ({
    process,
    input,
    output,
    callAt: at ?? i * 2,
    returnAt: to === -1 ? undefined : (to ?? (at ?? i * 2) + 1),
  }));
}

const read = { kind: 'read' } as const;
const write = (value: number): RegisterInput => ({ kind: 'write', value });

describe('sequential consistency', () => {
  const judge = (...rows: Row<RegisterInput, RegisterOutput>[]): string =>
    checkSequentialConsistency(registerModel(0), history(...rows)).verdict;

  it('lets a process see the past, in an order that all agree on', () => {
    const stale: Row<RegisterInput, RegisterOutput>[] = [
      ['a', write(1), {}],
      ['b', read, { value: 0 }],
      ['b', read, { value: 1 }],
    ];
    expect(judge(...stale)).toBe('sequential');
    const { verdict } = checkLinearizability(registerModel(0), history(...stale));
    expect(verdict).toBe('violated');
  });

  it('refuses a process that goes back, and two that disagree on the order of two writes', () => {
    expect(judge(['a', write(1), {}], ['b', read, { value: 1 }], ['b', read, { value: 0 }])).toBe(
      'violated',
    );
    const disagreement = history<RegisterInput, RegisterOutput>(
      ['a', write(1), {}],
      ['b', write(2), {}],
      ['c', read, { value: 1 }],
      ['c', read, { value: 2 }],
      ['d', read, { value: 2 }],
      ['d', read, { value: 1 }],
    );
    const result = checkSequentialConsistency(registerModel(0), disagreement);
    expect(result.verdict).toBe('violated');
    expect(result.violation?.stuckAt.length).toBeGreaterThan(0);
    expect(result.violation?.message).toContain('none of these fits');
  });

  it('lets an operation without an outcome happen late, or never', () => {
    expect(judge(['a', write(1), undefined, 0, -1], ['b', read, { value: 0 }])).toBe('sequential');
    expect(
      judge(
        ['a', write(1), undefined, 0, -1],
        ['b', read, { value: 0 }],
        ['a', read, { value: 0 }],
        ['b', read, { value: 1 }],
      ),
    ).toBe('sequential');
    // Not before what its process had done before.
    expect(
      judge(
        ['a', read, { value: 1 }],
        ['a', write(1), undefined, 3, -1],
        ['b', read, { value: 0 }],
      ),
    ).toBe('violated');
  });

  it('gives up within its bound, and says so', () => {
    const rows = Array.from({ length: 12 }, (_, i) => [`p${i}`, write(i), {}] as const);
    const impossible = history<RegisterInput, RegisterOutput>(...rows, [
      'q',
      read,
      { value: 99 },
      50,
      51,
    ]);
    const options = { maxBytes: 4_000 };
    const { verdict } = checkSequentialConsistency(registerModel(0), impossible, options);
    expect(verdict).toBe('undecided');
  });
});

describe('session guarantees', () => {
  const w = (key: string): SessionInput => ({ kind: 'write', key });
  const r = (key: string): SessionInput => ({ kind: 'read', key });
  const v = (version: number): SessionOutput => ({ version });
  type SessionRow = Row<SessionInput, SessionOutput>;

  it('are kept by a history that keeps them, which put them to the test', () => {
    const result = checkSessionGuarantees(
      history<SessionInput, SessionOutput>(
        ['a', w('x'), v(1)],
        ['a', w('y'), v(1)],
        ['b', r('y'), v(1)],
        ['b', r('x'), v(1)],
        ['b', w('x'), v(2)],
        ['a', r('x'), v(2)],
      ),
    );
    expect(result).toMatchObject({ verdict: 'kept', violations: [] });
    expect(result.restricted).toBe(2);
  });

  const broken: Record<string, SessionRow[]> = {
    'read-your-writes': [
      ['a', w('x'), v(1)],
      ['a', r('x'), v(0)],
    ],
    'monotonic-reads': [
      ['a', w('x'), v(1)],
      ['b', r('x'), v(1)],
      ['b', r('x'), v(0)],
    ],
    'monotonic-writes': [
      ['a', w('x'), v(1)],
      ['a', w('y'), v(1)],
      ['b', r('y'), v(1)],
      ['b', r('x'), v(0)],
    ],
    'writes-follow-reads': [
      ['a', w('x'), v(1)],
      ['b', r('x'), v(1)],
      ['b', w('y'), v(1)],
      ['c', r('y'), v(1)],
      ['c', r('x'), v(0)],
    ],
  };
  for (const [guarantee, rows] of Object.entries(broken)) {
    it(`notices the one broken promise: ${guarantee}`, () => {
      const { verdict, violations } = checkSessionGuarantees(history(...rows));
      expect(verdict).toBe('violated');
      expect(violations.map((each) => [each.guarantee, each.operation])).toEqual([
        [guarantee, rows.length - 1],
      ]);
      const others = Object.keys(broken).filter((each) => each !== guarantee);
      const guarantees = others as 'monotonic-reads'[];
      expect(checkSessionGuarantees(history(...rows), { guarantees }).verdict).toBe('kept');
    });
  }
});

describe('convergence', () => {
  const seen = (...rows: [number, string, string][]): Parameters<typeof checkConvergence>[0] =>
    rows.map(([atMs, node, state]) => ({ atMs, node, state }));
  const bound = { quietAtMs: 10, withinMs: 5 };

  it('holds when all agree in time', () => {
    const converging = seen([9, 'a', 'x'], [9, 'b', 'y'], [16, 'a', 'y'], [16, 'b', 'y']);
    expect(checkConvergence(converging, bound)).toMatchObject({
      verdict: 'converged',
      strength: { observations: 4, replicas: 2, states: 2 },
    });
  });

  it('is violated when they differ at the bound, or part again', () => {
    const late = seen([9, 'a', 'x'], [16, 'a', 'y'], [16, 'b', 'x'], [30, 'b', 'y']);
    const result = checkConvergence(late, bound);
    expect(result).toMatchObject({ verdict: 'violated', divergedForMs: 6 });
    expect(result.violation?.message).toContain('a has y, b has x');
    const parting = seen([15, 'a', 'x'], [15, 'b', 'x'], [40, 'b', 'z']);
    expect(checkConvergence(parting, bound).verdict).toBe('violated');
  });

  it('is not judged without observations that could have shown the opposite', () => {
    const weak = [
      seen([16, 'a', 'x'], [16, 'b', 'x']),
      seen([9, 'a', 'x'], [16, 'b', 'y']),
      seen([9, 'a', 'x'], [16, 'a', 'y']),
    ];
    for (const observations of weak) {
      expect(() => checkConvergence(observations, bound)).toThrow('prove too little');
    }
  });
});

describe('a set, a counter, a bank, ids', () => {
  const add = (element: number): SetInput => ({ kind: 'add', element });
  const judgeSet = (...rows: Row<SetInput, SetOutput>[]): string[] =>
    checkSet(history(...rows)).violations.map(({ message }) => message);

  it('a set shows what was added, and nothing else', () => {
    expect(
      judgeSet(
        ['a', add(1), {}],
        ['a', add(2), undefined, 2, -1],
        ['b', read, { elements: [1] }],
        ['b', read, { elements: [1, 2] }],
      ),
    ).toEqual([]);
    expect(judgeSet(['a', add(1), {}], ['b', read, { elements: [] }])).toEqual([
      "operation 1 by b: '1' is lost",
    ]);
    expect(judgeSet(['b', read, { elements: [7] }], ['a', add(7), {}])).toEqual([
      "operation 0 by b: '7' was never added",
    ]);
  });

  it('a counter stays between what was surely and what was perhaps added', () => {
    const up = (amount: number): CounterInput => ({ kind: 'add', amount });
    const shows = (value: number): string =>
      checkCounter(
        history<CounterInput, CounterOutput>(
          ['a', up(5), {}],
          ['a', up(-2), undefined, 2, -1],
          ['a', up(3), {}, 3, 9],
          ['b', read, { value }, 4, 5],
        ),
      ).verdict;
    expect([2, 3, 5, 8, 9].map(shows)).toEqual(['violated', 'valid', 'valid', 'valid', 'violated']);
  });

  it('a bank makes no money, loses none, and lends none', () => {
    const judge = (a: number, b: number, allowNegative = false): string =>
      checkBank(history<BankInput, BankOutput>(['c', read, { balances: { a, b } }]), {
        total: 10,
        allowNegative,
      }).verdict;
    expect(judge(4, 6)).toBe('valid');
    expect(judge(4, 7)).toBe('violated');
    expect(judge(-1, 11)).toBe('violated');
    expect(judge(-1, 11, true)).toBe('valid');
  });

  it('ids are given once', () => {
    const give = (...ids: number[]): string =>
      checkUniqueIds(history(...ids.map((id) => ['a', {}, { id }] as const))).verdict;
    expect([give(1, 2, 3), give(1, 2, 1)]).toEqual(['valid', 'violated']);
  });
});

describe('a queue and a lock', () => {
  const put = (value: number): QueueInput => ({ kind: 'enqueue', value });
  const take: QueueInput = { kind: 'dequeue' };
  const judgeQueue = (...rows: Row<QueueInput, QueueOutput>[]): string =>
    checkLinearizability(queueModel(), history(...rows)).verdict;

  it('a queue gives first what came first, each once, and is empty only when it is', () => {
    const [one, two] = [['a', put(1), {}] as const, ['a', put(2), {}] as const];
    const taken = (value?: number) => ['b', take, { value }] as const;
    expect(judgeQueue(one, two, taken(1), taken(2), taken())).toBe('linearizable');
    expect(judgeQueue(one, two, taken(2))).toBe('violated');
    expect(judgeQueue(one, taken(1), taken(1))).toBe('violated');
    expect(judgeQueue(one, taken())).toBe('violated');
  });

  it('a lock has one owner, and its fencing tokens grow', () => {
    const row = (kind: LockInput['kind'], owner: string, ok: boolean, token?: number) =>
      [owner, { kind, owner }, token === undefined ? { ok } : { ok, token }] as const;
    const judge = (...rows: Row<LockInput, LockOutput>[]): string =>
      checkLinearizability(lockModel(), history<LockInput, LockOutput>(...rows)).verdict;
    const [a, b] = [row('acquire', 'a', true, 1), row('acquire', 'b', true, 2)];
    expect(judge(a, row('release', 'a', true), b)).toBe('linearizable');
    expect(judge(a, row('acquire', 'b', false))).toBe('linearizable');
    expect(judge(a, b)).toBe('violated');
    expect(judge(a, row('release', 'b', true))).toBe('violated');
    expect(judge(b, row('release', 'b', true), a)).toBe('violated');
    expect(judge(row('acquire', 'a', false))).toBe('violated');
  });
});
