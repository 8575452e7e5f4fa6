/**
 * Linearizable reads without writing to the log (thesis 6.4): the leader notes its commit index,
 * shows with one round of heartbeats that it still leads, and serves once the machine has applied
 * that far. Reads that arrive together share a round. A follower asks its leader for the index.
 *
 * Nothing here fails when leaders change: local reads start over with the next one.
 */
import type { NodeId } from '@ds/transport';
import { followCommit } from './follower.ts';
import { broadcastHeartbeat } from './heartbeat.ts';
import type { RaftMessage } from './message.ts';
import type { RaftState } from './raft-state.ts';
import { MAX_READ_ROUNDS, MAX_REMOTE_READS, type Read } from './read-queue.ts';

type Message<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

export function receiveRead(raft: RaftState, id: number): void {
  raft.reads.waiting.push({ from: undefined, id });
}

/** A follower asks; it will ask again if it gets no answer. */
export function receiveReadRequest(
  raft: RaftState,
  from: NodeId,
  { context }: Message<'read'>,
): void {
  if (raft.role !== 'leader' || raft.reads.remote >= MAX_REMOTE_READS) return;
  raft.reads.waiting.push({ from, id: context });
}

export function receiveReadResponse(
  raft: RaftState,
  from: NodeId,
  { context, index }: Message<'read-response'>,
): void {
  const asked = raft.reads.asked.get(context);
  if (asked === undefined || asked.askedOf !== from || raft.leader !== from) return;
  raft.reads.asked.delete(context);
  for (const id of asked.ids) raft.reads.confirmed.push({ id, index });
  followCommit(raft, index);
}

/** Moves reads on as far as they can go. */
export function advanceReads(raft: RaftState): void {
  const { reads } = raft;
  if (raft.role === 'leader') {
    if (reads.waiting.length > 0) startRound(raft);
    if (reads.rounds.length > 0) confirmRounds(raft);
  } else if (reads.waiting.length > 0) {
    askLeader(raft);
  }
  if (reads.confirmed.length > 0) serveReads(raft);
}

/** Asks again what the leader has not answered. */
export function retryReads(raft: RaftState): void {
  const { leader, reads, nowMs } = raft;
  if (leader === undefined || raft.role === 'leader') return;
  for (const [context, asked] of reads.asked) {
    const isFresh = nowMs - asked.askedMs < 2 * raft.options.heartbeatIntervalMs;
    if (asked.askedOf === leader && isFresh) continue;
    asked.askedOf = leader;
    asked.askedMs = nowMs;
    raft.send(leader, { kind: 'read', term: raft.term, context });
  }
}

/** When `retryReads` is next needed. */
export function readDeadline(raft: RaftState): number {
  if (raft.reads.asked.size === 0 || raft.leader === undefined || raft.role === 'leader') {
    return Number.POSITIVE_INFINITY;
  }
  let earliest = Number.POSITIVE_INFINITY;
  for (const { askedMs } of raft.reads.asked.values()) earliest = Math.min(earliest, askedMs);
  return earliest + 2 * raft.options.heartbeatIntervalMs;
}

function startRound(raft: RaftState): void {
  const { reads, log, commitIndex } = raft;
  if (reads.rounds.length >= MAX_READ_ROUNDS) return;
  if (!raft.rules.knowsCommitIndex(log.term(commitIndex), raft.term)) return;
  if (raft.options.leaseReads && leaseHolds(raft)) {
    answer(raft, commitIndex, reads.waiting);
    reads.waiting = [];
    return;
  }
  reads.round += 1;
  reads.rounds.push({ round: reads.round, index: commitIndex, reads: reads.waiting });
  reads.waiting = [];
  if (raft.progress.size > 0) broadcastHeartbeat(raft);
}

function confirmRounds(raft: RaftState): void {
  const { reads } = raft;
  const confirmed = confirmedRound(raft);
  while (reads.rounds.length > 0) {
    const { round, index, reads: members } = reads.rounds[0]!;
    if (!raft.rules.stillLeads(confirmed, round)) return;
    reads.rounds.shift();
    answer(raft, index, members);
  }
}

/** The latest round that a quorum has answered, this leader among them. */
function confirmedRound({ reads, self, progress, rules, configuration }: RaftState): number {
  return rules.agreed(configuration, (id) =>
    id === self ? reads.round : (progress.get(id)?.round ?? 0),
  );
}

function leaseHolds(raft: RaftState): boolean {
  const { lease, nowMs, options, rules } = raft;
  lease.confirmed(confirmedRound(raft));
  const elapsedMs = nowMs - lease.sinceMs;
  const { electionTimeoutMs, maxClockDrift } = options;
  return rules.leaseHolds(elapsedMs, electionTimeoutMs, maxClockDrift, lease.handedOver);
}

function answer(raft: RaftState, index: number, reads: readonly Read[]): void {
  for (const { from, id } of reads) {
    if (from === undefined) raft.reads.confirmed.push({ id, index });
    else raft.send(from, { kind: 'read-response', term: raft.term, context: id, index });
  }
}

function askLeader(raft: RaftState): void {
  const { reads, leader } = raft;
  if (leader === undefined) return;
  const ids = reads.waiting.map((read) => read.id);
  reads.waiting = [];
  const context = reads.nextContext();
  reads.asked.set(context, { ids, askedOf: leader, askedMs: raft.nowMs });
  raft.send(leader, { kind: 'read', term: raft.term, context });
}

function serveReads(raft: RaftState): void {
  const { reads, appliedIndex } = raft;
  // While a snapshot is being restored the machine is neither old nor new.
  if (raft.restoring !== undefined) return;
  const ready = reads.confirmed.filter((read) => read.index <= appliedIndex);
  if (ready.length === 0) return;
  raft.effects.reads = [...raft.effects.reads, ...ready];
  reads.confirmed = reads.confirmed.filter((read) => read.index > appliedIndex);
}
