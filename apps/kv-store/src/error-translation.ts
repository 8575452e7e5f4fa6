/**
 * What an error of Raft or of the transport means to a client of the store.
 *
 * The one question that matters for a write: may it have taken effect? Only the errors listed in
 * {@link isNotAppended} say no; whatever is not known to say no becomes `KV_UNCERTAIN`.
 */
import { RaftError } from '@ds/raft';
import { TransportError } from '@ds/transport';
import type { Operation } from './deadlines.ts';
import { KvError } from './errors.ts';

/** Whether a write certainly went nowhere, so that sending it once more is safe. */
export function isNotAppended(error: unknown): boolean {
  if (error instanceof RaftError) return error.code === 'RAFT_NOT_LEADER';
  if (!(error instanceof TransportError)) return false;
  return (
    error.code === 'REQUEST_UNREACHABLE' ||
    error.code === 'REQUEST_SATURATED' ||
    error.code === 'REQUEST_REFUSED'
  );
}

/** Whether a read failed only because the leader was lost or not found. */
export function isLeaderLost(error: unknown): boolean {
  return (
    error instanceof RaftError &&
    (error.code === 'RAFT_NOT_LEADER' || error.code === 'RAFT_UNCERTAIN')
  );
}

/** The error a client gets. What is neither Raft's nor the transport's is a defect, and stays. */
export function translate(error: unknown): unknown {
  if (error instanceof RaftError) return translateRaft(error);
  if (!(error instanceof TransportError)) return error;
  return new KvError('KV_UNCERTAIN', `the leader's answer was lost: ${error.message}`, {
    cause: error,
  });
}

function translateRaft(error: RaftError): KvError {
  const options = { cause: error, retryAfterMs: error.retryAfterMs };
  switch (error.code) {
    case 'RAFT_NOT_LEADER':
      return new KvError('KV_NO_LEADER', 'there is no leader at the moment', options);
    case 'RAFT_OVERLOADED':
      return new KvError('KV_OVERLOADED', error.message, options);
    case 'RAFT_SESSION_EXPIRED':
      return new KvError('KV_SESSION_EXPIRED', error.message, options);
    case 'RAFT_SESSION_STALE':
      return new KvError('KV_SESSION_STALE', error.message, options);
    case 'RAFT_RESTORING':
      // A read of this node's own state, while that is being replaced by a snapshot.
      return new KvError('KV_OVERLOADED', error.message, { cause: error, retryAfterMs: 1_000 });
    case 'RAFT_FAILED':
    case 'RAFT_CORRUPT':
      return new KvError('KV_FAILED', error.message, options);
    default:
      return new KvError('KV_UNCERTAIN', error.message, options);
  }
}

/** What an operation that ran out of time tells its client, given who leads as far as is known. */
export function expired(
  operation: Operation<unknown>,
  timeoutMs: number,
  leader: string | undefined,
): KvError {
  if (operation.uncertain) {
    const text = `no answer within ${timeoutMs} ms; the write may or may not take effect`;
    return new KvError('KV_UNCERTAIN', text);
  }
  const options = { retryAfterMs: 1_000 };
  if (leader !== undefined) {
    const text = `'${leader}' leads, but did not answer within ${timeoutMs} ms; nothing was written`;
    return new KvError('KV_TIMED_OUT', text, options);
  }
  const text = `no leader was found within ${timeoutMs} ms; nothing was written`;
  return new KvError('KV_NO_LEADER', text, options);
}

/** What an operation under way at shutdown tells its client. */
export function shuttingDown(operation: Operation<unknown>): KvError {
  return operation.uncertain
    ? new KvError('KV_UNCERTAIN', 'this node shut down before the write was answered')
    : new KvError('KV_CLOSED', 'this node is shutting down');
}
