/**
 * The calls and returns of a history in the order of time, as lists out of which an operation can
 * be lifted and put back in constant time.
 *
 * Operations that returned are in one list, both moments of each; those that never did are in
 * another, by their calls alone. Invariant: what was lifted is put back in the opposite order.
 * Source: the "dancing links" of Knuth, 2000, as used by Lowe, 2017.
 */
import type { Operation } from './history.ts';

/** A call or a return. */
export interface Moment {
  /** The operation's place among those searched. */
  readonly operation: number;
  /** Its place in time, over all moments. */
  readonly rank: number;
  readonly isCall: boolean;
  /** For the call of an operation that returned, its return. */
  readonly match: Moment | undefined;
  before: Moment | undefined;
  after: Moment | undefined;
}

export interface Moments {
  /** Stands before the first call or return of an operation that returned. */
  readonly returned: Moment;
  /** Stands before the first call of an operation that never returned. */
  readonly open: Moment;
}

export function linkMoments(operations: readonly Operation<unknown, unknown>[]): Moments {
  const [returned, open] = [head(), head()];
  // From the end to the front, so that a call finds its return made already.
  const returns = new Map<number, Moment>();
  for (const [rank, { operation, isCall }] of [...pointsOf(operations).entries()].reverse()) {
    const match = isCall ? returns.get(operation) : undefined;
    const list = isCall && match === undefined ? open : returned;
    const { after } = list;
    const moment: Moment = { operation, rank, isCall, match, before: list, after };
    if (!isCall) returns.set(operation, moment);
    if (after !== undefined) after.before = moment;
    list.after = moment;
  }
  return { returned, open };
}

/** Takes an operation's moments out of their list; they remember their places. */
export function lift({ before, after, match }: Moment): void {
  before!.after = after;
  if (after !== undefined) after.before = before;
  if (match === undefined) return;
  match.before!.after = match.after;
  if (match.after !== undefined) match.after.before = match.before;
}

/** Puts them back. */
export function unlift(call: Moment): void {
  const { match } = call;
  if (match !== undefined) {
    match.before!.after = match;
    if (match.after !== undefined) match.after.before = match;
  }
  call.before!.after = call;
  if (call.after !== undefined) call.after.before = call;
}

function head(): Moment {
  return {
    operation: -1,
    rank: -1,
    isCall: false,
    match: undefined,
    before: undefined,
    after: undefined,
  };
}

interface Point {
  readonly operation: number;
  readonly time: number;
  readonly isCall: boolean;
}

/** In order; at equal times calls first, so that those count as concurrent. */
function pointsOf(operations: readonly Operation<unknown, unknown>[]): Point[] {
  const points: Point[] = [];
  for (const [operation, { callAt, returnAt }] of operations.entries()) {
    points.push({ operation, time: callAt, isCall: true });
    if (returnAt !== undefined) points.push({ operation, time: returnAt, isCall: false });
  }
  return points.sort((a, b) => a.time - b.time || Number(b.isCall) - Number(a.isCall));
}
