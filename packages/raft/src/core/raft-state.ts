/**
 * The state of figure 2 and the bookkeeping around it: one plain record that the parts of the core
 * (election, replication, reads, snapshots) work on. Only those parts and core.ts touch it.
 */
import type { NodeId } from '@ds/transport';
import type { RaftRole } from '../driver/node.ts';
import { RaftError } from '../errors.ts';
import type { HardState, LogBase, LogPosition, RecoveredLog } from '../log/raft-log.ts';
import {
  type Configuration,
  initialConfiguration,
  isVoter,
  membersOf,
} from '../members/configuration.ts';
import {
  ConfigurationHistory,
  type PlacedConfiguration,
} from '../members/configuration-history.ts';
import type { Outgoing, Ready, SequencedWrite } from './events.ts';
import { Lease } from './lease.ts';
import { LogView } from './log-view.ts';
import type { RaftMessage } from './message.ts';
import type { Progress } from './progress.ts';
import { ReadQueue } from './read-queue.ts';
import type { Rules, WriteRecord } from './rules.ts';

export interface CoreOptions {
  readonly self: NodeId;
  /** With at least one configuration. */
  readonly recovered: RecoveredLog;
  /** What the machine had applied when it was opened. */
  readonly appliedIndex: number;
  readonly nowMs: number;
  /** A draw from [0, 1) for the first timeout. */
  readonly random: number;
  /**
   * Below 2^48, and far from those of this node's earlier lives: what this life asks is numbered
   * from here on, which tells old answers from new.
   */
  readonly incarnation: number;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly electionPriority: number;
  readonly leaseReads: boolean;
  readonly maxClockDrift: number;
  readonly maxBatchBytes: number;
  readonly maxInFlightMessages: number;
  readonly maxInFlightBytes: number;
  readonly maxUncommittedBytes: number;
  readonly maxCacheBytes: number;
}

/** What there is none of: nothing is made for it, since most effects are absent from most turns. */
const NONE: readonly never[] = [];

/** What waits to be handed out by `ready`, which hands out this very object. */
export class Effects implements Ready {
  write: SequencedWrite | undefined;
  apply: Ready['apply'];
  messages: Outgoing[] = [];
  proposed: Ready['proposed'] = NONE;
  loads: Ready['loads'] = NONE;
  reads: Ready['reads'] = NONE;
  snapshotsWanted: Ready['snapshotsWanted'] = NONE;
  snapshotReplies: Ready['snapshotReplies'] = NONE;
  snapshotPieces: Ready['snapshotPieces'] = NONE;
  restore: LogPosition | undefined;
  discardStaged = false;
}

export class RaftState {
  readonly options: CoreOptions;
  readonly rules: Rules;
  readonly self: NodeId;
  readonly log: LogView;
  readonly configurations: ConfigurationHistory;
  readonly reads: ReadQueue;
  readonly lease: Lease = new Lease();
  effects: Effects = new Effects();

  // Persistent (figure 2); the log is above.
  term: number;
  votedFor: NodeId | undefined;

  // The configuration in force, and what follows from it (membership.ts keeps them).
  configuration: Configuration = initialConfiguration([]);
  configurationIndex = -1;
  members: readonly NodeId[] = [];
  peers: readonly NodeId[] = [];
  isVoter = false;

  // Volatile on all members.
  role: RaftRole = 'follower';
  leader: NodeId | undefined;
  commitIndex: number;
  appliedIndex: number;
  nowMs: number;
  /** The latest draw; timeouts are stretched by it. */
  random: number;
  electionDeadlineMs = 0;
  /** When a leader was last heard from; an election before a timeout has passed is refused. */
  leaderContactMs: number = Number.NEGATIVE_INFINITY;
  electionsStarted = 0;
  snapshotsInstalled = 0;
  messagesRefused = 0;

  // Followers: what is known to match the leader of this term, and what it has been told.
  verifiedIndex = 0;
  acknowledgedIndex = 0;
  acknowledgementOwed = false;

  // Candidates.
  readonly votes: Map<NodeId, boolean> = new Map();
  transferElection = false;

  // Leaders.
  readonly progress: Map<NodeId, Progress> = new Map();
  heartbeatDueMs = 0;
  commitMayAdvance = false;
  transfer: { readonly to: NodeId; readonly deadlineMs: number; sent: boolean } | undefined;
  /** Bytes of entries beyond `appliedIndex`. */
  unappliedBytes = 0;

  // What has been handed to stable storage, and what is known to be there.
  hardStateDirty = false;
  /** The first entry not handed over yet. */
  unwrittenFrom: number;
  resetTo: LogBase | undefined;
  compactTo: LogBase | undefined;
  sequence = 0;
  persisted: WriteRecord;
  readonly pendingWrites: WriteRecord[] = [];
  /** The last write that carried a hard state. */
  hardStateSequence = 0;
  durableIndex: number;
  /** Leave once the hard state is on disk. */
  deferred: Outgoing[] = [];

  // Applying and restoring.
  applying = false;
  restoring: LogPosition | undefined;
  restoreAfterSequence = 0;

  constructor(options: CoreOptions, rules: Rules) {
    const { recovered, self } = options;
    this.options = options;
    this.rules = rules;
    this.self = self;
    this.log = new LogView(recovered);
    this.configurations = new ConfigurationHistory(recovered.configurations);
    this.reads = new ReadQueue(options.incarnation);
    this.term = recovered.hardState.term;
    this.votedFor = recovered.hardState.votedFor;
    this.nowMs = options.nowMs;
    this.random = options.random;
    if (rules.mayHavePromised(options.leaseReads, this.term)) this.leaderContactMs = this.nowMs;
    // What the machine holds was committed, whatever this node last knew of the commit index.
    this.appliedIndex = Math.max(options.appliedIndex, recovered.base.index);
    this.commitIndex = this.appliedIndex;
    this.updateConfiguration();
    this.unwrittenFrom = recovered.lastIndex + 1;
    this.durableIndex = recovered.lastIndex;
    this.persisted = {
      sequence: 0,
      firstIndex: recovered.lastIndex + 1,
      lastIndex: recovered.lastIndex,
      lastTerm: this.log.lastTerm,
    };
  }

  get hardState(): HardState {
    return { term: this.term, votedFor: this.votedFor };
  }

  /** Whether term and vote are on disk as they are now. */
  get hardStateSettled(): boolean {
    return !this.hardStateDirty && this.persisted.sequence >= this.hardStateSequence;
  }

  /** Whether a leader was heard from so recently that nobody may be elected instead of it. */
  get leaderIsAlive(): boolean {
    return (
      this.role === 'leader' || this.nowMs - this.leaderContactMs < this.options.electionTimeoutMs
    );
  }

  send(to: NodeId, message: RaftMessage): void {
    this.effects.messages.push({ to, message });
  }

  /** Sends once term and vote are on disk; at once, when they are. */
  sendWhenSettled(to: NodeId, message: RaftMessage): void {
    if (this.hardStateSettled) this.send(to, message);
    else this.deferred.push({ to, message });
  }

  /** Counts a message that no correct member sends. */
  refuse(): void {
    this.messagesRefused += 1;
  }

  /**
   * Whether this node may seek election: a voter, or one that was until an entry that is not known
   * to be committed. Such a one may be the only one with that entry, and so the only one who can be
   * elected: the two of them would wait for each other for ever (thesis 4.2.2).
   */
  get mayStand(): boolean {
    if (this.isVoter) return true;
    const settled = this.configurations.at(this.commitIndex).index;
    return this.configurations.all.some(
      ({ index, configuration }) => index >= settled && isVoter(configuration, this.self),
    );
  }

  /** Only who may stand waits for its time; those of low priority let the others go first. */
  resetElectionTimer(): void {
    const { electionTimeoutMs, electionPriority } = this.options;
    const timeouts = 1 + this.random + 2 * (1 - electionPriority);
    this.electionDeadlineMs = this.mayStand
      ? this.nowMs + electionTimeoutMs * timeouts
      : Number.POSITIVE_INFINITY;
  }

  /** Looks which configuration counts now. Returns whether it is another one than before. */
  updateConfiguration(): boolean {
    const { index, configuration } = this.#inForce();
    if (index === this.configurationIndex && configuration === this.configuration) return false;
    this.configuration = configuration;
    this.configurationIndex = index;
    this.members = membersOf(configuration);
    this.peers = this.members.filter((member) => member !== this.self);
    this.isVoter = isVoter(configuration, this.self);
    return true;
  }

  #inForce(): PlacedConfiguration {
    return this.rules.configurationInForce(this.configurations.all, this.commitIndex);
  }

  /** Drops the entries after `index` for a leader whose log differs. */
  truncateAfter(index: number): void {
    invariant(this.role !== 'leader', 2, 'a leader drops entries of its own log');
    invariant(index >= this.commitIndex, 5, 'a committed entry is dropped');
    this.log.truncateAfter(index);
    this.configurations.truncateAfter(index);
    this.unwrittenFrom = Math.min(this.unwrittenFrom, index + 1);
    this.durableIndex = Math.min(this.durableIndex, index);
  }
}

/** The rules at the head of core.ts, where they are cheap to check: a node that breaks one stops. */
export function invariant(holds: boolean, number: number, what: string): asserts holds {
  if (!holds) throw new RaftError('RAFT_FAILED', `invariant ${number} is broken: ${what}`);
}
