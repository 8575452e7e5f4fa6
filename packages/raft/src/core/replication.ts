/**
 * Getting the leader's log onto a majority (paper 5.3), and knowing when it is there (5.4).
 *
 * The leader sends while its own disk is still syncing, and counts itself like any other member: up
 * to what is on its disk. Per follower it probes one message at a time until the logs meet, then
 * pipelines within a window. Nothing depends on order or on delivery: heartbeats tell what was
 * sent, their answers what arrived, and what is missing goes out again.
 */
import type { NodeId } from '@ds/transport';
import { RaftError } from '../errors.ts';
import { entryBytes, type LogEntry } from '../log/entry.ts';
import type { Proposal, Proposed } from './events.ts';
import { sendTimeoutNow } from './hand-over.ts';
import { configurationMayDiffer } from './members-in-force.ts';
import { changeMembers } from './membership.ts';
import type { AppendMessage, RaftMessage } from './message.ts';
import { appendOwn } from './own-entries.ts';
import type { Progress } from './progress.ts';
import { invariant, type RaftState } from './raft-state.ts';

type Message<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

/** A probe carries little: it may well be rejected. */
const PROBE_BYTES = 4096;

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
  const proposed: Proposed = { proposals, accepted, firstIndex, term: raft.term, refusal };
  raft.effects.proposed = [...raft.effects.proposed, proposed];
}

/** Sends every follower what it may have. */
export function replicate(raft: RaftState): void {
  const made: AppendMessage[] = [];
  for (const progress of raft.progress.values()) replicateTo(raft, progress, made);
  sendTimeoutNow(raft);
}

/**
 * Followers that are equally far get one and the same message, so that it is put together and
 * encoded once: `made` are those of this turn.
 */
function replicateTo(raft: RaftState, progress: Progress, made: AppendMessage[]): void {
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
    const same = probing ? undefined : made.find((append) => append.previousIndex === first - 1);
    if (same !== undefined) {
      sendAppend(raft, progress, same);
      continue;
    }
    let entries: LogEntry[] = [];
    if (first <= log.lastIndex) {
      const maxBytes = probing ? Math.min(PROBE_BYTES, maxBatchBytes) : maxBatchBytes;
      const cached = log.slice(first, log.lastIndex, maxBytes);
      if (cached === undefined) {
        progress.loading = true;
        const lastIndex = Math.min(log.lastIndex, log.cachedFrom - 1);
        const load = { peer: progress.peer, firstIndex: first, lastIndex };
        raft.effects.loads = [...raft.effects.loads, load];
        return;
      }
      entries = cached;
    }
    const append = appendAfter(raft, first - 1, entries);
    if (!probing) made.push(append);
    sendAppend(raft, progress, append);
  }
}

function appendAfter(
  { term, log, commitIndex }: RaftState,
  previousIndex: number,
  entries: readonly LogEntry[],
): AppendMessage {
  const previousTerm = log.term(previousIndex)!;
  return { kind: 'append', term, previousIndex, previousTerm, commitIndex, entries };
}

function sendAppend(raft: RaftState, progress: Progress, append: AppendMessage): void {
  const { previousIndex, entries } = append;
  raft.send(progress.peer, append);
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
  sendAppend(raft, progress, appendAfter(raft, progress.nextIndex - 1, entries));
}

function wantSnapshot(raft: RaftState, progress: Progress): void {
  progress.become('snapshot', progress.nextIndex);
  progress.snapshotIndex = raft.log.baseIndex;
  raft.effects.snapshotsWanted = [...raft.effects.snapshotsWanted, progress.peer];
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
