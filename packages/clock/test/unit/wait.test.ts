import { describe, expect, it } from 'vitest';
import { deadline, sleep } from '../../src/index.ts';
import { ManualClock } from '../../src/memory.ts';

describe('sleep', () => {
  it('resolves when its time has passed, not before', async () => {
    const clock = new ManualClock();
    let awake = false;
    const sleeping = sleep(clock, 10).then(() => (awake = true));
    clock.advance(9);
    await Promise.resolve();
    expect(awake).toBe(false);
    clock.advance(1);
    await sleeping;
    expect(awake).toBe(true);
  });

  it('rejects with the reason of an abort and leaves no timer', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 10, controller.signal);
    controller.abort('enough');
    await expect(sleeping).rejects.toBe('enough');
    expect(clock.pendingTimers).toBe(0);
    await expect(sleep(clock, 10, controller.signal)).rejects.toBe('enough');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('deadline', () => {
  it('aborts with a TimeoutError at its time', () => {
    const clock = new ManualClock();
    const { signal } = deadline(clock, 5);
    clock.advance(4);
    expect(signal.aborted).toBe(false);
    clock.advance(1);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('passes an earlier abort on, also one that came before it', () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const limited = deadline(clock, 5, controller.signal);
    controller.abort('stop');
    expect(limited.signal.reason).toBe('stop');
    expect(deadline(clock, 5, controller.signal).signal.reason).toBe('stop');
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves no timer when disposed', () => {
    const clock = new ManualClock();
    const limited = deadline(clock, 5);
    limited[Symbol.dispose]();
    clock.advance(10);
    expect(clock.pendingTimers).toBe(0);
    expect(limited.signal.aborted).toBe(false);
  });
});
