/**
 * What goes wrong in a run, drawn from its seed: each run has another mix of faults, so that some
 * find what only one kind alone would show (Groce et al., "Swarm testing", 2012).
 */
import type { ClockFaults, Random, WorldOptions } from '@ds/sim';
import type { EngineOptions } from '../../src/open-engine.ts';
import type { OpenKvNodeOptions } from '../../src/open-kv-node.ts';

export interface Swarm {
  /** The members to begin with. */
  readonly servers: number;
  /** Servers that wait to be taken in. */
  readonly spares: number;
  readonly clients: number;
  readonly keys: number;
  /** How long faults happen, in virtual ms. */
  readonly chaosMs: number;
  /** Between one fault and the next, on average. */
  readonly faultEveryMs: number;
  readonly thinkMs: number;
  /** How much of what clients do is reading. */
  readonly reads: number;
  /** How long a client tries before it leaves an operation's outcome open. */
  readonly patienceMs: number;
  /** When it asks another server: each client has its own, between these. */
  readonly attemptMs: { readonly min: number; readonly max: number };
  readonly valueBytes: number;
  readonly network: NonNullable<WorldOptions['network']>;
  readonly disk: NonNullable<WorldOptions['disk']>;
  /** Reads ask a majority, so that no clock can make them stale. */
  readonly clocks: ClockFaults;
  /** How likely each kind of fault is, relative to the others. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly raft: NonNullable<OpenKvNodeOptions['raft']>;
  readonly store: NonNullable<OpenKvNodeOptions['store']>;
  readonly segmentBytes: number;
}

export const FAULT_KINDS = [
  'power-cut',
  'kill',
  'leader-power-cut',
  'cluster-power-cut',
  'pause',
  'leader-pause',
  'partition',
  'one-way-block',
  'cut-off-leader',
  'swing-voter',
  'figure-8',
  'change-members',
  'heal',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

const KIB = 1024;

/** With `needed`, those faults are part of the mix whatever is drawn. */
export function drawSwarm(random: Random, needed: readonly FaultKind[] = []): Swarm {
  const integer = (low: number, high: number): number =>
    low + Math.floor(random() * (high - low + 1));
  const sometimes = (probability: number, most: number): number =>
    random() < probability ? random() * most : 0;
  const meanMs = 0.3 + random() * 6;
  const syncMs = 0.2 + random() * 8;
  const small = random() < 0.7;
  return {
    servers: random() < 0.6 ? 3 : 5,
    clients: integer(2, 5),
    keys: integer(1, 5),
    chaosMs: integer(4_000, 12_000),
    faultEveryMs: integer(150, 1_500),
    thinkMs: integer(1, 80),
    reads: random() < 0.7 ? 0.4 : random(),
    patienceMs: random() < 0.5 ? 6_000 : integer(300, 3_000),
    attemptMs: { min: 200, max: 1_500 },
    valueBytes: integer(4, 400),
    network: {
      delay: { minMs: 0.1, meanMs, maxMs: meanMs * 20 },
      loss: sometimes(0.5, 0.15),
      duplicate: sometimes(0.5, 0.3),
      reorder: sometimes(0.5, 0.3),
      detect: { minMs: 20, meanMs: 20 + random() * 400, maxMs: 2_000 },
    },
    disk: { sync: { minMs: 0.1, meanMs: syncMs, maxMs: syncMs * 30 } },
    clocks: { maxOffsetMs: sometimes(0.5, 60_000), maxDriftPpm: sometimes(0.5, 100_000) },
    faults: Object.fromEntries(
      FAULT_KINDS.map((kind) => {
        const weight = kind === 'heal' ? 1 : sometimes(0.6, 1);
        return [kind, needed.includes(kind) ? 2 : weight];
      }),
    ) as Record<FaultKind, number>,
    raft: {
      electionTimeoutMs: 150,
      heartbeatIntervalMs: 30,
      snapshotEveryEntries: small ? integer(20, 120) : 10_000,
      compactionTailEntries: small ? integer(0, 20) : 100,
      snapshotChunkBytes: small ? integer(64, 2_000) : 64 * KIB,
      maxInFlightMessages: integer(1, 16),
      maxBatchBytes: integer(1, 20) * KIB,
    },
    store: random() < 0.4 ? btreeOptions(small) : lsmOptions(small),
    segmentBytes: small ? 4 * KIB : 64 * KIB,
    spares: random() < 0.5 ? integer(1, 2) : 0,
  };
}

function lsmOptions(small: boolean): EngineOptions {
  return {
    memtableBytes: small ? 2 * KIB : 256 * KIB,
    tableBytes: small ? 2 * KIB : 64 * KIB,
    logPreallocateBytes: small ? 0 : 16 * KIB,
    levelOneBytes: small ? 8 * KIB : 256 * KIB,
    blockBytes: 256,
    blockCacheBytes: 64 * KIB,
  };
}

function btreeOptions(small: boolean): EngineOptions {
  return {
    engine: 'btree',
    pageBytes: small ? 512 : 4 * KIB,
    bufferBytes: small ? 2 * KIB : 256 * KIB,
    logPreallocateBytes: small ? 0 : 16 * KIB,
    extentBytes: small ? 0 : 64 * KIB,
    cacheBytes: 64 * KIB,
  };
}
