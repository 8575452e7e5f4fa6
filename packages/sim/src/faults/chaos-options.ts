/** How often things go wrong on purpose, how badly, and whom it may concern. */
import type { NodeId } from '@ds/transport';
import type { PartitionKind } from '../network/partitions.ts';
import type { NodeFactory } from '../node.ts';
import type { BudgetOptions } from './fault-budget.ts';

/** The mean time between two faults of a kind, in ms; `Infinity`: none of that kind. */
export interface ChaosPace {
  /** Power cuts and killed processes. @default 2000 */
  readonly crashEveryMs: number;
  /** Power cuts that take as many nodes at once as the budget lets them. @default Infinity */
  readonly blackoutEveryMs: number;
  /** Nodes that stand still. @default 3000 */
  readonly pauseEveryMs: number;
  /** Nodes that take time for everything. @default Infinity */
  readonly slowEveryMs: number;
  /** Networks that come apart, in any shape of partitions.ts. @default 2000 */
  readonly partitionEveryMs: number;
  /** Directions that hold up their messages. @default Infinity */
  readonly clogEveryMs: number;
  /** Links that come and go. @default Infinity */
  readonly flapEveryMs: number;
  /**
   * Directions that are lossy, slow and narrow; afterwards they are as the network is.
   * @default Infinity
   */
  readonly badLinkEveryMs: number;
  /** Disks that limp. @default Infinity */
  readonly slowDiskEveryMs: number;
  /** Wall clocks that jump, and clocks that change their pace. @default Infinity */
  readonly clockEveryMs: number;
  /**
   * Disks without space; then there is some again, and the process starts anew.
   * @default Infinity
   */
  readonly fullDiskEveryMs: number;
  /**
   * Calls to the disk that fail, short writes too; then the process starts anew.
   * @default Infinity
   */
  readonly failDiskEveryMs: number;
  /** A bit of synced data that flips, at rest or as it is read: damage. @default Infinity */
  readonly rotEveryMs: number;
  /** Writes that go elsewhere: damage. @default Infinity */
  readonly misdirectEveryMs: number;
  /** Nodes that come back with an empty disk: damage. @default Infinity */
  readonly loseDiskEveryMs: number;
}

export interface ChaosOptions extends Partial<ChaosPace>, BudgetOptions {
  /** When it ends by itself. @default 10000 */
  readonly durationMs?: number;
  /** How long a crashed node stays down on average. @default 500 */
  readonly downMs?: number;
  /** The probability that a crash strikes within one of the next disk calls. @default 0.3 */
  readonly crashInDiskCall?: number;
  /** The probability that only the process dies and the machine's cache survives. @default 0.2 */
  readonly crashProcess?: number;
  /** How long a pause lasts on average. @default 300 */
  readonly pauseMs?: number;
  /** How long a partition lasts on average. @default 800 */
  readonly partitionMs?: number;
  /** The shapes of partitions. @default all */
  readonly partitions?: readonly PartitionKind[];
  /** How long anything else that is no moment's matter lasts on average. @default 500 */
  readonly spellMs?: number;
  /** The most time that an event takes on a slow node. @default 10 */
  readonly maxEventMs?: number;
  /** How far a wall clock jumps at most, either way. @default 10000 */
  readonly maxClockStepMs?: number;
  /** By how many parts per million a clock's pace is wrong at most, either way. @default 1000 */
  readonly maxDriftPpm?: number;
  /**
   * Versions of a node's code besides the one it has: half of its restarts begin one of these, up-
   * or downgrade. @default none
   */
  readonly versions?: (id: NodeId) => readonly NodeFactory<unknown>[];
}

export type ChaosSettings = ChaosPace &
  Required<Omit<ChaosOptions, keyof ChaosPace | keyof BudgetOptions | 'partitions' | 'versions'>> &
  Pick<ChaosOptions, 'versions' | 'partitions'>;

const PACE: ChaosPace = {
  crashEveryMs: 2_000,
  blackoutEveryMs: Number.POSITIVE_INFINITY,
  pauseEveryMs: 3_000,
  slowEveryMs: Number.POSITIVE_INFINITY,
  partitionEveryMs: 2_000,
  clogEveryMs: Number.POSITIVE_INFINITY,
  flapEveryMs: Number.POSITIVE_INFINITY,
  badLinkEveryMs: Number.POSITIVE_INFINITY,
  slowDiskEveryMs: Number.POSITIVE_INFINITY,
  clockEveryMs: Number.POSITIVE_INFINITY,
  fullDiskEveryMs: Number.POSITIVE_INFINITY,
  failDiskEveryMs: Number.POSITIVE_INFINITY,
  rotEveryMs: Number.POSITIVE_INFINITY,
  misdirectEveryMs: Number.POSITIVE_INFINITY,
  loseDiskEveryMs: Number.POSITIVE_INFINITY,
};

const SPANS = {
  durationMs: 10_000,
  downMs: 500,
  pauseMs: 300,
  partitionMs: 800,
  spellMs: 500,
  maxEventMs: 10,
  maxClockStepMs: 10_000,
};

/** @throws {RangeError} for a setting out of its range. */
export function resolveChaosOptions(options: ChaosOptions): ChaosSettings {
  const { crashInDiskCall = 0.3, crashProcess = 0.2, maxDriftPpm = 1_000 } = options;
  const pace = withDefaults(PACE, options);
  const spans = withDefaults(SPANS, options);
  for (const [name, value] of Object.entries({ ...pace, ...spans })) {
    if (!(value > 0)) throw new RangeError(`${name} is positive, got ${value}`);
  }
  for (const [name, value] of Object.entries(spans)) {
    if (!Number.isFinite(value)) throw new RangeError(`${name} is finite, got ${value}`);
  }
  if (!(maxDriftPpm >= 0 && maxDriftPpm <= 500_000)) {
    throw new RangeError(`maxDriftPpm lies between 0 and 500000, got ${maxDriftPpm}`);
  }
  const { versions, partitions } = options;
  return {
    ...pace,
    ...spans,
    crashInDiskCall,
    crashProcess,
    maxDriftPpm,
    ...(versions && { versions }),
    ...(partitions && { partitions }),
  };
}

function withDefaults<T extends object>(defaults: T, options: Partial<T>): T {
  const result = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof T)[]) {
    const given = options[name];
    if (given !== undefined) result[name] = given;
  }
  return result;
}
