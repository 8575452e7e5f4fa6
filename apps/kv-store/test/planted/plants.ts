/**
 * Bugs that real replicated stores have had, each one replaced decision. Nothing but what clients
 * see, and what nodes hold in the end, may give them away.
 */
import type { CommittedEntry } from '@ds/raft';
import type { OpenNode } from '../simulation/run-store.ts';
import { FAULT_KINDS, type FaultKind, type Swarm } from '../simulation/swarm.ts';
import { type Exchanged, openPlanted, replaced } from './open-planted.ts';

export interface Plant {
  readonly name: string;
  readonly open: OpenNode;
  /** Faults that this bug needs, so that seeds are not spent on runs without them. */
  readonly faults: readonly FaultKind[];
  /** And the circumstances in which it shows most often. */
  readonly shape: (swarm: Swarm) => Swarm;
}

function plant(
  name: string,
  { faults, shape }: Pick<Plant, 'faults' | 'shape'>,
  exchanged: Exchanged,
): Plant {
  return { name, faults, shape, open: (options) => openPlanted(options, exchanged) };
}

export const PLANTS: readonly Plant[] = [
  plant(
    'a vote is not persisted',
    { faults: ['swing-voter'], shape: quickVoter },
    {
      log: (log) =>
        replaced(log, {
          write: ({ hardState, ...write }) =>
            log.write({
              ...write,
              hardState: hardState && { term: hardState.term, votedFor: undefined },
            }),
        }),
    },
  ),
  plant(
    'an entry of an older term is committed by counting',
    { faults: ['figure-8'], shape: entryByEntry },
    {
      rules: { mayCommit: () => true },
    },
  ),
  plant(
    'writes are acknowledged before the log is on disk',
    { faults: ['power-cut', 'cluster-power-cut'], shape: slowDisks },
    {
      log: (log) =>
        replaced(log, {
          sync: async () => {
            // The real one goes on behind our back; its end interests nobody any more.
            void log.sync().catch(() => {});
          },
        }),
    },
  ),
  plant(
    'a deposed leader answers reads',
    { faults: ['cut-off-leader'], shape: twoLeaders },
    {
      raft: (raft) =>
        replaced(raft, {
          readIndex: (options) => {
            const { role, appliedIndex } = raft.status();
            return role === 'leader' ? Promise.resolve(appliedIndex) : raft.readIndex(options);
          },
        }),
    },
  ),
  plant(
    'a retried write is applied twice',
    { faults: ['cut-off-leader', 'partition', 'leader-power-cut'], shape: busyClients },
    {
      machine: (machine) =>
        replaced(machine, {
          apply: (entries) => machine.apply(entries.map(withoutTag)),
        }),
    },
  ),
];

function withoutTag({ tag: _, ...entry }: CommittedEntry): CommittedEntry {
  return entry;
}

function busyClients(swarm: Swarm): Swarm {
  return { ...swarm, clients: 5, thinkMs: 5 };
}

/**
 * The voter is back before the one that was held up gives up asking. What two leaders of one term
 * have written differently stays in sight to the end: there are keys enough, and no snapshots.
 */
function quickVoter(swarm: Swarm): Swarm {
  const delay = { minMs: 1, meanMs: 3, maxMs: 10 };
  const soon = { minMs: 0.1, meanMs: 0.5, maxMs: 2 };
  const network = { ...swarm.network, delay, connect: soon, detect: soon, loss: 0 };
  const disk = { sync: { minMs: 2, meanMs: 4, maxMs: 20 } };
  const raft = { ...swarm.raft, snapshotEveryEntries: 10_000 };
  const shaped = busyClients({ ...swarm, network, disk, raft, servers: 3, keys: 50 });
  return { ...only('swing-voter', shaped), faultEveryMs: 1_500, chaosMs: 6_000 };
}

/**
 * A leader that is cut off and whose clock is slow believes in itself longer than the others do:
 * clients with it ask, and those on the other side have already found its successor and written.
 */
function twoLeaders(swarm: Swarm): Swarm {
  const delay = { minMs: 0.1, meanMs: 1, maxMs: 10 };
  const disk = { sync: { minMs: 0.5, meanMs: 1, maxMs: 5 } };
  const network = { ...swarm.network, delay, loss: 0 };
  const attemptMs = { min: 40, max: 80 };
  const clocks = { ...swarm.clocks, maxDriftPpm: 400_000 };
  const busy = busyClients({ ...swarm, network, disk, clocks, attemptMs, keys: 1, reads: 0.8 });
  return { ...only('cut-off-leader', busy), faultEveryMs: 600 };
}

function slowDisks(swarm: Swarm): Swarm {
  return busyClients({ ...swarm, disk: { sync: { minMs: 5, meanMs: 40, maxMs: 200 } } });
}

function entryByEntry(swarm: Swarm): Swarm {
  const raft = { ...swarm.raft, maxBatchBytes: 1, maxInFlightMessages: 1 };
  const network = { ...swarm.network, delay: { minMs: 1, meanMs: 5, maxMs: 20 } };
  return only('figure-8', busyClients({ ...swarm, raft, network, servers: 3 }));
}

/** No other fault interferes. */
function only(kind: FaultKind, swarm: Swarm): Swarm {
  const none = Object.fromEntries(FAULT_KINDS.map((other) => [other, 0]));
  const faults = { ...(none as Swarm['faults']), [kind]: 1 };
  return { ...swarm, faults, faultEveryMs: 3_000, chaosMs: 12_000 };
}
