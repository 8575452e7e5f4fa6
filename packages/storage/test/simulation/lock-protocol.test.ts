import { describe, expect, it } from 'vitest';
import { acquireSteps, type LockMedium } from '../../src/lock-protocol.ts';
import { type Protocol, runLockWorld } from './lock-world.ts';

const RUNS = 4_000;

/** Runs the sound protocol over a medium that leaves something out. */
const over =
  (break_: <Owner>(medium: LockMedium<Owner>) => Partial<LockMedium<Owner>>): Protocol =>
  (medium) =>
    acquireSteps({ ...medium, ...break_(medium) });

const planted: Record<string, Protocol> = {
  'does not look at the floor again': over((medium) => {
    let reads = 0;
    // Every second reading is the one of step 4.
    return { readFloor: () => (reads++ % 2 === 0 ? medium.readFloor() : 0) };
  }),
  'never writes the floor': over(() => ({ writeFloor: () => {} })),
  'writes the floor after it has cleared up': function* (medium) {
    const outcome = yield* acquireSteps({ ...medium, writeFloor: () => {} });
    yield;
    if (outcome.acquired) medium.writeFloor(outcome.generation);
    return outcome;
  },
  'trusts the floor and does not list': over(() => ({ listGenerations: () => [] })),
  'trusts the listing and not the floor': over(() => ({ readFloor: () => 0 })),
  'replaces the record that is there': over((medium) => ({
    createRecord: (generation) => {
      medium.removeRecord(generation);
      return medium.createRecord(generation);
    },
  })),
  'takes everybody for dead': over(() => ({ isHeld: () => false })),
};

/** The first seed whose run ends with two holders, or none possible. */
function firstViolation(protocol?: Protocol): { seed: number; acquisitions: number } {
  let acquisitions = 0;
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const run = runLockWorld(seed, protocol);
    acquisitions += run.acquisitions;
    if (run.holders > 1 || run.stuck) return { seed, acquisitions };
  }
  return { seed: 0, acquisitions };
}

describe('the lock protocol', () => {
  it('never has two holders, whoever sleeps or dies when, and somebody always gets it', () => {
    const { seed, acquisitions } = firstViolation();
    expect(`replay: runLockWorld(${seed})`).toBe('replay: runLockWorld(0)');
    expect(acquisitions).toBeGreaterThan(RUNS * 5);
  });

  it.each(Object.keys(planted))('fails when it %s', (bug) => {
    expect(firstViolation(planted[bug]).seed).toBeGreaterThan(0);
  });
});
