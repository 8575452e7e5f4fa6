import { ManualClock } from '@ds/clock/memory';
import { expect, it } from 'vitest';
import { Deadlines } from '../../src/deadlines.ts';

it('each operation ends at its own deadline, and one timer serves them all', async () => {
  const clock = new ManualClock();
  const ended: string[] = [];
  const deadlines = new Deadlines({ clock, timeoutMs: 100 }, () => new Error('late'));
  for (const [name, atMs] of [
    ['a', 0],
    ['b', 30],
    ['c', 60],
  ] as const) {
    clock.advance(atMs - clock.monotonic());
    deadlines.begin().promise.catch(() => ended.push(`${name} ${clock.monotonic()}`));
  }
  expect(clock.pendingTimers).toBe(1);
  for (let i = 0; i < 12; i += 1) {
    clock.advance(10);
    await Promise.resolve();
  }
  expect(ended).toEqual(['a 100', 'b 130', 'c 160']);
  expect([deadlines.size, clock.pendingTimers]).toEqual([0, 0]);
});

it('what settles in time is left alone and forgotten', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines({ clock, timeoutMs: 100 }, () => new Error('late'));
  const operation = deadlines.begin<number>();
  operation.resolve(7);
  operation.reject(new Error('a second end'));
  expect(deadlines.size).toBe(0);
  clock.advance(200);
  expect(await operation.promise).toBe(7);
});
