/**
 * Takes a snapshot in, piece by piece, into the log's stage (paper section 7, figure 13).
 *
 * Pieces are taken in order only; each is answered with how many bytes are here, which tells the
 * leader what to send. A transfer of another leader, term or id starts over.
 */
import type { NodeId } from '@ds/transport';
import type { RaftMessage, SnapshotMessage } from '../core/message.ts';
import type { LogBase, LogPosition, RaftLog, SnapshotStage } from '../log/raft-log.ts';

export interface SnapshotReceiverOptions {
  readonly log: RaftLog;
  readonly send: (to: NodeId, message: RaftMessage) => boolean;
  readonly term: () => number;
  /** Whether a snapshot of this position would still be of use. */
  readonly isWanted: (position: LogPosition) => boolean;
  readonly staged: (base: LogBase) => void;
  readonly fail: (error: unknown) => void;
}

interface Arriving {
  readonly name: string;
  readonly stage: SnapshotStage;
  finishing: boolean;
}

export class SnapshotReceiver {
  readonly #context: SnapshotReceiverOptions;
  #arriving: Arriving | undefined;

  constructor(context: SnapshotReceiverOptions) {
    this.#context = context;
  }

  receive(from: NodeId, message: SnapshotMessage): void {
    const { id, term, index, indexTerm, configuration, offset, data, last } = message;
    const name = JSON.stringify([from, term, id, index, indexTerm]);
    if (this.#arriving?.finishing) return;
    if (this.#arriving?.name !== name) {
      // The middle of something unknown: the leader is told to start over.
      if (offset > 0) {
        this.#answer(from, id, 0);
        return;
      }
      this.#arriving?.stage.abort();
      const stage = this.#context.log.stageSnapshot({ index, term: indexTerm, configuration });
      this.#arriving = { name, stage, finishing: false };
    }
    const { stage } = this.#arriving!;
    if (offset === stage.bytes) {
      if (data.length > 0) stage.append(data);
      if (last) {
        this.#finish(this.#arriving!, from, message);
        return;
      }
    }
    this.#answer(from, id, stage.bytes);
  }

  stop(): void {
    if (this.#arriving?.finishing === false) this.#arriving.stage.abort();
    this.#arriving = undefined;
  }

  #finish(arriving: Arriving, from: NodeId, message: SnapshotMessage): void {
    const { id, index, indexTerm, configuration } = message;
    const base = { index, term: indexTerm, configuration };
    if (!this.#context.isWanted(base)) {
      arriving.stage.abort();
      this.#arriving = undefined;
      return;
    }
    arriving.finishing = true;
    arriving.stage.finish().then(
      () => {
        if (this.#arriving !== arriving) return;
        this.#arriving = undefined;
        this.#answer(from, id, arriving.stage.bytes);
        this.#context.staged(base);
      },
      (error) => this.#context.fail(error),
    );
  }

  #answer(to: NodeId, id: number, offset: number): void {
    this.#context.send(to, { kind: 'snapshot-response', term: this.#context.term(), id, offset });
  }
}
