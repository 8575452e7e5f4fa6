/**
 * Streams the machine's snapshot to followers that need one (paper section 7), in pieces, with a
 * window, over the same channel as everything else.
 *
 * A transfer belongs to a leader's term and has an id of its own there; the follower answers with
 * how many bytes it holds. What it lacks goes out again from there: from the window when it is
 * still at hand; when the follower has lost everything, by reading the same snapshot again. So a
 * transfer survives lost messages, broken connections and a restart of the follower.
 *
 * Invariants: one transfer per follower; at most `snapshotWindowChunks` pieces are unacknowledged;
 * every snapshot taken is released. Cost: a window of pieces in memory per transfer.
 */
import type { Timer } from '@ds/clock';
import type { NodeId } from '@ds/transport';
import type { RaftEvent } from '../core/events.ts';
import type { RaftMessage } from '../core/message.ts';
import type { ResolvedOptions } from '../driver/options.ts';
import type { MachineSnapshot } from '../machine/state-machine.ts';
import type { Configuration } from '../members/configuration.ts';

interface Piece {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly last: boolean;
}

interface Transfer {
  readonly id: number;
  readonly term: number;
  readonly snapshot: MachineSnapshot;
  readonly configuration: Configuration;
  pieces: Iterator<Piece>;
  /** Cut off the snapshot and not yet acknowledged, in order. */
  window: Piece[];
  /** How many of the window have been sent. */
  sent: number;
  /** The whole snapshot has been cut. */
  ended: boolean;
  acknowledged: number;
  timer: Timer | undefined;
}

export interface SnapshotSenderOptions {
  readonly options: ResolvedOptions;
  readonly send: (to: NodeId, message: RaftMessage) => boolean;
  readonly step: (event: RaftEvent) => void;
  readonly term: () => number;
  readonly configurationAt: (index: number) => Configuration;
  /** Whether `peer` still needs a snapshot. */
  readonly isNeeded: (peer: NodeId) => boolean;
}

export class SnapshotSender {
  readonly #context: SnapshotSenderOptions;
  readonly #transfers = new Map<NodeId, Transfer>();
  #id = 0;

  constructor(context: SnapshotSenderOptions) {
    this.#context = context;
  }

  /** Begins a transfer to `peer`, in place of any under way. */
  start(peer: NodeId): void {
    this.#end(peer);
    const { options, step, term, configurationAt } = this.#context;
    const snapshot = options.machine.snapshot();
    const transfer: Transfer = {
      id: ++this.#id,
      term: term(),
      snapshot,
      configuration: configurationAt(snapshot.index),
      pieces: cut(snapshot.chunks(), options.snapshotChunkBytes),
      window: [],
      sent: 0,
      ended: false,
      acknowledged: 0,
      timer: undefined,
    };
    this.#transfers.set(peer, transfer);
    step({ kind: 'snapshot-sending', peer, index: snapshot.index });
    this.#fill(peer, transfer);
  }

  /** The follower holds `offset` bytes of transfer `id`. */
  receive({ from, id, offset }: { from: NodeId; id: number; offset: number }): void {
    const transfer = this.#transfers.get(from);
    if (transfer === undefined || transfer.id !== id) return;
    if (!this.#context.isNeeded(from)) {
      this.#end(from);
      return;
    }
    // Less than before is an answer that was overtaken; nothing at all, a follower that restarted.
    if (offset < transfer.acknowledged && offset > 0) return;
    if (offset < transfer.acknowledged) this.#rewind(transfer);
    transfer.acknowledged = offset;
    while (transfer.window.length > 0 && end(transfer.window[0]!) <= offset) {
      if (transfer.window[0]!.last) {
        this.#end(from);
        return;
      }
      transfer.window.shift();
      transfer.sent = Math.max(0, transfer.sent - 1);
    }
    this.#fill(from, transfer);
  }

  /** Ends all transfers: this node does not lead any more. */
  stop(): void {
    if (this.#transfers.size === 0) return;
    for (const peer of [...this.#transfers.keys()]) this.#end(peer);
  }

  #fill(peer: NodeId, transfer: Transfer, maxSent: number = Number.POSITIVE_INFINITY): void {
    const { options, send } = this.#context;
    while (transfer.window.length < options.snapshotWindowChunks && !transfer.ended) {
      const next = transfer.pieces.next();
      if (next.done) transfer.ended = true;
      else transfer.window.push(next.value);
    }
    const { id, term, configuration, snapshot } = transfer;
    const { index, term: indexTerm } = snapshot;
    const whole = { kind: 'snapshot', term, id, index, indexTerm, configuration } as const;
    while (transfer.sent < Math.min(transfer.window.length, maxSent)) {
      if (!send(peer, { ...whole, ...transfer.window[transfer.sent]! })) break;
      transfer.sent += 1;
    }
    this.#setTimer(peer, transfer);
  }

  /** Nothing came back for a while: one piece goes out again, to learn what the follower has. */
  #setTimer(peer: NodeId, transfer: Transfer): void {
    const { options, isNeeded } = this.#context;
    transfer.timer?.cancel();
    transfer.timer = options.clock.setTimer(options.electionTimeoutMs / 2, () => {
      if (!isNeeded(peer)) return this.#end(peer);
      transfer.sent = 0;
      this.#fill(peer, transfer, 1);
    });
  }

  /** The follower has lost what it had: cut the same snapshot again from its start. */
  #rewind(transfer: Transfer): void {
    transfer.pieces = cut(transfer.snapshot.chunks(), this.#context.options.snapshotChunkBytes);
    transfer.window = [];
    transfer.sent = 0;
    transfer.ended = false;
  }

  #end(peer: NodeId): void {
    const transfer = this.#transfers.get(peer);
    if (transfer === undefined) return;
    this.#transfers.delete(peer);
    transfer.timer?.cancel();
    transfer.snapshot.release();
  }
}

function end(piece: Piece): number {
  return piece.offset + piece.data.length;
}

/** Cuts chunks of any size into pieces of at most `maxBytes`; the last one says so. */
function* cut(chunks: Iterable<Uint8Array>, maxBytes: number): Generator<Piece, undefined> {
  let held: { offset: number; data: Uint8Array } | undefined;
  let offset = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += maxBytes) {
      if (held !== undefined) yield { ...held, last: false };
      // Copied: the machine may reuse its buffer, and the window outlives the iteration.
      held = { offset, data: chunk.slice(at, at + maxBytes) };
      offset += held.data.length;
    }
  }
  yield { ...(held ?? { offset, data: new Uint8Array(0) }), last: true };
  return undefined;
}
