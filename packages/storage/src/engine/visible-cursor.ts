/**
 * Of several layers merged: the newest entry of each key that one sequence sees, in order.
 *
 * What is too new or overwritten is passed over. What was deleted, by itself or with a range, is
 * shown as a tombstone: a reader passes over it, whoever carries changes on needs it.
 *
 * It goes one way only, set at its start. Cost: a step of the merge and a copy of the key, which
 * stays valid until the next step; the value's bytes never change.
 */
import { type Cursor, NO_BYTES } from './cursor.ts';
import type { TombstoneProbe } from './fragment-probe.ts';
import { LastKey } from './last-key.ts';
import { MergeCursor } from './merge-cursor.ts';

export class VisibleCursor {
  readonly #merge: MergeCursor;
  readonly #probes: readonly TombstoneProbe[];
  readonly #sequence: number;
  readonly #reverse: boolean;
  readonly #last = new LastKey();
  valid = false;
  isTombstone = false;
  readonly keyStart = 0;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;
  #found = 0;

  /** The sources are in their starting positions; so is this, at its first entry. */
  constructor(
    sources: readonly Cursor[],
    probes: readonly TombstoneProbe[],
    sequence: number,
    reverse: boolean,
  ) {
    this.#merge = new MergeCursor(sources, reverse);
    this.#probes = probes;
    this.#sequence = sequence;
    this.#reverse = reverse;
    this.next();
  }

  get keyBytes(): Uint8Array {
    return this.#last.bytes;
  }

  get keyEnd(): number {
    return this.#last.length;
  }

  /** The key, valid until the cursor moves. */
  keyView(): Uint8Array {
    return this.#last.view();
  }

  /** To the next entry in its direction. */
  next(): void {
    this.valid = false;
    if (this.#reverse) this.#back();
    else this.#forward();
    if (this.valid && !this.isTombstone) this.isTombstone = this.#isDeleted();
  }

  #forward(): void {
    const merge = this.#merge;
    for (let top = merge.top; top !== undefined; top = merge.top) {
      const isNext = top.sequence <= this.#sequence && !this.#last.is(top);
      if (isNext) {
        this.#last.set(top);
        this.#show(top);
      }
      merge.advance();
      if (isNext) return;
    }
  }

  /** A key's entries come oldest first, so the last one that is visible counts. */
  #back(): void {
    const merge = this.#merge;
    for (let top = merge.top; top !== undefined && !this.valid; top = merge.top) {
      this.#last.set(top);
      for (; top !== undefined && this.#last.is(top); top = merge.top) {
        if (top.sequence <= this.#sequence) this.#show(top);
        merge.advance();
      }
    }
  }

  #show(top: Cursor): void {
    this.valid = true;
    this.#found = top.sequence;
    this.isTombstone = top.isTombstone;
    this.valueBytes = top.valueBytes;
    this.valueStart = top.valueStart;
    this.valueEnd = top.valueEnd;
  }

  /** Whether a range tombstone lies over the key that is newer than its entry. */
  #isDeleted(): boolean {
    const { bytes, length } = this.#last;
    for (const probe of this.#probes) {
      if (probe.newest(bytes, 0, length, this.#sequence) > this.#found) return true;
    }
    return false;
  }
}
