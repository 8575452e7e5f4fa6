/**
 * Getting the leader's log onto a majority (paper 5.3), and knowing when it is there (5.4).
 *
 * The leader sends while its own disk is still syncing, and counts itself like any other member: up
 * to what is on its disk. Per follower it probes one message at a time until the logs meet, then
 * pipelines within a window. Nothing depends on order or on delivery: heartbeats tell what was
 * sent, their answers what arrived, and what is missing goes out again.
 */
import type { NodeId } from '@ds/transport';
import { heardFromLeader } from './election.ts';
import { entryBytes, type LogEntry } from './entry.ts';
import { RaftError } from './errors.ts';
import type { Proposal, Proposed } from './events.ts';
import { changeMembers, configurationMayDiffer, noteAppended } from './membership.ts';
import type { AppendMessage, RaftMessage } from './message.ts';
import type { Progress } from './progress.ts';
import { invariant, type RaftState } from './raft-state.ts';

type Message<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

/** A probe carries little: it may well be rejected. */
const PROBE_BYTES = 4096;

// --- The leader's side -------------------------------------------------------------------------

/** Takes in what clients propose, or says why not. */
export function propose(raft: RaftState, proposals: readonly Proposal[]): void {
  const firstIndex = raft.log.lastIndex + 1;
  let accepted = 0;
  let refusal: Proposed['refusal'];
  for (const proposal of proposals) {
    if (raft.role !== 'leader' || raft.transfer !== undefined) {
      refusal = 'RAFT_NOT_LEADER';
      break;
    }
    const full = raft.unappliedBytes + entryBytes(proposal) > raft.options.maxUncommittedBytes;
    if (full && raft.unappliedBytes > 0) {
      refusal = 'RAFT_OVERLOADED';
      break;
    }
    const { kind, changes, tag } = proposal;
    const command = changes === undefined ? proposal.command : changeMembers(raft, changes);
    if (command instanceof RaftError) {
      refusal = command;
      break;
    }
    appendOwn(raft, { kind, command, tag });
    accepted += 1;
  }
  raft.effects.proposed.push({ proposals, accepted, firstIndex, term: raft.term, refusal });
}

/** Appends to this leader's own log. */
export function appendOwn(raft: RaftState, { kind, command, tag }: Proposal): void {
  const entry: LogEntry = { index: raft.log.lastIndex + 1, term: raft.term, kind, command, tag };
  raft.log.append(entry);
  raft.unappliedBytes += entryBytes(entry);
  noteAppended(raft, entry);
}

/** Sends every follower what it may have. */
export function replicate(raft: RaftState): void {
  for (const progress of raft.progress.values()) replicateTo(raft, progress);
  sendTimeoutNow(raft);
}

function replicateTo(raft: RaftState, progress: Progress): void {
  const { maxInFlightMessages, maxInFlightBytes, maxBatchBytes } = raft.options;
  const { log } = raft;
  while (progress.state !== 'snapshot' && !progress.loading) {
    const probing = progress.state === 'probe';
    if (probing && progress.probeSent) return;
    if (!probing) {
      if (progress.nextIndex > log.lastIndex) return;
      if (progress.inFlight >= maxInFlightMessages) return;
      if (progress.inFlightBytes >= maxInFlightBytes) return;
    }
    const first = progress.nextIndex;
    if (first <= log.baseIndex) {
      wantSnapshot(raft, progress);
      return;
    }
    let entries: LogEntry[] = [];
    if (first <= log.lastIndex) {
      const maxBytes = probing ? Math.min(PROBE_BYTES, maxBatchBytes) : maxBatchBytes;
      const cached = log.slice(first, log.lastIndex, maxBytes);
      if (cached === undefined) {
        progress.loading = true;
        const lastIndex = Math.min(log.lastIndex, log.cachedFrom - 1);
        raft.effects.loads.push({ peer: progress.peer, firstIndex: first, lastIndex });
        return;
      }
      entries = cached;
    }
    sendEntries(raft, progress, entries);
  }
}

function sendEntries(raft: RaftState, progress: Progress, entries: readonly LogEntry[]): void {
  const previousIndex = progress.nextIndex - 1;
  raft.send(progress.peer, {
    kind: 'append',
    term: raft.term,
    previousIndex,
    previousTerm: raft.log.term(previousIndex)!,
    commitIndex: raft.commitIndex,
    entries,
  });
  if (progress.state === 'probe') {
    progress.probeSent = true;
    return;
  }
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  progress.sent(previousIndex + entries.length, bytes);
}

/** Entries read back for a follower have arrived. */
export function receiveLoaded(raft: RaftState, peer: NodeId, entries: readonly LogEntry[]): void {
  const progress = raft.progress.get(peer);
  if (progress === undefined || !progress.loading) return;
  progress.loading = false;
  const first = entries[0];
  // Between asking and reading the follower may have moved, or its place been compacted away.
  if (first === undefined || first.index !== progress.nextIndex) return;
  if (progress.state === 'snapshot' || progress.nextIndex <= raft.log.baseIndex) return;
  if (raft.log.term(first.index) !== first.term) return;
  sendEntries(raft, progress, entries);
}

function wantSnapshot(raft: RaftState, progress: Progress): void {
  progress.become('snapshot', progress.nextIndex);
  progress.snapshotIndex = raft.log.baseIndex;
  raft.effects.snapshotsWanted.push(progress.peer);
}

export function broadcastHeartbeat(raft: RaftState): void {
  raft.heartbeatDueMs = raft.nowMs + raft.options.heartbeatIntervalMs;
  if (raft.options.leaseReads) {
    raft.reads.round += 1;
    raft.lease.sent(raft.reads.round, raft.nowMs);
  }
  for (const progress of raft.progress.values()) {
    raft.send(progress.peer, {
      kind: 'heartbeat',
      term: raft.term,
      // Only what this follower is known to match may be committed there.
      commitIndex: Math.min(raft.commitIndex, progress.matchIndex),
      round: raft.reads.round,
      sentIndex: progress.nextIndex - 1,
    });
  }
}

/** The regular heartbeat: also lets every probe try again. */
export function beat(raft: RaftState): void {
  for (const progress of raft.progress.values()) progress.probeSent = false;
  broadcastHeartbeat(raft);
}

export function receiveAppendResponse(
  raft: RaftState,
  progress: Progress,
  { matchIndex }: Message<'append-response'>,
): void {
  noteContact(raft, progress);
  if (matchIndex > raft.log.lastIndex) {
    raft.refuse();
    return;
  }
  noteMatch(raft, progress, matchIndex);
  if (progress.state === 'probe') progress.become('replicate', progress.matchIndex + 1);
}

export function receiveAppendRejected(
  raft: RaftState,
  progress: Progress,
  { rejectedIndex, hintIndex, hintTerm }: Message<'append-rejected'>,
): void {
  noteContact(raft, progress);
  if (progress.state === 'snapshot' || rejectedIndex <= progress.matchIndex) return;
  // A probe is answered by its own previousIndex; anything else is late.
  if (progress.state === 'probe' && rejectedIndex !== progress.nextIndex - 1) return;
  const hint = Math.min(hintIndex, rejectedIndex - 1);
  const { log } = raft;
  const meet = hint > log.baseIndex ? log.lastPossibleMatch(hint, hintTerm).index : hint;
  progress.become('probe', meet + 1);
}

export function receiveHeartbeatResponse(
  raft: RaftState,
  progress: Progress,
  message: Message<'heartbeat-response'>,
): void {
  const { round, sentIndex, receivedIndex, matchIndex } = message;
  noteContact(raft, progress);
  if (matchIndex > raft.log.lastIndex || round > raft.reads.round) {
    raft.refuse();
    return;
  }
  progress.round = Math.max(progress.round, round);
  noteMatch(raft, progress, matchIndex);
  // Sent before the heartbeat and not there when it arrived: lost, or overtaken.
  const isMissing = receivedIndex < sentIndex && receivedIndex < progress.nextIndex - 1;
  if (progress.state === 'replicate' && isMissing) progress.become('probe', receivedIndex + 1);
}

function noteContact(raft: RaftState, progress: Progress): void {
  progress.lastContactMs = raft.nowMs;
  progress.answered = true;
}

function noteMatch(raft: RaftState, progress: Progress, matchIndex: number): void {
  if (progress.matched(matchIndex)) raft.commitMayAdvance = true;
  // By then the log may start even later: then the next snapshot is wanted.
  const reached = Math.min(progress.snapshotIndex, raft.log.baseIndex);
  if (progress.state === 'snapshot' && progress.matchIndex >= reached) {
    progress.become('probe', progress.matchIndex + 1);
  }
}

/** A message was not accepted by the transport: what followed it is in doubt too. */
export function receiveUndelivered(raft: RaftState, peer: NodeId): void {
  const progress = raft.progress.get(peer);
  if (progress === undefined || progress.state === 'snapshot') return;
  progress.become('probe', progress.matchIndex + 1);
  // Until the transport has room, a connection, or the next heartbeat is due.
  progress.probeSent = true;
}

/** Commits what a majority has on disk, if it may be counted (5.4.2). */
export function advanceCommit(raft: RaftState): void {
  raft.commitMayAdvance = false;
  const { self, durableIndex, progress } = raft;
  const index = raft.rules.agreed(raft.configuration, (id) =>
    id === self ? durableIndex : (progress.get(id)?.matchIndex ?? 0),
  );
  if (index <= raft.commitIndex) return;
  const term = raft.log.term(index);
  invariant(term !== undefined, 3, 'a majority holds entries that the leader does not');
  if (!raft.rules.mayCommit(term, raft.term)) return;
  raft.commitIndex = index;
  configurationMayDiffer(raft);
}

/** Leadership may move: the chosen follower holds everything and is told to stand (thesis 3.10). */
function sendTimeoutNow(raft: RaftState): void {
  const { transfer } = raft;
  if (transfer === undefined || transfer.sent) return;
  if (raft.progress.get(transfer.to)?.matchIndex !== raft.log.lastIndex) return;
  transfer.sent = true;
  raft.lease.handOver();
  raft.send(transfer.to, { kind: 'timeout-now', term: raft.term });
}

/** Chooses whom to hand leadership to, and starts. */
export function transfer(raft: RaftState, to: NodeId | undefined): void {
  if (raft.role !== 'leader' || raft.transfer !== undefined) return;
  const best = to === undefined ? furthest(raft) : raft.progress.get(to);
  if (best === undefined || !raft.configuration.voters.includes(best.peer)) return;
  const deadlineMs = raft.nowMs + raft.options.electionTimeoutMs;
  raft.transfer = { to: best.peer, deadlineMs, sent: false };
}

/** The voter that answers and holds the most. */
export function furthest(raft: RaftState): Progress | undefined {
  const timeoutMs = raft.options.electionTimeoutMs;
  let best: Progress | undefined;
  for (const progress of raft.progress.values()) {
    const isActive = progress.answered && raft.nowMs - progress.lastContactMs < timeoutMs;
    if (!isActive || !raft.configuration.voters.includes(progress.peer)) continue;
    if (progress.matchIndex > (best?.matchIndex ?? -1)) best = progress;
  }
  return best;
}

// --- The follower's side -----------------------------------------------------------------------

export function receiveAppend(raft: RaftState, from: NodeId, message: AppendMessage): void {
  if (!heardFromLeader(raft, from)) return;
  const { entries } = message;
  const { log } = raft;
  const skip = Math.max(0, log.baseIndex - message.previousIndex);
  const last = message.previousIndex + entries.length;
  if (last < log.baseIndex) {
    oweAcknowledgement(raft, log.baseIndex);
    return;
  }
  if (skip === 0 && log.term(message.previousIndex) !== message.previousTerm) {
    rejectAppend(raft, from, message);
    return;
  }
  const terms: number[] = [];
  for (let i = skip; i < entries.length; i += 1) terms.push(entries[i]!.term);
  const first = message.previousIndex + skip + 1;
  const conflict = raft.rules.firstConflict(first, terms, (index) => log.term(index));
  if (conflict !== undefined) {
    // Log matching: no leader ever contradicts what is committed.
    if (conflict <= raft.commitIndex) {
      raft.refuse();
      return;
    }
    if (conflict <= log.lastIndex) {
      raft.truncateAfter(conflict - 1);
      configurationMayDiffer(raft);
    }
    for (let i = conflict - message.previousIndex - 1; i < entries.length; i += 1) {
      log.append(entries[i]!);
      noteAppended(raft, entries[i]!);
    }
  }
  raft.verifiedIndex = Math.max(raft.verifiedIndex, last);
  followCommit(raft, message.commitIndex);
  raft.acknowledgementOwed = true;
}

function rejectAppend(raft: RaftState, from: NodeId, message: AppendMessage): void {
  const { previousIndex, previousTerm, term } = message;
  if (previousIndex <= raft.commitIndex) {
    raft.refuse();
    return;
  }
  const hint = raft.log.lastPossibleMatch(previousIndex - 1, previousTerm);
  raft.sendWhenSettled(from, {
    kind: 'append-rejected',
    term,
    rejectedIndex: previousIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}

export function receiveHeartbeat(
  raft: RaftState,
  from: NodeId,
  message: Message<'heartbeat'>,
): void {
  if (!heardFromLeader(raft, from)) return;
  followCommit(raft, message.commitIndex);
  raft.sendWhenSettled(from, {
    kind: 'heartbeat-response',
    term: raft.term,
    round: message.round,
    sentIndex: message.sentIndex,
    receivedIndex: raft.verifiedIndex,
    matchIndex: Math.min(raft.durableIndex, raft.verifiedIndex),
  });
}

/** What the leader has committed is committed here, as far as the logs are known to agree. */
export function followCommit(raft: RaftState, leaderCommit: number): void {
  const commitIndex = Math.min(leaderCommit, raft.verifiedIndex);
  if (commitIndex <= raft.commitIndex) return;
  raft.commitIndex = commitIndex;
  configurationMayDiffer(raft);
}

/** The leader wants to know how far this log matches; up to `index` it does. */
export function oweAcknowledgement(raft: RaftState, index: number): void {
  raft.verifiedIndex = Math.max(raft.verifiedIndex, index);
  raft.acknowledgementOwed = true;
}

/** Acknowledges what is on disk by now; one message answers for all appends before it. */
export function acknowledge(raft: RaftState): void {
  if (raft.leader === undefined || !raft.hardStateSettled) return;
  const matchIndex = Math.min(raft.durableIndex, raft.verifiedIndex);
  const isComplete = matchIndex === raft.verifiedIndex;
  if (!isComplete && matchIndex <= raft.acknowledgedIndex) return;
  raft.acknowledgedIndex = matchIndex;
  if (isComplete) raft.acknowledgementOwed = false;
  raft.send(raft.leader, { kind: 'append-response', term: raft.term, matchIndex });
}
