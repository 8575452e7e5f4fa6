/**
 * Who leads: pre-vote, votes, randomised timeouts, and stepping down (paper 5.2, thesis 9.6).
 *
 * A node that times out first asks whether an election could succeed (pre-vote) and changes nothing
 * until a majority says so; members that hear from a leader say no. So a node that rejoins after a
 * partition disturbs nobody. A leader that hears from no majority for an election timeout steps
 * down (check-quorum), so that its clients look elsewhere and its followers are free.
 *
 * Votes leave a node, and its own vote counts, only when they are on disk.
 */
import type { NodeId } from '@ds/transport';
import { beat } from './heartbeat.ts';
import { followProgress } from './members-in-force.ts';
import type { RaftMessage } from './message.ts';
import { MAX_TERM } from './message.ts';
import { appendConfiguration, appendOwn } from './own-entries.ts';
import { invariant, type RaftState } from './raft-state.ts';
import { becomeFollower, setRole } from './role.ts';

type Message<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

/** The election timer has run out, or the leader has asked for an election. */
export function campaign(raft: RaftState, transfer: boolean): void {
  if (raft.term >= MAX_TERM - 1 || !raft.mayStand) {
    raft.resetElectionTimer();
    return;
  }
  raft.leader = undefined;
  raft.transferElection = transfer;
  if (transfer) becomeCandidate(raft);
  else becomePreCandidate(raft);
}

export function receivePreVote(raft: RaftState, from: NodeId, message: Message<'pre-vote'>): void {
  if (message.term < raft.term) {
    rejectOldTerm(raft, from, 'pre-vote-response');
    return;
  }
  if (raft.leaderIsAlive) return;
  const candidate = { index: message.lastIndex, term: message.lastTerm };
  const granted = message.term > raft.term && raft.rules.isUpToDate(candidate, ownEnd(raft));
  // A grant answers for the term that was asked about, a refusal tells this node's own.
  const term = granted ? message.term : raft.term;
  raft.sendWhenSettled(from, { kind: 'pre-vote-response', term, granted });
}

export function receivePreVoteResponse(
  raft: RaftState,
  from: NodeId,
  message: Message<'pre-vote-response'>,
): void {
  if (raft.role !== 'pre-candidate') return;
  if (message.granted && message.term !== raft.term + 1) return;
  raft.votes.set(from, message.granted);
  if (isElected(raft)) becomeCandidate(raft);
}

/** Whether a vote request must not even raise this node's term: its leader is alive. */
export function isDisruptive(raft: RaftState, message: Message<'vote'>): boolean {
  return !message.transfer && raft.leaderIsAlive;
}

export function receiveVote(raft: RaftState, from: NodeId, message: Message<'vote'>): void {
  if (message.term < raft.term) {
    rejectOldTerm(raft, from, 'vote-response');
    return;
  }
  const candidate = { index: message.lastIndex, term: message.lastTerm };
  const granted =
    (raft.role === 'follower' || raft.role === 'pre-candidate') &&
    (raft.leader === undefined || raft.leader === from) &&
    raft.rules.mayVote(raft.votedFor, from) &&
    raft.rules.isUpToDate(candidate, ownEnd(raft));
  if (granted) {
    if (raft.votedFor !== from) {
      raft.votedFor = from;
      raft.hardStateDirty = true;
    }
    raft.resetElectionTimer();
  }
  raft.sendWhenSettled(from, { kind: 'vote-response', term: raft.term, granted });
}

export function receiveVoteResponse(
  raft: RaftState,
  from: NodeId,
  message: Message<'vote-response'>,
): void {
  if (raft.role !== 'candidate') return;
  raft.votes.set(from, message.granted);
  electIfWon(raft);
}

/** Term and vote have reached the disk: what waited for that may leave, and one's own vote counts. */
export function hardStateSettled(raft: RaftState): void {
  const deferred = raft.deferred;
  raft.deferred = [];
  for (const { to, message } of deferred) {
    const stale = message.kind === 'vote' && raft.role !== 'candidate';
    if (!stale && message.term >= raft.term) raft.send(to, message);
  }
  if (raft.role === 'candidate') {
    raft.votes.set(raft.self, true);
    electIfWon(raft);
  }
}

/** Steps down when no majority has answered for an election timeout. */
export function checkQuorum(raft: RaftState): void {
  const { self, nowMs, progress } = raft;
  const contactMs = raft.rules.agreed(raft.configuration, (id) =>
    id === self ? nowMs : (progress.get(id)?.lastContactMs ?? Number.NEGATIVE_INFINITY),
  );
  if (nowMs - contactMs < raft.options.electionTimeoutMs) return;
  becomeFollower(raft, undefined);
}

function becomePreCandidate(raft: RaftState): void {
  setRole(raft, 'pre-candidate');
  raft.votes.clear();
  raft.votes.set(raft.self, true);
  raft.resetElectionTimer();
  if (isElected(raft)) {
    becomeCandidate(raft);
    return;
  }
  const { index: lastIndex, term: lastTerm } = ownEnd(raft);
  for (const peer of raft.peers) {
    raft.send(peer, { kind: 'pre-vote', term: raft.term + 1, lastIndex, lastTerm });
  }
}

function becomeCandidate(raft: RaftState): void {
  raft.electionsStarted += 1;
  raft.term += 1;
  raft.votedFor = raft.self;
  raft.hardStateDirty = true;
  setRole(raft, 'candidate');
  raft.votes.clear();
  raft.resetElectionTimer();
  const { index: lastIndex, term: lastTerm } = ownEnd(raft);
  // Deferred, since a voter must be able to trust that this candidate keeps its vote and its log:
  // the write that carries the vote comes after those of all entries so far.
  for (const peer of raft.peers) {
    raft.sendWhenSettled(peer, {
      kind: 'vote',
      term: raft.term,
      lastIndex,
      lastTerm,
      transfer: raft.transferElection,
    });
  }
}

function electIfWon(raft: RaftState): void {
  if (isElected(raft)) becomeLeader(raft);
}

function becomeLeader(raft: RaftState): void {
  invariant(raft.hardStateSettled, 1, 'a leader whose own vote is not on disk');
  setRole(raft, 'leader');
  raft.leader = raft.self;
  followProgress(raft);
  raft.unappliedBytes = raft.log.bytesBetween(raft.appliedIndex + 1, raft.log.lastIndex);
  // Paper section 8: what earlier leaders left uncommitted commits with the first own entry.
  // The first leader of all writes down who began the group, so that whoever joins learns it.
  if (raft.configurationIndex === 0) appendConfiguration(raft, raft.configuration);
  else appendOwn(raft, { kind: 'no-op', command: new Uint8Array(0), tag: undefined });
  beat(raft);
}

function rejectOldTerm(
  raft: RaftState,
  to: NodeId,
  kind: 'pre-vote-response' | 'vote-response',
): void {
  raft.sendWhenSettled(to, { kind, term: raft.term, granted: false });
}

function ownEnd(raft: RaftState): { index: number; term: number } {
  return { index: raft.log.lastIndex, term: raft.log.lastTerm };
}

function isElected({ rules, configuration, votes }: RaftState): boolean {
  return rules.isElected(configuration, (voter) => votes.get(voter));
}
