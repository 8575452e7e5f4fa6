/**
 * A batch as changes in key order: of several operations on a key the last one counts, and a
 * deleted range counts as one on each key in it.
 *
 * Cost: O(n log n) in the operations, and O(ranges) for each.
 */
import { type Batch, compareBytes, withinBounds } from '@ds/storage';
import { type ChangeCursor, Changes, type EmptiedRange } from './changes.ts';

interface PointOperation {
  readonly key: Uint8Array;
  /** Without one, a deletion. */
  readonly value: Uint8Array | undefined;
  readonly index: number;
}

export function changesOf(batch: Batch): Changes {
  const points: PointOperation[] = [];
  const ranges: (EmptiedRange & { index: number })[] = [];
  for (let index = batch.length - 1; index >= 0; index -= 1) {
    const operation = batch[index]!;
    if (operation.type === 'deleteRange') {
      const { gte, lt } = operation;
      if (gte === undefined || lt === undefined || compareBytes(gte, lt) < 0) {
        ranges.push({ gte, lt, index });
      }
      continue;
    }
    // From the last to the first: a range met so far is later than this operation.
    const { key } = operation;
    if (ranges.some(({ gte, lt }) => withinBounds(key, { gte, lt }))) continue;
    points.push({ key, value: operation.type === 'put' ? operation.value : undefined, index });
  }
  points.sort((a, b) => compareBytes(a.key, b.key) || b.index - a.index);
  const latest = points.filter(
    ({ key }, i) => i === 0 || compareBytes(points[i - 1]!.key, key) !== 0,
  );
  return new Changes(new PointCursor(latest), joined(ranges));
}

/** The same keys in ranges that are in order and do not touch. */
export function joined(ranges: readonly EmptiedRange[]): EmptiedRange[] {
  const sorted = [...ranges].sort((a, b) => compareLower(a.gte, b.gte));
  const result: EmptiedRange[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    const isApart =
      last === undefined ||
      (last.lt !== undefined && compareBytes(range.gte ?? new Uint8Array(0), last.lt) > 0);
    if (isApart) result.push({ gte: range.gte, lt: range.lt });
    else result[result.length - 1] = { gte: last.gte, lt: laterEnd(last.lt, range.lt) };
  }
  return result;
}

function compareLower(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined)
    return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return compareBytes(a, b);
}

function laterEnd(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return undefined;
  return compareBytes(a, b) < 0 ? b : a;
}

const NOTHING = new Uint8Array(0);

class PointCursor implements ChangeCursor {
  readonly keyStart = 0;
  readonly valueStart = 0;
  keyBytes: Uint8Array = NOTHING;
  keyEnd = 0;
  isTombstone = false;
  valueBytes: Uint8Array = NOTHING;
  valueEnd = 0;
  readonly #points: readonly PointOperation[];
  #index = -1;

  constructor(points: readonly PointOperation[]) {
    this.#points = points;
    this.next();
  }

  get valid(): boolean {
    return this.#index < this.#points.length;
  }

  next(): void {
    this.#index += 1;
    const point = this.#points[this.#index];
    if (point === undefined) return;
    this.keyBytes = point.key;
    this.keyEnd = point.key.length;
    this.isTombstone = point.value === undefined;
    this.valueBytes = point.value ?? NOTHING;
    this.valueEnd = this.valueBytes.length;
  }
}
