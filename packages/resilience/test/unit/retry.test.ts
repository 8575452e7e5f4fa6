import { ManualClock } from '@ds/clock/memory';
import { describe, expect, it } from 'vitest';
import { Backoff, retry } from '../../src/index.ts';

/** Lets promises settle, advancing `clock` to its next timer as long as there is one. */
async function run(clock: ManualClock, untilMs = 1_000_000): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    for (let hop = 0; hop < 20; hop += 1) await Promise.resolve();
    const nextMs = clock.nextDeadline;
    if (nextMs > untilMs) return;
    clock.advance(nextMs - clock.monotonic());
  }
}

const steady = { initialMs: 100, maxMs: 1_000, jitter: 'none' } as const;

describe('retry', () => {
  it('waits longer after each failure and resolves with the first success', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const result = retry(
      ({ attempt }) => {
        at.push(clock.monotonic());
        if (attempt < 4) throw new Error(`failure ${attempt}`);
        return `success ${attempt}`;
      },
      { clock, backoff: steady, attempts: 5 },
    );
    await run(clock);
    expect(await result).toBe('success 4');
    expect(at).toEqual([0, 100, 300, 700]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("rejects with the operation's own last error when attempts are used up", async () => {
    const clock = new ManualClock();
    let attempts = 0;
    const result = retry(() => Promise.reject(new Error(`failure ${++attempts}`)), {
      clock,
      backoff: steady,
      attempts: 3,
    });
    const failed = expect(result).rejects.toThrow('failure 3');
    await run(clock);
    await failed;
    expect(attempts).toBe(3);
  });

  it('does not repeat what is not retryable', async () => {
    let attempts = 0;
    const operation = (): never => {
      attempts += 1;
      throw new TypeError('a bug');
    };
    const retryable = (error: unknown): boolean => !(error instanceof TypeError);
    await expect(retry(operation, { attempts: 9, retryable })).rejects.toThrow('a bug');
    expect(attempts).toBe(1);
  });

  it('does not begin a wait that would end after the deadline', async () => {
    const clock = new ManualClock();
    const operation = (): never => {
      throw new Error('still failing');
    };
    const result = retry(operation, { clock, backoff: steady, deadlineMs: 250 });
    const failed = expect(result).rejects.toThrow('still failing');
    await run(clock);
    await failed;
    expect(clock.monotonic()).toBe(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('rejects at the deadline though an attempt hangs, and tells the attempt', async () => {
    const clock = new ManualClock();
    let seen: AbortSignal | undefined;
    const result = retry(
      ({ signal }) => {
        seen = signal;
        return new Promise<never>(() => {});
      },
      { clock, deadlineMs: 250 },
    );
    const failed = expect(result).rejects.toMatchObject({ name: 'TimeoutError' });
    await run(clock);
    await failed;
    expect(seen?.aborted).toBe(true);
  });

  it('rejects with the reason of an abort, during a wait and during an attempt', async () => {
    for (const hang of [false, true]) {
      const clock = new ManualClock();
      const controller = new AbortController();
      const operation = (): Promise<never> =>
        hang ? new Promise(() => {}) : Promise.reject(new Error('failure'));
      const { signal } = controller;
      const result = retry(operation, { clock, backoff: steady, attempts: 9, signal });
      const failed = expect(result).rejects.toBe('given up');
      await run(clock, 50);
      controller.abort('given up');
      await failed;
      expect(clock.pendingTimers).toBe(0);
    }
    await expect(
      retry(() => 'never run', { attempts: 1, signal: AbortSignal.abort('too late') }),
    ).rejects.toBe('too late');
  });

  it('resets a shared backoff on success', async () => {
    const backoff = new Backoff(steady);
    backoff.nextMs();
    await retry(() => 'fine', { backoff, attempts: 1 });
    expect(backoff.attempt).toBe(0);
  });

  it('refuses to go on for ever', async () => {
    for (const options of [{}, { attempts: 0 }, { deadlineMs: 0 }, { deadlineMs: Infinity }]) {
      await expect(retry(() => 'unbounded', options)).rejects.toThrow(RangeError);
    }
  });
});
