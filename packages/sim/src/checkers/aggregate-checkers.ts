/**
 * Checkers for objects whose answers can be judged by counting, in linear or nearly linear time
 * where a search over orders would be hopeless: a set that only grows, a counter, a bank, ids.
 *
 * They never call a correct history wrong; being sums and bounds, they may miss what a search
 * finds. An operation without a return may have happened at any time after its call, or never.
 * Source: the workloads of the Jepsen tests.
 */
import type { Operation } from './history.ts';
import { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';

export interface AggregateOptions {
  /** Refuses to judge a weaker history. @default none */
  readonly floor?: Floor;
}

export interface AggregateResult {
  readonly verdict: 'valid' | 'violated';
  readonly strength: Strength;
  readonly violations: readonly AggregateViolation[];
}

export interface AggregateViolation {
  /** An index into the history: the operation whose answer is wrong. */
  readonly operation: number;
  readonly message: string;
}

export type SetInput =
  | { readonly kind: 'add'; readonly element: string | number }
  | { readonly kind: 'read' };

/** A read answers `{ elements }`, an add `{}`. */
export interface SetOutput {
  readonly elements?: Iterable<string | number>;
}

/**
 * A set that only grows: a read shows everything whose add had returned before it was called, and
 * nothing whose add had not been called before it returned.
 */
export function checkSet(
  history: readonly Operation<SetInput, SetOutput>[],
  options: AggregateOptions = {},
): AggregateResult {
  const adds = new Map<string | number, { calledAt: number; returnedAt: number }>();
  for (const { input, callAt, returnAt = Number.POSITIVE_INFINITY } of history) {
    if (input.kind !== 'add') continue;
    const known = adds.get(input.element);
    adds.set(input.element, {
      calledAt: Math.min(callAt, known?.calledAt ?? callAt),
      returnedAt: Math.min(returnAt, known?.returnedAt ?? returnAt),
    });
  }
  return judge(history, options, ({ input, output, callAt, returnAt }) => {
    if (input.kind !== 'read' || output?.elements === undefined) return [];
    const shown = new Set(output.elements);
    const faults: string[] = [];
    for (const [element, { returnedAt }] of adds) {
      if (returnedAt < callAt && !shown.has(element)) faults.push(`'${element}' is lost`);
    }
    for (const element of shown) {
      const calledAt = adds.get(element)?.calledAt ?? Number.POSITIVE_INFINITY;
      if (calledAt > (returnAt ?? callAt)) faults.push(`'${element}' was never added`);
    }
    return faults;
  });
}

export type CounterInput =
  | { readonly kind: 'add'; readonly amount: number }
  | { readonly kind: 'read' };

/** A read answers `{ value }`, an add `{}`. */
export interface CounterOutput {
  readonly value?: number;
}

/**
 * A counter: a read lies between the sum that surely had been added when it was called and the one
 * that may have been when it returned.
 */
export function checkCounter(
  history: readonly Operation<CounterInput, CounterOutput>[],
  { initial = 0, ...options }: AggregateOptions & { readonly initial?: number } = {},
): AggregateResult {
  const adds = history.flatMap(({ input, callAt, returnAt = Number.POSITIVE_INFINITY }) =>
    input.kind === 'add' ? [{ amount: input.amount, callAt, returnAt }] : [],
  );
  return judge(history, options, ({ input, output, callAt, returnAt }) => {
    if (input.kind !== 'read' || output?.value === undefined) return [];
    let [least, most] = [initial, initial];
    for (const add of adds) {
      if (add.returnAt < callAt) {
        least += add.amount;
        most += add.amount;
      } else if (add.callAt <= (returnAt ?? callAt)) {
        least += Math.min(0, add.amount);
        most += Math.max(0, add.amount);
      }
    }
    const { value } = output;
    return value >= least && value <= most
      ? []
      : [`the counter shows ${value}, outside of ${least} to ${most}`];
  });
}

export type BankInput =
  | {
      readonly kind: 'transfer';
      readonly from: string;
      readonly to: string;
      readonly amount: number;
    }
  | { readonly kind: 'read' };

/** A read answers `{ balances }` of all accounts, a transfer `{}`. */
export interface BankOutput {
  readonly balances?: Readonly<Record<string, number>>;
}

/** A bank: transfers move money and never make any, so every read of all accounts has one total. */
export function checkBank(
  history: readonly Operation<BankInput, BankOutput>[],
  {
    total,
    allowNegative = false,
    ...options
  }: AggregateOptions & { readonly total: number; readonly allowNegative?: boolean },
): AggregateResult {
  return judge(history, options, ({ output }) => {
    if (output?.balances === undefined) return [];
    const entries = Object.entries(output.balances);
    const sum = entries.reduce((all, [, balance]) => all + balance, 0);
    const faults = sum === total ? [] : [`the accounts hold ${sum} instead of ${total}`];
    if (allowNegative) return faults;
    const negative = entries.filter(([, balance]) => balance < 0);
    return [...faults, ...negative.map(([name, balance]) => `'${name}' holds ${balance}`)];
  });
}

/** Ids: no two operations were answered with the same one. */
export function checkUniqueIds(
  history: readonly Operation<unknown, { readonly id: string | number | bigint }>[],
  options: AggregateOptions = {},
): AggregateResult {
  const firstOf = new Map<string | number | bigint, number>();
  return judge(history, options, ({ output }, index) => {
    if (output === undefined) return [];
    const first = firstOf.get(output.id);
    if (first !== undefined) return [`id ${output.id} was given to operation ${first} already`];
    firstOf.set(output.id, index);
    return [];
  });
}

function judge<Input, Output>(
  history: readonly Operation<Input, Output>[],
  { floor = {} }: AggregateOptions,
  faultsOf: (operation: Operation<Input, Output>, index: number) => readonly string[],
): AggregateResult {
  const strength = strengthOf(history);
  checkStrength(strength, floor);
  const violations = history.flatMap((operation, index) =>
    faultsOf(operation, index).map((fault) => {
      const who = operation.process === undefined ? '' : ` by ${operation.process}`;
      return { operation: index, message: `operation ${index}${who}: ${fault}` };
    }),
  );
  return { verdict: violations.length === 0 ? 'valid' : 'violated', strength, violations };
}
