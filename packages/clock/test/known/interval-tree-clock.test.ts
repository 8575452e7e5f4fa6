/** The run that is drawn in the paper on interval tree clocks, stamp by stamp. */
import { describe, expect, it } from 'vitest';
import { IntervalTreeClock } from '../../src/index.ts';
import { json, leftOut } from './cases.ts';

interface Step {
  readonly op: string;
  readonly out: unknown;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.skipIf(leftOut)('interval tree clocks agree with the paper', () => {
  it('in each stamp of its run, and in their order', () => {
    const expected = new Map(json<Step[]>('2. Interval tree').map(({ op, out }) => [op, out]));
    const check = (op: string, ...stamps: IntervalTreeClock[]): void => {
      const drawn = stamps.length > 1 ? stamps : stamps[0];
      expect([op, plain(drawn)]).toEqual([op, expected.get(op)]);
      expected.delete(op);
    };
    const seed = IntervalTreeClock.seed();
    check('seed', seed);
    let [left, right] = seed.fork();
    check('fork', left, right);
    [left, right] = [left.event(), right.event()];
    check('event both', left, right);
    const [half, second] = left.fork();
    check('fork left', half, second);
    const first = half.event();
    check('event on first', first);
    right = right.event();
    check('event on right', right);
    const joined = second.join(right);
    check('join second+right', joined);
    const middle = [first, right] as const;
    const [leftHalf, rightHalf] = joined.fork();
    check('fork it', leftHalf, rightHalf);
    const together = first.join(leftHalf);
    check('join first + its left half', together);
    const last = together.event();
    check('event (fill simplifies)', last);
    expect([...expected.keys()]).toEqual([]);

    expect(first.compare(last)).toBe('before');
    expect(rightHalf.compare(last)).toBe('before');
    expect(middle[0].compare(middle[1])).toBe('concurrent');
    expect(last.compare(last)).toBe('equal');
  });
});
