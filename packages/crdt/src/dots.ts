/**
 * Two stores of dots: bare ones, and ones with a value each. A dot is two numbers in a flat array,
 * replica and counter; there is rarely more than one.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { StoreType } from './causal.ts';
import { readReplica } from './causal-context.ts';
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

function dotAt(dots: Dots, index: number): readonly [replica: number, counter: number] {
  return [dots[2 * index] as number, dots[2 * index + 1] as number];
}

function eachDot(dots: Dots, visit: (replica: number, counter: number) => void): void {
  for (let at = 0; at < dots.length; at += 2) visit(dots[at] as number, dots[at + 1] as number);
}

function readDot(reader: ByteReader, dots: Dots): void {
  const replica = readReplica(reader);
  const counter = reader.integer();
  if (counter === 0 || indexOf(dots, replica, counter) >= 0) throw malformed('a dot');
  dots.push(replica, counter);
}

/** The places of `dots` in the order of replicas and counters. */
function sorted(dots: Dots): number[] {
  const places = Array.from({ length: dots.length / 2 }, (_, index) => 2 * index);
  const at = (place: number): number => dots[place] as number;
  return places.sort((a, b) => at(a) - at(b) || at(a + 1) - at(b + 1));
}

/** The values in the order of their dots: the same everywhere. */
export function valuesInOrder<Value>({ dots, values }: ValuedDots<Value>): Value[] {
  return sorted(dots).map((place) => values[place / 2] as Value);
}

export const dotSet: StoreType<Dots> = {
  empty: () => [],
  copy: (dots) => dots.slice(),
  isEmpty: (dots) => dots.length === 0,
  hollow: () => [],
  each: eachDot,
  absorb(mine, theirs, joining) {
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
  write(writer, dots) {
    writer.integer(dots.length / 2);
    for (const place of sorted(dots)) {
      writer.integer(dots[place] as number);
      writer.integer(dots[place + 1] as number);
    }
  },
  read(reader) {
    const dots: Dots = [];
    for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
      readDot(reader, dots);
    }
    return dots;
  },
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
      mine.values.forEach((value, index) => {
        const [replica, counter] = dotAt(mine.dots, index);
        if (indexOf(theirs.dots, replica, counter) < 0 && joining.theirs.has(replica, counter))
          return;
        kept.dots.push(replica, counter);
        kept.values.push(value);
      });
      theirs.values.forEach((value, index) => {
        const [replica, counter] = dotAt(theirs.dots, index);
        if (joining.mine.has(replica, counter)) return;
        kept.dots.push(replica, counter);
        kept.values.push(value);
      });
      return kept;
    },
    write(writer, { dots, values }) {
      writer.integer(values.length);
      for (const place of sorted(dots)) {
        writer.integer(dots[place] as number);
        writer.integer(dots[place + 1] as number);
        write(writer, values[place / 2] as Value);
      }
    },
    read(reader) {
      const store: ValuedDots<Value> = { dots: [], values: [] };
      for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
        readDot(reader, store.dots);
        store.values.push(read(reader));
      }
      return store;
    },
  };
}
