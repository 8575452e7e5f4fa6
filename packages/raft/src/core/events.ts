/**
 * What goes into the core and what comes out of it: plain values on both sides, so that a trace is
 * a list of events and a replay is a fold over it.
 */
import type { NodeId } from '@ds/transport';
import type { RaftError } from '../errors.ts';
import type { EntryKind, LogEntry, SessionTag } from '../log/entry.ts';
import type { LogBase, LogPosition, LogWrite } from '../log/raft-log.ts';
import type { MemberChange } from '../members/configuration.ts';
import type { RaftMessage, SnapshotMessage } from './message.ts';

/** What a client wants appended. */
export interface Proposal {
  readonly kind: EntryKind;
  readonly command: Uint8Array;
  readonly tag: SessionTag | undefined;
  /** For `'configuration'`: what is to change; the leader makes the command of it. */
  readonly changes?: readonly MemberChange[] | undefined;
}

export type RaftEvent =
  /** Time has passed. `random` is a fresh draw from [0, 1), the only chance the core knows. */
  | { readonly kind: 'time'; readonly nowMs: number; readonly random: number }
  | {
      readonly kind: 'message';
      readonly from: NodeId;
      readonly message: RaftMessage;
      readonly nowMs: number;
    }
  | { readonly kind: 'propose'; readonly proposals: readonly Proposal[] }
  /** Someone wants to read; `id` comes back in `Ready.reads`. */
  | { readonly kind: 'read'; readonly id: number; readonly nowMs: number }
  /**
   * The write of this sequence is on disk, and with it every earlier one. Term and index are those
   * of the write; they serve checking, for only its place in the order of writes is proof.
   */
  | {
      readonly kind: 'persisted';
      readonly sequence: number;
      readonly term: number;
      readonly index: number;
    }
  | { readonly kind: 'applied'; readonly index: number }
  /** Entries that were asked for by `Ready.loads`. */
  | { readonly kind: 'loaded'; readonly peer: NodeId; readonly entries: readonly LogEntry[] }
  /** The transport did not accept a message for `peer`. */
  | { readonly kind: 'undelivered'; readonly peer: NodeId }
  /** The transport has room for, or a connection to, `peer` again. */
  | { readonly kind: 'reachable'; readonly peer: NodeId }
  /** A snapshot of this position is on its way to `peer`. */
  | { readonly kind: 'snapshot-sending'; readonly peer: NodeId; readonly index: number }
  /** The transfer to `peer` is over: what it holds now its answers tell. */
  | { readonly kind: 'snapshot-ended'; readonly peer: NodeId }
  /** A snapshot has arrived here, whole and durable. */
  | { readonly kind: 'staged'; readonly base: LogBase }
  /** The machine has been replaced by the snapshot of this position, durably. */
  | { readonly kind: 'restored'; readonly position: LogPosition }
  /** The machine would survive with everything up to `index`; keep `tailEntries` before it. */
  | { readonly kind: 'compact'; readonly index: number; readonly tailEntries: number }
  | { readonly kind: 'transfer'; readonly to: NodeId | undefined };

export interface Outgoing {
  readonly to: NodeId;
  readonly message: RaftMessage;
}

/** A write, and its place in the order of writes. */
export interface SequencedWrite extends LogWrite {
  readonly sequence: number;
  readonly term: number;
  readonly index: number;
}

/** What became of a `propose` event: its first `accepted` proposals are in the log. */
export interface Proposed {
  readonly proposals: readonly Proposal[];
  readonly accepted: number;
  readonly firstIndex: number;
  readonly term: number;
  /** Why the rest was not appended. */
  readonly refusal: 'RAFT_NOT_LEADER' | 'RAFT_OVERLOADED' | RaftError | undefined;
}

/** Entries that a follower needs and memory no longer holds. */
export interface Load {
  readonly peer: NodeId;
  readonly firstIndex: number;
  readonly lastIndex: number;
}

/** Effects, in no particular order, each taken once. What must wait for the disk is not in yet. */
export interface Ready {
  readonly write: SequencedWrite | undefined;
  readonly messages: readonly Outgoing[];
  readonly proposed: readonly Proposed[];
  /** Committed, on this node's disk, and next for the machine. One range at a time. */
  readonly apply: { readonly firstIndex: number; readonly lastIndex: number } | undefined;
  readonly loads: readonly Load[];
  /** These reads may be served: the machine has applied all they must see. */
  readonly reads: readonly { readonly id: number; readonly index: number }[];
  /** These followers need a snapshot. */
  readonly snapshotsWanted: readonly NodeId[];
  readonly snapshotReplies: readonly {
    readonly from: NodeId;
    readonly id: number;
    readonly offset: number;
  }[];
  readonly snapshotPieces: readonly { readonly from: NodeId; readonly message: SnapshotMessage }[];
  /** The log has been reset to the staged snapshot, durably: restore the machine from it. */
  readonly restore: LogPosition | undefined;
  /** The staged snapshot is of no use. */
  readonly discardStaged: boolean;
}
