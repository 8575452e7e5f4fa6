/**
 * Swarm testing: each seed draws its own mix of faults and their strengths, since a run with all of
 * them at once hides the bugs that only one of them brings out.
 *
 * Source: Groce, Zhang, Eide, Chen and Regehr, "Swarm testing", ISSTA 2012. Strengths follow
 * TigerBeetle's simulator.
 */
import type { ChaosOptions } from './chaos.ts';
import type { DiskOptions } from './disk.ts';
import type { NetworkOptions } from './network-options.ts';
import { drawChance, drawOne, type Random } from './random.ts';
import type { World } from './world.ts';

/** One run's mix; hand its parts to {@link World}, {@link skewClocks} and `chaos`. */
export interface Faults {
  readonly network: Partial<NetworkOptions>;
  readonly disk: Partial<DiskOptions>;
  readonly chaos: Required<
    Pick<ChaosOptions, 'crashEveryMs' | 'pauseEveryMs' | 'partitionEveryMs'>
  >;
  readonly clocks: ClockFaults;
}

export interface ClockFaults {
  /** Wall clocks are wrong by up to this much, either way. */
  readonly maxOffsetMs: number;
  /** And all clocks run fast or slow by up to this many parts per million. */
  readonly maxDriftPpm: number;
}

/** Draws a mix: every kind of fault is there with probability 1/2. */
export function drawFaults(random: Random): Faults {
  const some = (strongest: number): number => (drawChance(random, 0.5) ? random() * strongest : 0);
  const every = (shortestMs: number): number =>
    drawChance(random, 0.5) ? shortestMs * (1 + 9 * random()) : Number.POSITIVE_INFINITY;
  const meanMs = drawOne(random, [0.5, 1, 2, 5, 15]);
  const syncMs = drawOne(random, [0.2, 0.5, 2, 10]);
  return {
    network: {
      loss: some(0.3),
      duplicate: some(0.3),
      reorder: some(0.5),
      delay: { minMs: meanMs / 5, meanMs, maxMs: meanMs * drawOne(random, [2, 10, 100]) },
    },
    // Failing disks are left to the caller: whether a protocol may go on is its own affair.
    disk: { sync: { minMs: syncMs / 5, meanMs: syncMs, maxMs: syncMs * 10 } },
    chaos: {
      crashEveryMs: every(500),
      pauseEveryMs: every(500),
      partitionEveryMs: every(500),
    },
    clocks: { maxOffsetMs: some(60_000), maxDriftPpm: some(1_000) },
  };
}

/** Gives every node of the world a clock that is wrong in its own way. */
export function skewClocks(world: World, { maxOffsetMs, maxDriftPpm }: ClockFaults): void {
  const random = world.fork('clocks');
  for (const { id, clock } of world.nodes) {
    const offsetMs = (random() * 2 - 1) * maxOffsetMs;
    const driftPpm = (random() * 2 - 1) * maxDriftPpm;
    if (!world.takes(`skew-clock ${id}`)) continue;
    clock.setOffset(offsetMs);
    clock.setDrift(driftPpm);
  }
}
