/** What a node tells of itself: `GET /status`, for people, the dashboard and tests. */
import type { RaftStatus } from '@ds/raft';
import type { StoreStatus } from '@ds/storage';
import type { NodeId, TransportStatus } from '@ds/transport';
import type { Percentiles } from './latency-window.ts';

export interface KvCounters {
  /** Batches acknowledged to clients of this node. */
  readonly writes: number;
  /** Reads and scan pages answered. */
  readonly reads: number;
  /** Operations that failed, for whatever reason. */
  readonly errors: number;
  /** Writes passed on to the leader, tries included. */
  readonly forwarded: number;
}

export interface KvStatus {
  readonly id: NodeId;
  readonly role: RaftStatus['role'];
  readonly term: number;
  readonly leader: NodeId | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly members: readonly NodeId[];
  /** Those of them with a vote. While that changes, those that will have one. */
  readonly voters: readonly NodeId[];
  /** Snapshots that this process was sent and took over. */
  readonly snapshotsInstalled: number;
  /** The leader's view of the others; empty elsewhere. */
  readonly peers: RaftStatus['peers'];
  readonly counters: KvCounters;
  /** Over the last ten seconds, as seen by this node. */
  readonly latency: { readonly write: Percentiles; readonly read: Percentiles };
  readonly store: StoreStatus;
  readonly transport: TransportStatus;
  readonly uptimeMs: number;
}

export interface NodeFacts {
  readonly raft: RaftStatus;
  readonly counters: KvCounters;
  readonly write: Percentiles;
  readonly read: Percentiles;
  readonly store: StoreStatus;
  readonly transport: TransportStatus;
  readonly uptimeMs: number;
}

export function describeNode(facts: NodeFacts): KvStatus {
  const { raft, counters, write, read, store, transport, uptimeMs } = facts;
  return {
    id: raft.self,
    role: raft.role,
    term: raft.term,
    leader: raft.leader ?? null,
    commitIndex: raft.commitIndex,
    appliedIndex: raft.appliedIndex,
    firstIndex: raft.firstIndex,
    lastIndex: raft.lastIndex,
    members: raft.members,
    voters: raft.configuration.voters,
    snapshotsInstalled: raft.snapshotsInstalled,
    peers: raft.peers,
    counters: { ...counters },
    latency: { write, read },
    store,
    transport,
    uptimeMs,
  };
}
