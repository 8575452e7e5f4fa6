/**
 * One entry of the replicated log, as it is proposed, persisted, sent, committed and applied.
 *
 * An entry never changes once its leader has made it: `index` and `term` name it in the whole
 * cluster (log matching, extended paper section 5.3).
 */

/**
 * `'no-op'` opens a leader's term, so that it can commit what came before (section 8);
 * `'configuration'` says who takes part from this entry on (section 6).
 */
export type EntryKind = 'command' | 'register-session' | 'no-op' | 'configuration';

/** Whose command this is, so that a retried one is applied once (thesis section 6.3). */
export interface SessionTag {
  /** The session's id: the log index of its registration. */
  readonly session: number;
  /** 1, 2, ... within the session; a retry carries the number of the first attempt. */
  readonly sequence: number;
  /** The client has the answers to all sequences up to this one: they may be forgotten. */
  readonly acknowledged: number;
}

/**
 * An entry of the log; `command` is empty unless `kind` is `'command'` or `'configuration'`, whose
 * bytes are not the machine's.
 */
export interface LogEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  readonly command: Uint8Array;
  readonly tag?: SessionTag | undefined;
}

/** What a state machine sees: entries that a majority holds and this node has on disk. */
export type CommittedEntry = LogEntry;

/** What an entry costs in memory and on the wire beside its command, in bytes; an upper bound. */
export const ENTRY_OVERHEAD_BYTES = 48;

/** What limits on bytes count for an entry. */
export function entryBytes(entry: Pick<LogEntry, 'command'>): number {
  return entry.command.length + ENTRY_OVERHEAD_BYTES;
}
