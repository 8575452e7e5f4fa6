/**
 * Two stores of dots: bare ones, and ones with a value each. A dot is two numbers in a flat array,
 * replica and counter; there is rarely more than one.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { StoreType } from './causal.ts';
import { inOrder, MAX_COUNTER } from './causal-context.ts';
import { readReplica } from './crdt.ts';
import { malformed } from './errors.ts';

/** Replica, counter, replica, counter, ... */
export type Dots = number[];

export interface ValuedDots<Value> {
  readonly dots: Dots;
  /** The value of each dot. */
  readonly values: Value[];
}

function indexOf(dots: Dots, replica: number, counter: number): number {
  for (let at = 0; at < dots.length; at += 2) {
    if (dots[at] === replica && dots[at + 1] === counter) return at;
  }
  return -1;
}

function eachDot(dots: Dots, visit: (replica: number, counter: number) => void): void {
  for (let at = 0; at < dots.length; at += 2) visit(dots[at] as number, dots[at + 1] as number);
}

/**
 * Each dot is its counter, doubled, and 1 more if another follows, then its replica and what
 * `write` adds; none is a 0.
 */
function writeDots(writer: ByteWriter, dots: Dots, write?: (index: number) => void): void {
  if (dots.length === 0) writer.byte(0);
  let rest = dots.length / 2;
  for (const at of inOrder(dots)) {
    rest -= 1;
    writer.integer(2 * (dots[at + 1] as number) + (rest > 0 ? 1 : 0));
    writer.integer(dots[at] as number);
    write?.(at / 2);
  }
}

function readDots(reader: ByteReader, read?: () => void): Dots {
  const dots: Dots = [];
  for (let more = true; more; ) {
    const head = reader.atMost(2 * MAX_COUNTER + 1, 'a counter');
    if (head === 0 && dots.length === 0) break;
    more = head % 2 === 1;
    const counter = Math.floor(head / 2);
    const replica = readReplica(reader);
    if (counter === 0 || !isBehind(dots, replica, counter)) throw malformed('a dot');
    dots.push(replica, counter);
    read?.();
  }
  return dots;
}

/** Whether a dot comes after all of `dots`, which ascend. */
function isBehind(dots: Dots, replica: number, counter: number): boolean {
  const last = dots.at(-2) ?? -1;
  return replica > last || (replica === last && counter > (dots.at(-1) as number));
}

/** The values in the order of their dots: the same everywhere. */
export function valuesInOrder<Value>({ dots, values }: ValuedDots<Value>): Value[] {
  return inOrder(dots).map((at) => values[at / 2] as Value);
}

export const dotSet: StoreType<Dots> = {
  empty: () => [],
  copy: (dots) => dots.slice(),
  isEmpty: (dots) => dots.length === 0,
  hollow: () => [],
  each: eachDot,
  absorb(mine, theirs, joining) {
    const [replica, counter] = theirs as [number, number];
    // What most additions are, in an array that is no larger.
    if (mine.length === 0 && theirs.length === 2) {
      return joining.mine.has(replica, counter) ? mine : [replica, counter];
    }
    let size = 0;
    for (let at = 0; at < mine.length; at += 2) {
      const replica = mine[at] as number;
      const counter = mine[at + 1] as number;
      if (indexOf(theirs, replica, counter) < 0 && joining.theirs.has(replica, counter)) continue;
      mine[size] = replica;
      mine[size + 1] = counter;
      size += 2;
    }
    if (size < mine.length) mine.length = size;
    for (let at = 0; at < theirs.length; at += 2) {
      const replica = theirs[at] as number;
      const counter = theirs[at + 1] as number;
      if (!joining.mine.has(replica, counter)) mine.push(replica, counter);
    }
    return mine;
  },
  write: writeDots,
  read: (reader) => readDots(reader),
};

/** Dots with values, which `write` and `read` put into bytes. */
export function dotFunction<Value>(
  write: (writer: ByteWriter, value: Value) => void,
  read: (reader: ByteReader) => Value,
): StoreType<ValuedDots<Value>> {
  return {
    empty: () => ({ dots: [], values: [] }),
    copy: ({ dots, values }) => ({ dots: dots.slice(), values: values.slice() }),
    isEmpty: ({ dots }) => dots.length === 0,
    hollow: () => ({ dots: [], values: [] }),
    each: ({ dots }, visit) => eachDot(dots, visit),
    absorb(mine, theirs, joining) {
      const kept: ValuedDots<Value> = { dots: [], values: [] };
      const keep = (from: ValuedDots<Value>, isKept: (id: number, nth: number) => boolean): void =>
        from.values.forEach((value, index) => {
          const [replica, counter] = from.dots.slice(2 * index) as [number, number];
          if (!isKept(replica, counter)) return;
          kept.dots.push(replica, counter);
          kept.values.push(value);
        });
      keep(mine, (id, nth) => indexOf(theirs.dots, id, nth) >= 0 || !joining.theirs.has(id, nth));
      keep(theirs, (id, nth) => !joining.mine.has(id, nth));
      return kept;
    },
    write(writer, { dots, values }) {
      writeDots(writer, dots, (index) => write(writer, values[index] as Value));
    },
    read(reader) {
      const values: Value[] = [];
      const dots = readDots(reader, () => void values.push(read(reader)));
      return { dots, values };
    },
  };
}
