/**
 * Proposals whose callers wait: first gathered for the next flush, then in the log by index, until
 * they are applied here or leadership is lost.
 *
 * A proposal is its index and its term together: when leadership is lost, one message of the next
 * leader can put another entry in its place and commit that. Invariant: indexes in the log ascend.
 * A caller that gave up keeps its place. Cost: O(1) per proposal.
 */

import type { Proposal } from '../core/events.ts';
import { RaftError } from '../errors.ts';
import type { LogEntry } from '../log/entry.ts';
import type { ApplyResult } from '../machine/state-machine.ts';

export interface PendingProposal extends Proposal {
  resolve(result: Uint8Array): void;
  reject(reason: unknown): void;
  /** Known once appended, as is the term. */
  index: number;
  term: number;
}

export class PendingProposals {
  #gathered: PendingProposal[] = [];
  #appended: PendingProposal[] = [];
  #head = 0;
  #term = 0;

  get size(): number {
    return this.#gathered.length + this.#appended.length - this.#head;
  }

  /** The term that the last appended ones are of. */
  get term(): number {
    return this.#term;
  }

  /** Keeps a proposal for the next flush; `signal` only ends the waiting. */
  gather(pending: PendingProposal, signal: AbortSignal | undefined): void {
    this.#gathered.push(signal === undefined ? pending : abortable(pending, signal));
  }

  takeGathered(): PendingProposal[] {
    const gathered = this.#gathered;
    if (gathered.length > 0) this.#gathered = [];
    return gathered;
  }

  appended(proposals: readonly PendingProposal[], firstIndex: number, term: number): void {
    if (proposals.length === 0) return;
    this.#term = term;
    let index = firstIndex;
    for (const pending of proposals) {
      pending.index = index;
      pending.term = term;
      index += 1;
    }
    // Mostly all before them are answered: copied at once, and not grown into.
    if (this.#appended.length === 0) this.#appended = [...proposals];
    else for (const pending of proposals) this.#appended.push(pending);
  }

  /** Answers those among `entries`. */
  applied(entries: readonly LogEntry[], results: readonly ApplyResult[]): void {
    const offset = entries[0]!.index;
    const last = offset + entries.length - 1;
    while (this.#head < this.#appended.length) {
      const pending = this.#appended[this.#head]!;
      if (pending.index > last) break;
      this.#head += 1;
      const at = pending.index - offset;
      if (entries[at] !== undefined && entries[at].term !== pending.term)
        pending.reject(replaced());
      else settle(pending, results[at]);
    }
    this.#dropDead();
  }

  /** Rejects those after `index`: whether they will be committed is up to the next leader. */
  abandonAfter(index: number, reason: () => RaftError): void {
    if (this.#head === this.#appended.length) return;
    while (this.#appended.length > this.#head && this.#appended.at(-1)!.index > index) {
      this.#appended.pop()!.reject(reason());
    }
    this.#dropDead();
  }

  rejectAll(reason: RaftError): void {
    for (const pending of this.#gathered) pending.reject(reason);
    for (let i = this.#head; i < this.#appended.length; i += 1) this.#appended[i]!.reject(reason);
    this.#gathered = [];
    this.#appended = [];
    this.#head = 0;
  }

  #dropDead(): void {
    if (this.#head * 2 < this.#appended.length) return;
    this.#appended = this.#appended.slice(this.#head);
    this.#head = 0;
  }
}

function settle(pending: PendingProposal, result: ApplyResult | undefined): void {
  if (result?.ok) {
    pending.resolve(result.result);
    return;
  }
  if (result === undefined) {
    const text = 'a snapshot was installed over the command before its result was known';
    pending.reject(new RaftError('RAFT_UNCERTAIN', text));
    return;
  }
  const text =
    result.code === 'RAFT_SESSION_EXPIRED'
      ? 'the session is not known: it expired, or was never registered'
      : 'the sequence was acknowledged already; its result is gone';
  pending.reject(new RaftError(result.code, text));
}

function replaced(): RaftError {
  const text = 'leadership was lost, and an entry of another leader took the place of the command';
  return new RaftError('RAFT_NOT_LEADER', text);
}

/** Ends the waiting when `signal` aborts; what is in the log stays there. */
export function abortable(pending: PendingProposal, signal: AbortSignal): PendingProposal {
  const { resolve, reject } = pending;
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  pending.resolve = (result) => {
    signal.removeEventListener('abort', abort);
    resolve(result);
  };
  pending.reject = (reason) => {
    signal.removeEventListener('abort', abort);
    reject(reason);
  };
  return pending;
}
