/**
 * The tree as it is on the disk: which version is durable, and how the next one becomes so.
 *
 * Writing a head stores the space map's changed pieces, syncs, writes the first meta slot, syncs;
 * then the second slot, which the file's next sync covers. What version v no longer needs is
 * written over only when both slots are durably at v or later, and no reader needs it: so a cut at
 * any moment, and the damage of one slot, leave a whole tree behind the other.
 *
 * Invariant: first slot >= second slot >= `settledVersion`.
 * Cost: two syncs; a page of space map per 500 MB of file that changed, and 8 KiB.
 * Source: Gray, shadow pages in System R (1981); the two heads of LMDB (Chu, 2011).
 */

import { StorageError } from '@ds/storage';
import type { SafetyDecisions } from '../decisions.ts';
import { PAGE_HEADER_BYTES, SPACE_PAGE } from '../pages/page.ts';
import type { PageWriter } from '../pages/page-writer.ts';
import { META_SLOT_BYTES } from '../pages/tree-file.ts';
import type { TreeReference } from '../pages/tree-reference.ts';
import type { Readers } from '../reading/readers.ts';
import {
  encodeMeta,
  type LogPosition,
  MAX_SPACE_PIECES,
  type Meta,
  type SpacePiece,
} from './meta.ts';

export class Checkpoints {
  readonly #writer: PageWriter;
  readonly #readers: Readers;
  readonly #decisions: SafetyDecisions;
  #last: Meta;
  #lastComplete: Meta;
  #pieces: SpacePiece[];
  #durableVersion: number;
  #settledVersion: number;
  #checkpoints = 0;
  /** Settles when all that was asked for is done; once rejected, nothing more is. */
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(writer: PageWriter, readers: Readers, decisions: SafetyDecisions, last: Meta) {
    this.#writer = writer;
    this.#readers = readers;
    this.#decisions = decisions;
    this.#last = last;
    this.#lastComplete = last;
    this.#pieces = [...last.pieces];
    this.#durableVersion = last.version;
    this.#settledVersion = last.version;
  }

  /** What the newest durable head says. */
  get last(): Meta {
    return this.#last;
  }

  /** The same of the newest whose tree has nothing beyond its `appliedSequence`. */
  get lastComplete(): Meta {
    return this.#lastComplete;
  }

  /** The newest version that would survive a power cut. */
  get durableVersion(): number {
    return this.#durableVersion;
  }

  /** How many trees have become durable that were complete. */
  get count(): number {
    return this.#checkpoints;
  }

  /** The pages of the space map as it was stored last. */
  spacePages(): SpacePiece[] {
    return this.#pieces.filter(({ page }) => page !== 0);
  }

  /** Lets the next checkpoint store pieces of the space map anew that lie above page `limit`. */
  movePiecesAbove(limit: number): void {
    this.#pieces.forEach(({ page }, piece) => {
      if (page > limit) this.#writer.space.changedPieces.add(piece);
    });
  }

  /**
   * Makes `root`, which is `version`, durable. What is to be stored is fixed before this returns,
   * and written after what was asked for before. `log` says where the log goes on, and `logIsReady`
   * resolves when that much of the log is durable. Errors only reject: nobody may go on who has
   * not been told.
   */
  async write(
    root: TreeReference,
    version: number,
    log: LogPosition,
    logIsReady: () => Promise<void>,
  ): Promise<void> {
    const { space, pageBytes } = this.#writer;
    this.#storeSpaceMap();
    space.endVersion(version);
    this.#writer.flush();
    const pieces = [...this.#pieces];
    const meta = { pageBytes, version, end: space.end, root, pieces, log };
    await this.#inTurn(() => this.#writeHeads(meta, logIsReady));
  }

  /** Syncs the file, the second slot of the newest head with it, and so lets go of older pages. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#writer.pager.file.file.datasync();
      this.#settledVersion = this.#durableVersion;
      this.reuse();
    });
  }

  /** Gives all that is free at the file's end back: for closing, when all is settled. */
  cutEnd(): void {
    this.#cut(true);
  }

  /** Lets pages be written over that nobody needs any more, and gives the file's end back. */
  reuse(): void {
    const settledVersion = this.#settledVersion;
    const oldestReader = this.#readers.oldest;
    this.#writer.space.release(this.#decisions.reusableUpTo({ settledVersion, oldestReader }));
    this.#cut(false);
  }

  /**
   * Syncs follow one another: of two of one file at once the one that succeeds may hide the one
   * that failed. And after a failure there are none.
   */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn;
    return turn;
  }

  async #writeHeads(meta: Meta, logIsReady: () => Promise<void>): Promise<void> {
    const { file } = this.#writer.pager.file;
    const { syncsPagesFirst, syncsLogFirst } = this.#decisions;
    const bytes = encodeMeta(meta);
    if (syncsPagesFirst) await file.datasync();
    if (syncsLogFirst) await logIsReady();
    this.#settledVersion = this.#durableVersion;
    file.write(0, bytes);
    await file.datasync();
    this.#durableVersion = meta.version;
    this.#last = meta;
    if (meta.log.syncedSequence === meta.log.appliedSequence) {
      this.#lastComplete = meta;
      this.#checkpoints += 1;
    }
    file.write(META_SLOT_BYTES, bytes);
    this.reuse();
  }

  #cut(isFinal: boolean): void {
    const { space, pager } = this.#writer;
    space.dropFreeEnd();
    pager.file.cut(space.end - 1, isFinal);
  }

  /** Writes the changed pieces to new pages; what that changes in the map is written too. */
  #storeSpaceMap(): void {
    const { space } = this.#writer;
    const placed = new Map<number, number>();
    for (const piece of space.changedPieces) {
      // A set that grows while it is walked is walked to its new end.
      if (piece >= MAX_SPACE_PIECES) throw this.#tooLarge();
      const old = this.#pieces[piece];
      if (old !== undefined && old.page !== 0) space.giveUp(old.page);
      placed.set(piece, space.allocate());
    }
    for (const [piece, id] of placed) this.#storePiece(piece, id);
    space.changedPieces.clear();
  }

  #storePiece(piece: number, id: number): void {
    const { space, pageBytes } = this.#writer;
    const bytes = new Uint8Array(pageBytes);
    space.encodePiece(piece, bytes.subarray(PAGE_HEADER_BYTES));
    bytes[8] = SPACE_PAGE;
    this.#pieces[piece] = { page: id, checksum: this.#writer.writeSpace(id, bytes) };
    for (let i = 0; i < piece; i += 1) this.#pieces[i] ??= { page: 0, checksum: 0 };
  }

  #tooLarge(): StorageError {
    const { path } = this.#writer.pager.file;
    return new StorageError('STORAGE_FULL', `${path} has grown to the limit of its space map`, {
      path,
    });
  }
}
