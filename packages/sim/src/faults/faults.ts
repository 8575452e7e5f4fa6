/**
 * Swarm testing: each seed draws its own mix of faults and their strengths, since a run with all of
 * them at once hides the bugs that only one of them brings out.
 *
 * Source: Groce, Zhang, Eide, Chen and Regehr, "Swarm testing", ISSTA 2012. Strengths follow
 * TigerBeetle's simulator.
 */

import type { DiskOptions } from '../disk/disk-options.ts';
import { drawChance, drawOne, type Random } from '../kernel/random.ts';
import type { Latency } from '../network/latency.ts';
import type { NetworkOptions } from '../network/network-options.ts';
import type { World } from '../world.ts';
import type { ChaosPace } from './chaos-options.ts';

/** One run's mix; hand its parts to {@link World}, {@link skewClocks} and `chaos`. */
export interface Faults {
  readonly network: Partial<NetworkOptions>;
  readonly disk: Partial<DiskOptions>;
  readonly chaos: ChaosPace;
  readonly clocks: ClockFaults;
}

export interface ClockFaults {
  /** Wall clocks are wrong by up to this much, either way. */
  readonly maxOffsetMs: number;
  /** And all clocks run fast or slow by up to this many parts per million. */
  readonly maxDriftPpm: number;
}

/** What a protocol says it can live with, besides crashes, bad networks, slowness and clocks. */
export interface Tolerance {
  /**
   * After a power cut, a file that had grown shows bytes of files long gone where its own never
   * came: formats need more than a checksum to tell. @default false
   */
  readonly staleTails?: boolean;
  /** Calls to the disk fail, and disks are full for a while. @default false */
  readonly failingDisks?: boolean;
  /** Synced bytes flip or are overwritten by others. @default false */
  readonly damage?: boolean;
  /** Nodes come back with an empty disk. @default false */
  readonly lostDisks?: boolean;
}

/**
 * Draws a mix. Loss, doubling, reordering, crashes, pauses and partitions are each there in half of
 * the seeds. How many of the other kinds that are tolerated there are beside them, the seed decides
 * first: none in half of the runs, few or many in the rest, since each makes a run slower and so
 * hides what needs it to get far.
 */
export function drawFaults(random: Random, tolerance: Tolerance = {}): Faults {
  const density = drawOne(random, DENSITIES);
  const some = (strongest: number): number => (drawChance(random, 0.5) ? random() * strongest : 0);
  const every = (shortestMs: number, probability: number): number => {
    const everyMs = shortestMs * (1 + 9 * random());
    return random() < probability ? everyMs : Number.POSITIVE_INFINITY;
  };
  const bytesPerMs = (least: number): number =>
    random() < density / 2 ? least * 10 ** (3 * random()) : Number.POSITIVE_INFINITY;
  const { staleTails = false, failingDisks = false, damage = false, lostDisks = false } = tolerance;
  const syncMs = drawOne(random, [0.2, 0.5, 2, 10]);
  const staleTail = some(1) * (staleTails ? 1 : 0);
  return {
    network: {
      loss: some(0.3),
      duplicate: some(0.3),
      reorder: some(0.5),
      delay: drawDelays(random),
      bytesPerMs: bytesPerMs(200),
      whenFull: drawOne(random, ['saturate', 'drop']),
    },
    disk: {
      sync: { minMs: syncMs / 5, meanMs: syncMs, maxMs: syncMs * 10 },
      bytesPerMs: bytesPerMs(500),
      staleTail,
    },
    chaos: {
      crashEveryMs: every(500, 0.5),
      blackoutEveryMs: every(500, density),
      pauseEveryMs: every(500, 0.5),
      slowEveryMs: every(500, density),
      partitionEveryMs: every(500, 0.5),
      clogEveryMs: every(300, density),
      flapEveryMs: every(500, density),
      badLinkEveryMs: every(300, density),
      slowDiskEveryMs: every(500, density),
      clockEveryMs: every(500, density),
      fullDiskEveryMs: every(1_000, failingDisks ? density : 0),
      failDiskEveryMs: every(1_000, failingDisks ? density : 0),
      rotEveryMs: every(1_000, damage ? density : 0),
      misdirectEveryMs: every(1_000, damage ? density : 0),
      loseDiskEveryMs: every(2_000, lostDisks ? density : 0),
    },
    clocks: { maxOffsetMs: some(60_000), maxDriftPpm: some(1_000) },
  };
}

const DENSITIES = [0, 0, 0.25, 0.6];

/** Networks near and far, with tails short and long. */
function drawDelays(random: Random): Latency {
  const typicalMs = drawOne(random, [0.5, 1, 2, 5, 15]);
  const maxMs = typicalMs * drawOne(random, [2, 10, 100]);
  return drawOne<Latency>(random, [
    { kind: 'constant', ms: typicalMs },
    { kind: 'uniform', minMs: typicalMs / 5, maxMs: typicalMs * 2 },
    { kind: 'exponential', minMs: typicalMs / 5, meanMs: typicalMs, maxMs },
    { kind: 'log-normal', medianMs: typicalMs, sigma: 0.5 + random(), maxMs },
    { kind: 'pareto', minMs: typicalMs / 2, shape: 1 + 2 * random(), maxMs },
  ]);
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
