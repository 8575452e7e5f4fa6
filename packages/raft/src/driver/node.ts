/** The face of one member: its options, its status, and what can be asked of it. */
import type { Clock } from '@ds/clock';
import type { NodeId, Transport, Unsubscribe } from '@ds/transport';
import type { SessionTag } from '../log/entry.ts';
import type { RaftLog } from '../log/raft-log.ts';
import type { StateMachine } from '../machine/state-machine.ts';
import type { Configuration, MemberChange } from '../members/configuration.ts';

export interface RaftNodeOptions {
  readonly self: NodeId;
  /**
   * The voters of a new group, this one included; the same on every one of them. A node that is to
   * join a group is opened with none. Only a new log looks at this: one that has a configuration
   * keeps it.
   */
  readonly members: readonly NodeId[];
  readonly clusterId: string;
  /** Stays open when the node closes. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** The node closes it. */
  readonly log: RaftLog;
  /** The node closes it. */
  readonly machine: StateMachine;
  /**
   * A follower that hears nothing for this long, or up to twice as long, seeks election; a leader
   * that hears from no majority for this long steps down. Choose at least ten round trips.
   * @default 500
   */
  readonly electionTimeoutMs?: number;
  /** How often a leader shows itself. At most half the election timeout. @default 50 */
  readonly heartbeatIntervalMs?: number;
  /**
   * From 0 to 1: a member waits up to two election timeouts longer before it seeks election, the
   * lower this is, so that members of higher priority lead while there are any. @default 1
   */
  readonly electionPriority?: number;
  /**
   * Whether the leader serves reads without asking anybody for as long as clocks promise that
   * nobody else can lead. The same on every member. A member that restarts then votes for nobody
   * for an election timeout. @default false: every read is confirmed by a round of heartbeats
   */
  readonly leaseReads?: boolean;
  /**
   * With `leaseReads`: how much faster or slower than right any member's monotonic clock may run,
   * as a fraction. Beyond it reads can be stale. @default 0.01
   */
  readonly maxClockDrift?: number;
  /** The most entry bytes in one message, unless one entry alone is larger. @default 128 KiB */
  readonly maxBatchBytes?: number;
  /** Appends under way to one follower, in messages. @default 64 */
  readonly maxInFlightMessages?: number;
  /** Appends under way to one follower, in bytes. @default 2 MiB */
  readonly maxInFlightBytes?: number;
  /** Proposals accepted but not yet applied here, in bytes. @default 16 MiB */
  readonly maxUncommittedBytes?: number;
  /** Reads waiting at one time. @default 65536 */
  readonly maxPendingReads?: number;
  /** Entries kept in memory for followers and the machine, in bytes. @default 16 MiB */
  readonly maxCacheBytes?: number;
  /** Compact when the log holds this many bytes. @default 64 MiB */
  readonly snapshotEveryBytes?: number;
  /** Compact when the log holds this many entries. @default 100000 */
  readonly snapshotEveryEntries?: number;
  /** Entries kept at a compaction, so that slow followers need no snapshot. @default 10000 */
  readonly compactionTailEntries?: number;
  /** The size of one piece of a snapshot on its way. @default 64 KiB */
  readonly snapshotChunkBytes?: number;
  /** Pieces of a snapshot under way to one follower. @default 8 */
  readonly snapshotWindowChunks?: number;
  /** The channel on the transport. @default 'raft' */
  readonly channelName?: string;
}

export type RaftRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What a leader knows of a follower. */
export interface PeerStatus {
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** Append messages sent and not yet answered. */
  readonly inFlight: number;
  /** Whether it answered within the last election timeout. */
  readonly active: boolean;
}

/** A plain snapshot for people and tests. */
export interface RaftStatus {
  readonly self: NodeId;
  readonly state: 'open' | 'failed' | 'closed';
  readonly role: RaftRole;
  readonly term: number;
  readonly leader?: NodeId | undefined;
  readonly votedFor?: NodeId | undefined;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Entries up to here are on this node's disk. */
  readonly durableIndex: number;
  /** Entries up to here live on in the state machine alone. */
  readonly snapshotIndex: number;
  /** Everybody who receives the log. */
  readonly members: readonly NodeId[];
  /** Who takes part, and as what, by this node's log. */
  readonly configuration: Configuration;
  /** The entry that made it so; committed or not, as `commitIndex` tells. */
  readonly configurationIndex: number;
  /** The followers, while this node leads. */
  readonly peers: Readonly<Record<NodeId, PeerStatus>>;
  readonly pendingProposals: number;
  readonly pendingReads: number;
  /** Candidacies of this node since it was opened; pre-votes do not count. */
  readonly electionsStarted: number;
  readonly snapshotsInstalled: number;
  /** Messages dropped because no correct member sends them. */
  readonly messagesRefused: number;
  /** Why the node stopped taking part, when `state` is `'failed'`. */
  readonly failure?: string | undefined;
}

export interface ProposeOptions {
  /** Makes the command apply once, however often it is proposed. */
  readonly tag?: SessionTag | undefined;
  /** Stops waiting; whether the command is applied is then unknown. */
  readonly signal?: AbortSignal | undefined;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends WaitOptions {
  /**
   * Be content with what was newest at most this long ago: answered at once where another read was
   * confirmed in that time, by this node's clock alone. @default 0
   */
  readonly maxStalenessMs?: number | undefined;
}

export interface CloseOptions {
  /** Hand leadership over first, waiting at most one election timeout. @default true */
  readonly transfer?: boolean | undefined;
}

/** One member of a group. */
export interface RaftNode extends AsyncDisposable {
  readonly self: NodeId;
  status(): RaftStatus;
  /**
   * Replicates `command` and resolves with the machine's result once it is applied here. The bytes
   * are borrowed until then.
   * @throws {RaftError} `RAFT_NOT_LEADER` and `RAFT_OVERLOADED` (not appended, safe to retry),
   * `RAFT_UNCERTAIN` (may or may not be applied), `RAFT_SESSION_EXPIRED`, `RAFT_SESSION_STALE`,
   * `RAFT_FAILED`, `RAFT_CLOSED`.
   */
  propose(command: Uint8Array, options?: ProposeOptions): Promise<Uint8Array>;
  /** Opens a client session and resolves with its id. Errors as `propose`. */
  registerSession(options?: WaitOptions): Promise<number>;
  /**
   * Resolves with an index once this node's machine has applied all that a linearizable read begun
   * now must see; on leader and follower alike. Waits as long as there is no leader: pass a signal.
   * @throws {RaftError} `RAFT_OVERLOADED`, `RAFT_FAILED`, `RAFT_CLOSED`.
   */
  readIndex(options?: ReadOptions): Promise<number>;
  /**
   * Makes another member lead: `to`, or the one that is furthest.
   * @throws {RaftError} `RAFT_NOT_LEADER`, or `RAFT_TRANSFER_FAILED` after an election timeout.
   */
  transferLeadership(to?: NodeId, options?: WaitOptions): Promise<void>;
  /**
   * Adds, promotes, demotes and removes members, as many as you like in one safe change, and
   * resolves with the configuration once it is committed and complete. A new voter receives the log
   * as a learner first, for as long as it takes: pass a signal. A leader that removes itself leads
   * until the change is committed. Asking for what is so already changes nothing, so a change whose
   * outcome is not known can be asked for again.
   * @throws {RaftError} `RAFT_UNSAFE_CHANGE` when the members may not change like this, or not now;
   * `RAFT_NOT_LEADER`, `RAFT_UNCERTAIN`, `RAFT_FAILED`, `RAFT_CLOSED`.
   */
  changeMembers(changes: readonly MemberChange[], options?: WaitOptions): Promise<Configuration>;
  /** Calls `listener` whenever role, term or leader changed. */
  onChange(listener: (status: RaftStatus) => void): Unsubscribe;
  /** Stops taking part, then closes log and machine. Idempotent. */
  close(options?: CloseOptions): Promise<void>;
}
