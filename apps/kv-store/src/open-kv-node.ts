/**
 * A node from nothing but ports: the log and the engine in one directory, Raft and the machine
 * between them. A server hands it the operating system, a simulation its own world.
 *
 * ```
 * <directory>/raft    the replicated log: what is acknowledged is synced here
 * <directory>/store   the map, an LSM tree or a B+tree: follows the log, synced now and then
 * ```
 * Cost of opening: reading both directories back, and applying what the store had not synced.
 */
import type { Clock } from '@ds/clock';
import { openRaftLog, openRaftNode, openStoreMachine, type RaftNodeOptions } from '@ds/raft';
import type { FileSystem } from '@ds/storage';
import type { NodeId, Transport } from '@ds/transport';
import { KvNode, type KvNodeOptions } from './kv-node.ts';
import { applyCommand } from './machine.ts';
import { type EngineOptions, openEngine } from './open-engine.ts';

export interface OpenKvNodeOptions {
  readonly self: NodeId;
  /**
   * All nodes of a new cluster, this one included, and the same on every node; none for a node that
   * is to be added to one. Only a new directory looks at this.
   */
  readonly members: readonly NodeId[];
  readonly clusterId: string;
  /** Stays open when the node closes. */
  readonly transport: Transport;
  readonly clock: Clock;
  readonly fileSystem: FileSystem;
  /** Made when absent; belongs to this node alone. */
  readonly directory: string;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Timing and limits of Raft. */
  readonly raft?: Partial<RaftNodeOptions>;
  /** The engine, and its sizes. @default the LSM tree */
  readonly store?: EngineOptions;
  /** Sizes of the log's files. @default 8 MiB */
  readonly segmentBytes?: number;
  /** Limits of the node. */
  readonly limits?: Pick<KvNodeOptions, 'timeoutMs' | 'maxInFlight' | 'maxCommandBytes'>;
}

/** Opens what is in `directory`, or begins there, and takes part in the cluster. */
export async function openKvNode(options: OpenKvNodeOptions): Promise<KvNode> {
  const { self, clusterId, fileSystem, directory, transport, clock, random } = options;
  const { segmentBytes } = options;
  const store = await openEngine({ fileSystem, directory: `${directory}/store` }, options.store);
  try {
    const log = await openRaftLog({
      fileSystem,
      directory: `${directory}/raft`,
      self,
      clusterId,
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
    });
    const machine = await openStoreMachine({ store, apply: applyCommand });
    const raft = await openRaftNode({
      ...options.raft,
      self,
      clusterId,
      members: options.members,
      transport,
      clock,
      log,
      machine,
      ...(random === undefined ? {} : { random }),
    });
    return new KvNode({ ...options.limits, raft, machine, store, transport, clock, random });
  } catch (error) {
    await store.close();
    throw error;
  }
}
