/**
 * Raft as a pure function of its events: no timer, promise, clock, chance or I/O in here.
 *
 * What always holds (figure 3 of the extended paper, and three rules of asynchronous appends):
 *
 *  1. Election safety: at most one leader per term.
 *  2. Leader append-only: a leader never overwrites or drops entries of its log.
 *  3. Log matching: logs that agree at an index and term agree on everything before it.
 *  4. Leader completeness: what is committed in a term is in the log of every later leader.
 *  5. State machine safety: no two members apply different entries at an index; what is committed
 *     is never dropped.
 *  6. A vote, and any answer that depends on a term, leaves only when term and vote are on disk.
 *  7. An append is acknowledged, by followers and by the leader to itself, only as far as the log
 *     as it is now would survive a crash; `durableIndex` never exceeds what writes in their order
 *     prove.
 *  8. Only entries on this node's own disk are applied to its machine.
 *
 * Cheap ones are asserted where they could break; a node that breaks one stops. All of them are
 * checked from outside by the simulations.
 *
 * Cost: a step is O(members), an append O(entries); a term lookup O(log terms) at worst.
 * Source: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm (extended
 * version)", 2014; Ongaro's dissertation for pre-vote, transfer, reads and sessions.
 */
import type { NodeId } from '@ds/transport';
import type { RaftRole } from '../driver/node.ts';
import type { LogEntry } from '../log/entry.ts';
import type { LogPosition } from '../log/raft-log.ts';
import type { Configuration } from '../members/configuration.ts';
import { type CoreStatus, statusOf } from './core-status.ts';
import {
  campaign,
  checkQuorum,
  isDisruptive,
  receivePreVote,
  receivePreVoteResponse,
  receiveVote,
  receiveVoteResponse,
} from './election.ts';
import type { RaftEvent, Ready } from './events.ts';
import { acknowledge, receiveAppend, receiveHeartbeat } from './follower.ts';
import { transfer } from './hand-over.ts';
import { beat } from './heartbeat.ts';
import { settleConfiguration } from './membership.ts';
import type { RaftMessage } from './message.ts';
import { type CoreOptions, Effects, invariant, RaftState } from './raft-state.ts';
import {
  advanceReads,
  readDeadline,
  receiveRead,
  receiveReadRequest,
  receiveReadResponse,
  retryReads,
} from './read-index.ts';
import {
  advanceCommit,
  propose,
  receiveAppendRejected,
  receiveAppendResponse,
  receiveHeartbeatResponse,
  receiveLoaded,
  receiveUndelivered,
  replicate,
} from './replication.ts';
import { enterTerm } from './role.ts';
import { type Rules, raftRules } from './rules.ts';
import {
  compact,
  receiveRestored,
  receiveSnapshotEnded,
  receiveSnapshotPiece,
  receiveSnapshotResponse,
  receiveSnapshotSending,
  receiveStaged,
} from './snapshot.ts';
import { receivePersisted, takeWrite } from './writes.ts';

export type { CoreStatus } from './core-status.ts';
export type { CoreOptions } from './raft-state.ts';

/** A term further ahead than this is absurd: it would use up the terms there are. */
const MAX_TERM_JUMP = 2 ** 32;

export class RaftCore {
  readonly #raft: RaftState;

  /** `rules` stands for the protocol's decisions; anything but the default breaks Raft. */
  constructor(options: CoreOptions, rules: Rules = raftRules) {
    const raft = new RaftState(options, rules);
    this.#raft = raft;
    raft.resetElectionTimer();
    // Alone, there is nobody to wait for.
    if (raft.isVoter && raft.peers.length === 0) raft.electionDeadlineMs = raft.nowMs;
  }

  get role(): RaftRole {
    return this.#raft.role;
  }

  get term(): number {
    return this.#raft.term;
  }

  get leader(): NodeId | undefined {
    return this.#raft.leader;
  }

  get lastIndex(): number {
    return this.#raft.log.lastIndex;
  }

  get commitIndex(): number {
    return this.#raft.commitIndex;
  }

  get appliedIndex(): number {
    return this.#raft.appliedIndex;
  }

  /** Everything up to here lives in the machine alone. */
  get baseIndex(): number {
    return this.#raft.log.baseIndex;
  }

  /** Whether the machine is being replaced by a snapshot. */
  get restoring(): boolean {
    return this.#raft.restoring !== undefined;
  }

  /** To whom leadership is being handed. */
  get transferringTo(): NodeId | undefined {
    return this.#raft.transfer?.to;
  }

  /** When a time event is next needed, by the clock whose readings the events carry. */
  get deadline(): number {
    const raft = this.#raft;
    if (raft.role === 'leader') return raft.heartbeatDueMs;
    return Math.min(raft.electionDeadlineMs, readDeadline(raft));
  }

  /** Who takes part, by this node's log. */
  get configuration(): Configuration {
    return this.#raft.configuration;
  }

  /** The entry that made them so. */
  get configurationIndex(): number {
    return this.#raft.configurationIndex;
  }

  /** Who takes part at `index`, which is not before the log's base. */
  configurationAt(index: number): Configuration {
    return this.#raft.configurations.at(index).configuration;
  }

  /** How far a follower's log is known to reach, while this node leads. */
  matchIndex(peer: NodeId): number | undefined {
    return this.#raft.progress.get(peer)?.matchIndex;
  }

  /** The term of the entry at `index`, if the log holds it. */
  termAt(index: number): number | undefined {
    return this.#raft.log.term(index);
  }

  /** Entries from `firstIndex` on that are in memory; `undefined` when the first is not. */
  cached(firstIndex: number, lastIndex: number, maxBytes: number): LogEntry[] | undefined {
    return this.#raft.log.slice(firstIndex, lastIndex, maxBytes);
  }

  /** Whether `peer` needs what the log no longer holds. */
  needsSnapshot(peer: NodeId): boolean {
    return this.#raft.progress.get(peer)?.state === 'snapshot';
  }

  /** Whether a snapshot of this position would bring this node further. */
  isWanted(position: LogPosition): boolean {
    return position.index > this.#raft.commitIndex && this.#raft.restoring === undefined;
  }

  /** Takes one event in. Never throws on what a peer sent. */
  step(event: RaftEvent): void {
    const raft = this.#raft;
    switch (event.kind) {
      case 'message':
        raft.nowMs = Math.max(raft.nowMs, event.nowMs);
        this.#receive(event.from, event.message);
        return;
      case 'propose':
        propose(raft, event.proposals);
        return;
      case 'persisted':
        receivePersisted(raft, event.sequence, event.term, event.index);
        return;
      case 'applied':
        this.#applied(event.index);
        return;
      case 'read':
        raft.nowMs = Math.max(raft.nowMs, event.nowMs);
        receiveRead(raft, event.id);
        return;
      case 'time':
        this.#tick(event.nowMs, event.random);
        return;
      case 'loaded':
        receiveLoaded(raft, event.peer, event.entries);
        return;
      case 'undelivered':
        receiveUndelivered(raft, event.peer);
        return;
      case 'reachable': {
        const progress = raft.progress.get(event.peer);
        if (progress !== undefined) progress.probeSent = false;
        return;
      }
      case 'snapshot-sending':
        receiveSnapshotSending(raft, event.peer, event.index);
        return;
      case 'snapshot-ended':
        receiveSnapshotEnded(raft, event.peer);
        return;
      case 'staged':
        receiveStaged(raft, event.base);
        return;
      case 'restored':
        receiveRestored(raft, event.position);
        return;
      case 'compact':
        compact(raft, event.index, event.tailEntries);
        return;
      case 'transfer':
        transfer(raft, event.to);
        return;
    }
  }

  /** What is to be done now, handed out once; `undefined` when there is nothing. */
  ready(): Ready | undefined {
    const raft = this.#raft;
    if (raft.role === 'leader') {
      if (raft.commitMayAdvance) advanceCommit(raft);
      settleConfiguration(raft);
      replicate(raft);
    } else if (raft.acknowledgementOwed) {
      acknowledge(raft);
    }
    if (raft.reads.waiting.length + raft.reads.rounds.length + raft.reads.confirmed.length > 0) {
      advanceReads(raft);
    }
    invariant(raft.commitIndex <= raft.log.lastIndex, 3, 'committed beyond the end of the log');
    const write = takeWrite(raft);
    const apply = this.#takeApply();
    const effects = raft.effects;
    if (write === undefined && apply === undefined && isEmpty(effects)) return undefined;
    raft.effects = new Effects();
    effects.write = write;
    effects.apply = apply;
    return effects;
  }

  status(): CoreStatus {
    return statusOf(this.#raft);
  }

  #tick(nowMs: number, random: number): void {
    const raft = this.#raft;
    raft.nowMs = Math.max(raft.nowMs, nowMs);
    raft.random = random;
    if (raft.role === 'leader') {
      checkQuorum(raft);
      if (raft.role !== 'leader') return;
      if (raft.transfer !== undefined && raft.nowMs >= raft.transfer.deadlineMs) {
        raft.transfer = undefined;
      }
      if (raft.nowMs >= raft.heartbeatDueMs) beat(raft);
      return;
    }
    retryReads(raft);
    if (raft.nowMs >= raft.electionDeadlineMs) campaign(raft, false);
  }

  #receive(from: NodeId, message: RaftMessage): void {
    const raft = this.#raft;
    if (message.term > raft.term + MAX_TERM_JUMP) {
      raft.refuse();
      return;
    }
    if (!raft.peers.includes(from) && !mayBeUnknown(message, raft.term)) return;
    if (message.term > raft.term) {
      if (message.kind === 'vote' && isDisruptive(raft, message)) return;
      // Asking about a term, or granting it, does not begin it.
      const isPreVote =
        message.kind === 'pre-vote' || (message.kind === 'pre-vote-response' && message.granted);
      if (!isPreVote) enterTerm(raft, message.term);
    }
    switch (message.kind) {
      case 'pre-vote':
        receivePreVote(raft, from, message);
        return;
      case 'pre-vote-response':
        receivePreVoteResponse(raft, from, message);
        return;
      case 'vote':
        receiveVote(raft, from, message);
        return;
    }
    if (message.term < raft.term) {
      this.#receiveOld(from, message);
      return;
    }
    this.#receiveCurrent(from, message);
  }

  /** A leader of an older term learns of the current one; everything else is forgotten. */
  #receiveOld(from: NodeId, message: RaftMessage): void {
    const isFromLeader =
      message.kind === 'append' || message.kind === 'heartbeat' || message.kind === 'snapshot';
    if (!isFromLeader) return;
    const { term } = this.#raft;
    this.#raft.sendWhenSettled(from, {
      kind: 'append-rejected',
      term,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
    });
  }

  #receiveCurrent(from: NodeId, message: RaftMessage): void {
    const raft = this.#raft;
    switch (message.kind) {
      case 'append':
        receiveAppend(raft, from, message);
        return;
      case 'heartbeat':
        receiveHeartbeat(raft, from, message);
        return;
      case 'vote-response':
        receiveVoteResponse(raft, from, message);
        return;
      case 'read':
        receiveReadRequest(raft, from, message);
        return;
      case 'read-response':
        receiveReadResponse(raft, from, message);
        return;
      case 'timeout-now':
        if (raft.leader === from && raft.role === 'follower') campaign(raft, true);
        return;
      case 'snapshot':
        receiveSnapshotPiece(raft, from, message);
        return;
      case 'snapshot-response':
        receiveSnapshotResponse(raft, from, message);
        return;
    }
    const progress = raft.progress.get(from);
    if (progress === undefined) return;
    switch (message.kind) {
      case 'append-response':
        receiveAppendResponse(raft, progress, message);
        return;
      case 'append-rejected':
        receiveAppendRejected(raft, progress, message);
        return;
      case 'heartbeat-response':
        receiveHeartbeatResponse(raft, progress, message);
        return;
    }
  }

  #applied(index: number): void {
    const raft = this.#raft;
    raft.applying = false;
    if (index <= raft.appliedIndex) return;
    if (raft.role === 'leader') {
      raft.unappliedBytes -= raft.log.bytesBetween(raft.appliedIndex + 1, index);
    }
    raft.appliedIndex = index;
    const { maxCacheBytes } = raft.options;
    // Only what is applied may leave memory: the machine is fed from it.
    raft.log.trim(maxCacheBytes, raft.appliedIndex + 1);
  }

  #takeApply(): Ready['apply'] {
    const raft = this.#raft;
    if (raft.applying || raft.restoring !== undefined) return undefined;
    const lastIndex = Math.min(raft.commitIndex, raft.durableIndex);
    if (lastIndex <= raft.appliedIndex) return undefined;
    raft.applying = true;
    return { firstIndex: raft.appliedIndex + 1, lastIndex };
  }
}

/**
 * Whether the message can be one of a member that this node's log does not know yet, or of one that
 * will be a member: a leader, a candidate, or a reader in the same term. All else is too late.
 */
function mayBeUnknown({ kind, term }: RaftMessage, ownTerm: number): boolean {
  switch (kind) {
    case 'append':
    case 'heartbeat':
    case 'snapshot':
    case 'timeout-now':
    case 'pre-vote':
    case 'vote':
      return true;
    case 'read':
      return term <= ownTerm;
    default:
      return false;
  }
}

function isEmpty(effects: Effects): boolean {
  return (
    effects.messages.length === 0 &&
    effects.proposed.length === 0 &&
    effects.reads.length === 0 &&
    effects.loads.length === 0 &&
    effects.snapshotsWanted.length === 0 &&
    effects.snapshotReplies.length === 0 &&
    effects.snapshotPieces.length === 0 &&
    effects.restore === undefined &&
    !effects.discardStaged
  );
}
