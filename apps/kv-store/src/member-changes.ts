/**
 * Adding and removing nodes of a running cluster, as a client of the store sees it.
 *
 * Only the leader can: it waits until a new node holds the data before it gives it a vote, which
 * takes as long as the data takes. So a change has more time than other operations, and one whose
 * outcome is not known may simply be asked for again: what is so already is not changed.
 */
import type { Clock } from '@ds/clock';
import { type Configuration, type MemberChange, RaftError, type RaftNode } from '@ds/raft';
import { checkNodeId, type NodeId } from '@ds/transport';
import { translate } from './error-translation.ts';
import { KvError } from './errors.ts';

export interface MemberChangesOptions {
  readonly raft: Pick<RaftNode, 'changeMembers'>;
  readonly clock: Clock;
  /** How long one request waits for the change to be complete. @default 30_000 */
  readonly timeoutMs?: number | undefined;
}

export class MemberChanges {
  readonly #options: MemberChangesOptions;
  readonly #closed = new AbortController();

  constructor(options: MemberChangesOptions) {
    this.#options = options;
  }

  /**
   * Resolves with who takes part once the change is complete.
   * @throws {KvError} see `KvNode.changeMembers`, and `KV_BAD_REQUEST` for a name that is none.
   */
  async change(
    changes: readonly MemberChange[],
    signal: AbortSignal | undefined,
  ): Promise<Configuration> {
    const { raft, clock, timeoutMs = 30_000 } = this.#options;
    for (const { id } of changes) checkMemberId(id);
    const ended = new AbortController();
    const timer = clock.setTimer(timeoutMs, () => {
      const text = `the change was not complete within ${timeoutMs} ms; ask for it again`;
      ended.abort(new KvError('KV_UNCERTAIN', text));
    });
    const signals = [ended.signal, this.#closed.signal, ...(signal ? [signal] : [])];
    try {
      return await raft.changeMembers(changes, { signal: AbortSignal.any(signals) });
    } catch (error) {
      throw translateChange(error);
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#closed.abort(new KvError('KV_CLOSED', 'this node is shutting down'));
  }
}

function checkMemberId(id: NodeId): void {
  try {
    checkNodeId(id);
  } catch (cause) {
    throw new KvError('KV_BAD_REQUEST', (cause as Error).message, { cause });
  }
}

function translateChange(error: unknown): unknown {
  if (!(error instanceof RaftError)) return error;
  switch (error.code) {
    case 'RAFT_NOT_LEADER': {
      const { leaderHint } = error;
      const text = `ask the leader${leaderHint === undefined ? '' : `, '${leaderHint}'`}`;
      return new KvError('KV_NOT_LEADER', `this node cannot change the members: ${text}`, {
        cause: error,
      });
    }
    case 'RAFT_UNSAFE_CHANGE':
      return new KvError('KV_UNSAFE_CHANGE', error.message, { cause: error, retryAfterMs: 1_000 });
    default:
      return translate(error);
  }
}
