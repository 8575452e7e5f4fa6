/** Why a member does not do what it was asked: each with what the caller needs to go on. */
import type { RaftCore } from '../core/core.ts';
import { RaftError } from '../errors.ts';

export function notLeader(core: RaftCore): RaftError {
  const leaderHint = core.transferringTo ?? core.leader;
  const text = leaderHint === undefined ? 'no leader is known' : `'${leaderHint}' leads`;
  return new RaftError('RAFT_NOT_LEADER', `this node does not lead: ${text}`, { leaderHint });
}

export function overloaded(what: string, retryAfterMs: number): RaftError {
  return new RaftError('RAFT_OVERLOADED', `too many ${what} are waiting`, { retryAfterMs });
}

/** The node has stopped for `cause`. */
export function failed(cause: unknown): RaftError {
  const text = `the node stopped taking part: ${messageOf(cause)}`;
  return new RaftError('RAFT_FAILED', text, { cause });
}

/** What was thrown, in words. */
export function messageOf(thrown: unknown): string {
  return (thrown as Error | undefined)?.message ?? String(thrown);
}
