/** What one turn asks for starts together; what is alone does not wait. */
import { ManualClock } from '@ds/clock/memory';
import { expect, it } from 'vitest';
import { TurnBatch } from '../../src/turn-batch.ts';

it('a request that is alone starts at once', () => {
  const batch = new TurnBatch(new ManualClock());
  const started: number[] = [];
  batch.add(() => started.push(1), true);
  expect(started).toEqual([1]);
});

it('requests of one turn start together, in the order in which they came', () => {
  const clock = new ManualClock();
  const batch = new TurnBatch(clock);
  const started: number[] = [];
  batch.add(() => started.push(1), false);
  // Alone by now, but not to overtake those that wait.
  batch.add(() => started.push(2), true);
  expect(started).toEqual([]);
  clock.advance(0);
  expect(started).toEqual([1, 2]);
  batch.add(() => started.push(3), false);
  clock.advance(0);
  expect(started).toEqual([1, 2, 3]);
});

it('nothing starts after the end', () => {
  const clock = new ManualClock();
  const batch = new TurnBatch(clock);
  const started: number[] = [];
  batch.add(() => started.push(1), false);
  batch.close();
  clock.advance(0);
  expect(started).toEqual([]);
});
