import { describe, expect, it } from 'vitest';
import { CausalStability, VersionVector } from '../../src/index.ts';

const vector = (entries: Record<string, number>) => VersionVector.from(Object.entries(entries));

describe('causal stability', () => {
  it('comes when the last member has been heard', () => {
    const stability = new CausalStability(['a', 'b', 'c']);
    expect(stability.observe('a', vector({ a: 3, b: 1 }))).toBe(true);
    expect(stability.observe('b', vector({ a: 2, b: 1 }))).toBe(true);
    expect(stability.stable.size).toBe(0);
    stability.observe('c', vector({ a: 1, b: 5 }));
    expect(stability.stable.toJSON()).toEqual({ a: 1, b: 1 });
    expect([stability.isStable('a', 1), stability.isStable('a', 2)]).toEqual([true, false]);
    expect(stability.observe('c', vector({ a: 1 }))).toBe(false);
  });

  it('is not held up by who was removed, nor told anything by strangers', () => {
    const stability = new CausalStability(['a', 'b']);
    stability.observe('a', vector({ a: 4 }));
    expect(stability.observe('stranger', vector({ a: 9 }))).toBe(false);
    expect(stability.stable.size).toBe(0);
    stability.remove('b');
    expect(stability.stable.toJSON()).toEqual({ a: 4 });
    stability.remove('a');
    expect([stability.members, stability.stable.toJSON()]).toEqual([[], { a: 4 }]);
  });

  it('never goes back for a newcomer, and then waits for it', () => {
    const stability = new CausalStability(['a']);
    stability.observe('a', vector({ a: 4 }));
    stability.add('b');
    stability.add('b');
    expect(stability.stable.toJSON()).toEqual({ a: 4 });
    stability.observe('a', vector({ a: 7 }));
    expect(stability.isStable('a', 5)).toBe(false);
    stability.observe('b', vector({ a: 6 }));
    expect(stability.stable.toJSON()).toEqual({ a: 6 });
  });
});
