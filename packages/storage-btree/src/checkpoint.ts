/**
 * The tree as it is on the disk: which version is durable, and how the next one becomes so.
 *
 * A checkpoint writes the space map's changed pieces, syncs, writes the first meta slot, syncs;
 * then the second slot, which the next checkpoint's first sync covers. What version v no longer
 * needs is written over only when both slots are durably at v or later, and no reader needs it: so
 * a cut at any moment, and the damage of one slot, leave a whole tree behind the other.
 *
 * Invariant: first slot >= second slot >= `settledVersion`.
 * Cost: two syncs; a page of space map per 500 MB of file that changed, and 8 KiB.
 * Source: Gray, shadow pages in System R (1981); the two heads of LMDB (Chu, 2011).
 */

import { StorageError } from '@ds/storage';
import type { SafetyDecisions } from './decisions.ts';
import {
  encodeMeta,
  type LogPosition,
  MAX_SPACE_PIECES,
  type Meta,
  type SpacePiece,
} from './meta.ts';
import { PAGE_HEADER_BYTES, SPACE_PAGE } from './page.ts';
import type { PageWriter } from './page-writer.ts';
import type { Readers } from './readers.ts';
import { META_SLOT_BYTES } from './tree-file.ts';
import type { TreeReference } from './tree-reference.ts';

export class Checkpoints {
  readonly #writer: PageWriter;
  readonly #readers: Readers;
  readonly #decisions: SafetyDecisions;
  #last: Meta;
  #pieces: SpacePiece[];
  #durableVersion: number;
  #settledVersion: number;
  #checkpoints = 0;

  constructor(writer: PageWriter, readers: Readers, decisions: SafetyDecisions, last: Meta) {
    this.#writer = writer;
    this.#readers = readers;
    this.#decisions = decisions;
    this.#last = last;
    this.#pieces = [...last.pieces];
    this.#durableVersion = last.version;
    this.#settledVersion = last.version;
  }

  /** What the newest durable head says. */
  get last(): Meta {
    return this.#last;
  }

  /** The newest version that would survive a power cut. */
  get durableVersion(): number {
    return this.#durableVersion;
  }

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
   * Makes `root`, which is `version`, durable. What is to be stored is fixed before this returns;
   * one at a time. `log` says where the log goes on, and `logIsReady` resolves when that much of
   * the log is durable.
   */
  async write(
    root: TreeReference,
    version: number,
    log: LogPosition,
    logIsReady: () => Promise<void>,
  ): Promise<void> {
    const { space, pager, pageBytes } = this.#writer;
    const { file } = pager.file;
    this.#storeSpaceMap();
    space.endVersion(version);
    this.#writer.flush();
    const pieces = [...this.#pieces];
    const written = { pageBytes, version, end: space.end, root, pieces, log };
    const meta = encodeMeta(written);
    if (this.#decisions.syncsPagesFirst) await file.datasync();
    await logIsReady();
    this.#settledVersion = this.#durableVersion;
    file.write(0, meta);
    await file.datasync();
    this.#durableVersion = version;
    this.#last = written;
    this.#checkpoints += 1;
    file.write(META_SLOT_BYTES, meta);
    this.reuse();
  }

  /** Syncs the second slot, so that nothing is left to be done: for closing. */
  async settle(isFinal: boolean): Promise<void> {
    await this.#writer.pager.file.file.datasync();
    this.#settledVersion = this.#durableVersion;
    this.reuse();
    this.#cut(isFinal);
  }

  /** Lets pages be written over that nobody needs any more, and gives the file's end back. */
  reuse(): void {
    const settledVersion = this.#settledVersion;
    const oldestReader = this.#readers.oldest;
    this.#writer.space.release(this.#decisions.reusableUpTo({ settledVersion, oldestReader }));
    this.#cut(false);
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
