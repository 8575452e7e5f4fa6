import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff, type BackoffOptions } from '../../src/index.ts';

const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const policy = fc
  .record({
    initialMs: fc.double({ min: 0.001, max: 10_000, noNaN: true }),
    times: fc.double({ min: 1, max: 10_000, noNaN: true }),
    factor: fc.double({ min: 1, max: 50, noNaN: true }),
    jitter: fc.constantFrom('full', 'decorrelated', 'none'),
  })
  .map(({ initialMs, times, factor, jitter }): BackoffOptions & { maxMs: number } => ({
    initialMs,
    maxMs: initialMs * times,
    factor,
    jitter: jitter as 'full' | 'decorrelated' | 'none',
  }));

/** Holds when every delay lies in [0, maxMs], however many failures there are. */
function staysWithinBounds(create: (options: BackoffOptions) => { nextMs(): number }): boolean {
  const property = fc.property(
    policy,
    fc.array(draw, { minLength: 1, maxLength: 80 }),
    (p, draws) => {
      let i = 0;
      const subject = create({ ...p, random: () => draws[i++ % draws.length]! });
      for (let n = 0; n < 1_100; n += 1) {
        const delayMs = subject.nextMs();
        if (!(delayMs >= 0 && delayMs <= p.maxMs)) return false;
      }
      return true;
    },
  );
  return !fc.check(property, { numRuns: 200 }).failed;
}

/** Forgets the cap. */
class UncappedBackoff extends Backoff {
  #boundMs = 1;
  override nextMs(): number {
    this.#boundMs *= 2;
    return super.nextMs() + this.#boundMs;
  }
}

/** Keeps what it learned from earlier failures after a success. */
class UnforgivingBackoff extends Backoff {
  override reset(): void {}
}

function startsOver(create: (options: BackoffOptions) => Backoff): boolean {
  const property = fc.property(policy, draw, fc.integer({ min: 1, max: 30 }), (p, d, failures) => {
    const subject = create({ ...p, random: () => d });
    const first = subject.nextMs();
    for (let n = 1; n < failures; n += 1) subject.nextMs();
    subject.reset();
    return subject.attempt === 0 && subject.nextMs() === first;
  });
  return !fc.check(property, { numRuns: 200 }).failed;
}

describe('a backoff', () => {
  it('never waits longer than maxMs nor less than nothing', () => {
    expect(staysWithinBounds((options) => new Backoff(options))).toBe(true);
    expect(staysWithinBounds((options) => new UncappedBackoff(options))).toBe(false);
  });

  it('starts over after a success', () => {
    expect(startsOver((options) => new Backoff(options))).toBe(true);
    expect(startsOver((options) => new UnforgivingBackoff(options))).toBe(false);
  });

  it('with full jitter spreads delays over everything below an exponential bound', () => {
    fc.assert(
      fc.property(policy, draw, (p, d) => {
        const full = new Backoff({ ...p, jitter: 'full', random: () => d });
        const bound = new Backoff({ ...p, jitter: 'none' });
        for (let n = 0; n < 40; n += 1) {
          const boundMs = bound.nextMs();
          expect(boundMs).toBe(Math.min(p.maxMs, p.initialMs! * p.factor! ** n));
          expect(full.nextMs()).toBe(boundMs * d);
        }
      }),
    );
  });

  it('with decorrelated jitter stays between initialMs and factor times the last delay', () => {
    fc.assert(
      fc.property(policy, fc.array(draw, { minLength: 30, maxLength: 30 }), (p, draws) => {
        let i = 0;
        const random = (): number => draws[i++]!;
        const subject = new Backoff({ ...p, jitter: 'decorrelated', random });
        let lastMs = p.initialMs!;
        for (let n = 0; n < draws.length; n += 1) {
          const delayMs = subject.nextMs();
          expect(delayMs).toBeGreaterThanOrEqual(p.initialMs!);
          // The formula's rounding may exceed the exact product by a unit in the last place.
          expect(delayMs).toBeLessThanOrEqual(lastMs * p.factor! * (1 + 1e-12));
          lastMs = delayMs;
        }
      }),
    );
  });

  it('refuses settings that have no bound', () => {
    for (const options of [
      { initialMs: 0 },
      { initialMs: 10, maxMs: 5 },
      { maxMs: Number.POSITIVE_INFINITY },
      { maxMs: Number.NaN },
      { factor: 0.5 },
      { factor: Number.POSITIVE_INFINITY },
      { jitter: 'some' as 'full' },
    ]) {
      expect(() => new Backoff(options)).toThrow(RangeError);
    }
  });
});
