/**
 * How much a verdict over a history is worth: an idle history, or one where nobody knows what
 * happened, satisfies everything and proves nothing.
 *
 * Every checker reports the strength of what it judged, and with a floor given it refuses to judge
 * less. Cost: O(n log n) in the operations.
 */
import { SimulationError } from '../errors.ts';
import type { Operation } from './history.ts';

export interface Strength {
  readonly operations: number;
  /** Operations without a return: their effect may have happened or not. */
  readonly unknownOutcomes: number;
  /** Their share of all, from 0 to 1. */
  readonly ambiguousShare: number;
  /** The most operations under way at one time, those that never returned among them. */
  readonly maxConcurrency: number;
  /** The share of operations that overlap another one, from 0 to 1. */
  readonly contention: number;
}

/** What a history has to have before a verdict over it counts. */
export interface Floor {
  /** @default 1 */
  readonly minOperations?: number;
  /** @default 0 */
  readonly minContention?: number;
  /** @default 1 */
  readonly maxAmbiguousShare?: number;
}

/** @throws {RangeError} for an operation that returned before it was called. */
export function strengthOf(history: readonly Operation<unknown, unknown>[]): Strength {
  const operations = history.length;
  const unknownOutcomes = history.filter(({ returnAt }) => returnAt === undefined).length;
  const { maxConcurrency, overlapping } = overlapsOf(history);
  return {
    operations,
    unknownOutcomes,
    ambiguousShare: operations === 0 ? 0 : unknownOutcomes / operations,
    maxConcurrency,
    contention: operations === 0 ? 0 : overlapping / operations,
  };
}

/** @throws {SimulationError} `SIM_TOO_WEAK` when `strength` lies below `floor`. */
export function checkStrength(
  { operations, contention, ambiguousShare }: Strength,
  { minOperations = 1, minContention = 0, maxAmbiguousShare = 1 }: Floor,
): void {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const weak: string[] = [];
  if (operations < minOperations)
    weak.push(`${operations} operations of at least ${minOperations}`);
  if (contention < minContention) {
    weak.push(`${percent(contention)} overlap another, of at least ${percent(minContention)}`);
  }
  if (ambiguousShare > maxAmbiguousShare) {
    weak.push(`${percent(ambiguousShare)} ambiguous, of at most ${percent(maxAmbiguousShare)}`);
  }
  if (weak.length === 0) return;
  throw new SimulationError('SIM_TOO_WEAK', `the history proves too little: ${weak.join('; ')}`);
}

interface Point {
  readonly index: number;
  readonly time: number;
  readonly isCall: boolean;
}

function overlapsOf(history: readonly Operation<unknown, unknown>[]): {
  maxConcurrency: number;
  overlapping: number;
} {
  const points: Point[] = [];
  for (const [index, { callAt, returnAt }] of history.entries()) {
    if (returnAt !== undefined && !(returnAt >= callAt)) {
      throw new RangeError(`operation ${index} returned at ${returnAt}, before its call`);
    }
    points.push({ index, time: callAt, isCall: true });
    if (returnAt !== undefined) points.push({ index, time: returnAt, isCall: false });
  }
  points.sort((a, b) => a.time - b.time || Number(b.isCall) - Number(a.isCall));
  const overlaps = new Uint8Array(history.length);
  const open = new Set<number>();
  // Those under way that are not known yet to overlap another: at most one at any time.
  let alone: number | undefined;
  let maxConcurrency = 0;
  for (const { index, isCall } of points) {
    if (!isCall) {
      open.delete(index);
      if (alone === index) alone = undefined;
      continue;
    }
    if (open.size > 0) {
      overlaps[index] = 1;
      if (alone !== undefined) overlaps[alone] = 1;
      alone = undefined;
    } else alone = index;
    open.add(index);
    maxConcurrency = Math.max(maxConcurrency, open.size);
  }
  return { maxConcurrency, overlapping: overlaps.reduce((sum, one) => sum + one, 0) };
}
