/** What can go wrong, by code; the README has a heading for each. */
export type RaftErrorCode =
  | 'RAFT_NOT_LEADER'
  | 'RAFT_UNCERTAIN'
  | 'RAFT_OVERLOADED'
  | 'RAFT_TRANSFER_FAILED'
  | 'RAFT_UNSAFE_CHANGE'
  | 'RAFT_SESSION_EXPIRED'
  | 'RAFT_SESSION_STALE'
  | 'RAFT_RESTORING'
  | 'RAFT_CLOSED'
  | 'RAFT_FAILED'
  | 'RAFT_CORRUPT'
  | 'RAFT_FORMAT'
  | 'RAFT_WRONG_IDENTITY';

/** Why a change is refused; see {@link RaftError.refusal}. */
export type ChangeRefusal =
  | 'already-joint'
  | 'not-joint'
  | 'joint-in-progress'
  | 'no-voters'
  | 'no-voters-left'
  | 'too-many-voters'
  | 'too-many-members'
  | 'uncommitted'
  | 'new-leader';

export interface RaftErrorOptions extends ErrorOptions {
  /** The member believed to lead, for `RAFT_NOT_LEADER` and `RAFT_UNCERTAIN`. */
  readonly leaderHint?: string | undefined;
  /** For `RAFT_OVERLOADED`: when to try again, in ms from now. */
  readonly retryAfterMs?: number | undefined;
  /** For `RAFT_UNSAFE_CHANGE`: why the members may not change like this, or not now. */
  readonly refusal?: ChangeRefusal | undefined;
  /** For `RAFT_CORRUPT` and `RAFT_FORMAT`: the file concerned. */
  readonly path?: string | undefined;
  /** For `RAFT_CORRUPT`: where in the file the damage was noticed, in bytes. */
  readonly offset?: number | undefined;
}

/** The one error of this package; match on `code`. */
export class RaftError extends Error {
  override readonly name = 'RaftError';
  readonly code: RaftErrorCode;
  readonly leaderHint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly refusal: ChangeRefusal | undefined;
  readonly path: string | undefined;
  readonly offset: number | undefined;

  constructor(code: RaftErrorCode, message: string, options: RaftErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.leaderHint = options.leaderHint;
    this.retryAfterMs = options.retryAfterMs;
    this.refusal = options.refusal;
    this.path = options.path;
    this.offset = options.offset;
  }
}
