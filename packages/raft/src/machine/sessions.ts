/**
 * Client sessions: what makes a retried command apply once (thesis section 6.3).
 *
 * A session's id is the log index of its registration. Per session the table keeps the answers to
 * commands that the client has not acknowledged; a command whose answer is kept is answered again
 * and not applied. When there are too many sessions the one used longest ago, by log index, is
 * forgotten: every member forgets the same one at the same entry. A forgotten session's commands
 * are refused, never applied twice.
 *
 * The table lives in memory and, record by record, in the store: in the same batch as what the
 * commands changed. Invariant: sessions are in the order of their last use.
 * Cost: O(1) per command, plus one record in the store per answer kept.
 */
import type { SessionTag } from '../log/entry.ts';

export interface Session {
  lastUsed: number;
  acknowledged: number;
  readonly answers: Map<number, Uint8Array>;
}

/** Where the table's records go. */
export interface SessionRecords {
  putSession(id: number, session: Session): void;
  deleteSession(id: number): void;
  putAnswer(id: number, sequence: number, answer: Uint8Array): void;
  deleteAnswer(id: number, sequence: number): void;
}

/** What is to be done with a command that carries a tag. */
export type Admission =
  | { readonly kind: 'apply' }
  | { readonly kind: 'answered'; readonly answer: Uint8Array }
  | { readonly kind: 'expired' }
  | { readonly kind: 'stale' };

const APPLY: Admission = { kind: 'apply' };

export class SessionTable {
  readonly #maxSessions: number;
  readonly #sessions = new Map<number, Session>();

  constructor(maxSessions: number) {
    this.#maxSessions = maxSessions;
  }

  get size(): number {
    return this.#sessions.size;
  }

  clear(): void {
    this.#sessions.clear();
  }

  /** Fills the table from records, in any order. */
  load(sessions: Iterable<readonly [id: number, session: Session]>): void {
    const ordered = [...sessions].sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    this.#sessions.clear();
    for (const [id, session] of ordered) this.#sessions.set(id, session);
  }

  /** Opens the session that was registered by the entry at `index`. */
  register(index: number, records: SessionRecords): void {
    const session: Session = { lastUsed: index, acknowledged: 0, answers: new Map() };
    this.#sessions.set(index, session);
    records.putSession(index, session);
    while (this.#sessions.size > this.#maxSessions) {
      const [id, oldest] = this.#sessions.entries().next().value!;
      this.#sessions.delete(id);
      for (const sequence of oldest.answers.keys()) records.deleteAnswer(id, sequence);
      records.deleteSession(id);
    }
  }

  /** Decides about a command at `index` and notes that its session is in use. */
  admit(index: number, tag: SessionTag, records: SessionRecords): Admission {
    const session = this.#sessions.get(tag.session);
    if (session === undefined) return { kind: 'expired' };
    this.#sessions.delete(tag.session);
    this.#sessions.set(tag.session, session);
    session.lastUsed = index;
    if (tag.acknowledged > session.acknowledged) {
      session.acknowledged = tag.acknowledged;
      for (const sequence of session.answers.keys()) {
        if (sequence > tag.acknowledged) continue;
        session.answers.delete(sequence);
        records.deleteAnswer(tag.session, sequence);
      }
    }
    records.putSession(tag.session, session);
    if (tag.sequence <= session.acknowledged) return { kind: 'stale' };
    const answer = session.answers.get(tag.sequence);
    return answer === undefined ? APPLY : { kind: 'answered', answer };
  }

  /** Keeps the answer to a command that was admitted and applied. */
  answer(tag: SessionTag, answer: Uint8Array, records: SessionRecords): void {
    this.#sessions.get(tag.session)?.answers.set(tag.sequence, answer);
    records.putAnswer(tag.session, tag.sequence, answer);
  }
}
