/** CockroachDB's timestamps, case by case: steps, order, text. Their wall time is nanoseconds. */
import { describe, expect, it } from 'vitest';
import {
  compareTimestamps,
  earlierTimestamp,
  floorPreviousTimestamp,
  formatTimestamp,
  type HybridTimestamp,
  laterTimestamp,
  nextTimestamp,
  nextWall,
  parseDecimalTimestamp,
  parseTimestamp,
  previousTimestamp,
  previousWall,
} from '../../src/index.ts';
import { json, leftOut } from './cases.ts';

type Pair = readonly [wall: number, logical: number];

interface Cases {
  readonly compare: readonly [Pair, Pair, number][];
  readonly next: readonly [Pair, Pair][];
  readonly prev: readonly [Pair, Pair][];
  readonly floorPrev: readonly [Pair, Pair][];
  readonly wallPrev: readonly [Pair, Pair][];
  readonly wallNext: readonly [Pair, Pair][];
  readonly 'forward(ts,arg)->[ts,changed]': readonly [Pair, Pair, Pair, boolean][];
  readonly 'backward(ts,arg)->ts': readonly [Pair, Pair, Pair][];
  readonly string: readonly [Pair, string][];
  readonly parse: readonly [string, Pair][];
  readonly parseErrors: readonly string[];
  readonly decimal: readonly [string, Pair][];
  readonly decimalErrors: readonly string[];
}

const hybrid = ([wallMs, logical]: Pair): HybridTimestamp => ({ wallMs, logical });
const malformed = expect.objectContaining({ code: 'CLOCK_MALFORMED' });

describe.skipIf(leftOut)('hybrid timestamps agree with CockroachDB', () => {
  const cases = leftOut ? undefined : json<Cases>('Timestamp arithmetic');

  it('in their order', () => {
    for (const [a, b, order] of cases?.compare ?? []) {
      expect(Math.sign(compareTimestamps(hybrid(a), hybrid(b)))).toBe(order);
      expect(Math.sign(compareTimestamps(hybrid(b), hybrid(a)))).toBe(0 - order);
    }
  });

  it.each([
    ['next', nextTimestamp],
    ['prev', previousTimestamp],
    ['floorPrev', floorPreviousTimestamp],
    ['wallPrev', previousWall],
    ['wallNext', nextWall],
  ] as const)('in each step: %s', (name, step) => {
    expect(cases?.[name].length).toBeGreaterThan(0);
    for (const [from, to] of cases?.[name] ?? []) expect(step(hybrid(from))).toEqual(hybrid(to));
  });

  it('in the later and the earlier of two', () => {
    for (const [timestamp, other, result, changed] of cases?.['forward(ts,arg)->[ts,changed]'] ??
      []) {
      const own = hybrid(timestamp);
      const later = laterTimestamp(own, hybrid(other));
      expect([later, later !== own]).toEqual([hybrid(result), changed]);
    }
    for (const [timestamp, other, result] of cases?.['backward(ts,arg)->ts'] ?? [])
      expect(earlierTimestamp(hybrid(timestamp), hybrid(other))).toEqual(hybrid(result));
  });

  it('in what they write and read, and in what they refuse', () => {
    for (const [timestamp, text] of cases?.string ?? []) {
      expect(formatTimestamp(hybrid(timestamp), 'ns')).toBe(text);
    }
    for (const [text, timestamp] of cases?.parse ?? [])
      expect(parseTimestamp(text, 'ns')).toEqual(hybrid(timestamp));
    for (const text of cases?.parseErrors ?? [])
      expect(() => parseTimestamp(text, 'ns'), text).toThrow(malformed);
    for (const [text, timestamp] of cases?.decimal ?? [])
      expect(parseDecimalTimestamp(text)).toEqual(hybrid(timestamp));
    for (const text of cases?.decimalErrors ?? [])
      expect(() => parseDecimalTimestamp(text), text).toThrow(malformed);
  });
});

describe('hybrid timestamps', () => {
  it('have none before the first', () => {
    const first = { wallMs: 0, logical: 0 };
    for (const step of [previousTimestamp, floorPreviousTimestamp, previousWall])
      expect(() => step(first)).toThrow(RangeError);
  });
});
