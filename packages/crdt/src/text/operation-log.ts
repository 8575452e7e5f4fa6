/**
 * What each event did, as runs: where it inserted or deleted, as its author saw the document.
 *
 * Typing on, deleting forward and deleting backward each make one run of any length. All runs but
 * the last are bytes, about three each; every 8th has an entry in an index, so that reading may
 * start anywhere.
 *
 * Cost: O(1) to append; O(log runs) to find a start, then O(1) per run.
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { Content } from './content.ts';
import { Integers } from './integers.ts';

export type OperationKind = typeof INSERT | typeof DELETE_FORWARD | typeof DELETE_BACKWARD;
/** The characters stand at `position`, `position + 1`, ... */
export const INSERT = 0;
/** One character after the other goes from `position`. */
export const DELETE_FORWARD = 1;
/** The characters go from `position`, `position - 1`, ... */
export const DELETE_BACKWARD = 2;

const INDEX_EVERY = 8;

export class OperationLog {
  readonly content: Content = new Content();
  readonly #sealed: ByteWriter = new ByteWriter(256);
  #sealedRuns = 0;
  /** For every 8th run: its first event, its byte, its content, where the one before it ended. */
  readonly #indexEvents: Integers = new Integers();
  readonly #indexBytes: Integers = new Integers();
  readonly #indexContents: Integers = new Integers();
  readonly #indexPositions: Integers = new Integers();
  #length = 0;
  /** The last run, which may still grow. */
  #kind: OperationKind = INSERT;
  #position = 0;
  #count = 0;
  /** Where the last run but one ended. */
  #from = 0;

  /** How many events it holds. */
  get length(): number {
    return this.#length;
  }

  insert(position: number, text: string): void {
    const count = text.length;
    if (this.#count === 0 || this.#kind !== INSERT || position !== this.#position + this.#count) {
      this.#begin(INSERT, position);
    }
    this.#grow(count);
    this.content.append(text);
  }

  delete(kind: OperationKind, position: number, count: number): void {
    const direction = this.#directionOn(kind, position, count);
    if (direction === undefined) this.#begin(kind, position);
    else this.#kind = direction;
    this.#grow(count);
  }

  /** Where the last event's author stood after it. */
  get end(): number {
    return endOf(this.#kind, this.#position, this.#count);
  }

  /** Where its author stood after `event`. */
  endOf(event: number): number {
    if (event === this.#length - 1) return this.end;
    const cursor = this.cursor(event);
    cursor.take(1);
    return cursor.end;
  }

  kindOf(event: number): OperationKind {
    const cursor = this.cursor(event);
    cursor.take(1);
    return cursor.kind;
  }

  /** A reader that stands at `event`. */
  cursor(event: number): OperationCursor {
    const entry = this.#indexEvents.lastAtMost(event);
    const last = { kind: this.#kind, position: this.#position, count: this.#count };
    const sealed = this.#sealed.view();
    const cursor =
      entry < 0
        ? new OperationCursor(sealed, last, 0, 0, 0, 0)
        : new OperationCursor(
            sealed,
            last,
            this.#indexBytes.at(entry),
            this.#indexEvents.at(entry),
            this.#indexContents.at(entry),
            this.#indexPositions.at(entry),
          );
    cursor.moveTo(event);
    return cursor;
  }

  #begin(kind: OperationKind, position: number): void {
    if (this.#count > 0) this.#seal();
    this.#kind = kind;
    this.#position = position;
  }

  #grow(count: number): void {
    this.#count += count;
    this.#length += count;
  }

  /** The direction in which a deletion goes on where the last run is; undefined if it does not. */
  #directionOn(kind: OperationKind, position: number, count: number): OperationKind | undefined {
    if (this.#count === 0 || this.#kind === INSERT) return undefined;
    const single = this.#count === 1;
    if ((kind === DELETE_FORWARD || count === 1) && position === this.#position) {
      return this.#kind === DELETE_FORWARD || single ? DELETE_FORWARD : undefined;
    }
    if ((kind === DELETE_BACKWARD || count === 1) && position === this.#position - this.#count) {
      return this.#kind === DELETE_BACKWARD || single ? DELETE_BACKWARD : undefined;
    }
    return undefined;
  }

  #seal(): void {
    if (this.#sealedRuns % INDEX_EVERY === 0) {
      this.#indexEvents.push(this.#length - this.#count);
      this.#indexBytes.push(this.#sealed.length);
      const inserted = this.#kind === INSERT ? this.#count : 0;
      this.#indexContents.push(this.content.length - inserted);
      this.#indexPositions.push(this.#from);
    }
    // Kind and count share a number: most runs are short, and fit in one byte.
    this.#sealed.integer(this.#count * 4 + this.#kind);
    this.#sealed.signed(this.#position - this.#from);
    this.#from = endOf(this.#kind, this.#position, this.#count);
    this.#sealedRuns += 1;
    this.#count = 0;
  }
}

/** Where the author's cursor stood after a run. */
export function endOf(kind: OperationKind, position: number, count: number): number {
  if (kind === INSERT) return position + count;
  return kind === DELETE_FORWARD ? position : position - count + 1;
}

/** The first of the positions that a run deletes, or where it inserts. */
export function firstOf({ kind, position, count }: RunOfOperations): number {
  return kind === DELETE_BACKWARD ? position - count + 1 : position;
}

/** What one author did in one go. */
export interface RunOfOperations {
  readonly kind: OperationKind;
  readonly position: number;
  readonly count: number;
}

/** Reads operations in the order of their events. Valid until the log is appended to. */
export class OperationCursor {
  /** The part that {@link take} took. */
  kind: OperationKind = INSERT;
  position = 0;
  count = 0;
  /** Where an insertion's text starts in the content. */
  contentStart = 0;

  readonly #reader: ByteReader;
  readonly #last: RunOfOperations;
  /** The run at hand, and how many of its events are taken. */
  #runKind: OperationKind = INSERT;
  #runPosition = 0;
  #runCount = 0;
  #runContent: number;
  #taken = 0;
  #event: number;
  #from: number;

  constructor(
    sealed: Uint8Array,
    last: RunOfOperations,
    byte: number,
    event: number,
    content: number,
    from: number,
  ) {
    this.#reader = new ByteReader(sealed, byte);
    this.#last = last;
    this.#event = event;
    this.#runContent = content;
    this.#from = from;
  }

  /** Where the author stood after what was taken. */
  get end(): number {
    return endOf(this.kind, this.position, this.count);
  }

  /** Takes the operation at hand, at most `maxCount` events of it. */
  take(maxCount: number): void {
    if (this.#taken === this.#runCount) this.#readRun();
    const taken = this.#taken;
    this.kind = this.#runKind;
    this.count = Math.min(maxCount, this.#runCount - taken);
    this.contentStart = this.#runContent + taken;
    if (this.#runKind === DELETE_FORWARD) this.position = this.#runPosition;
    else if (this.#runKind === INSERT) this.position = this.#runPosition + taken;
    else this.position = this.#runPosition - taken;
    this.#taken = taken + this.count;
    this.#event += this.count;
  }

  moveTo(event: number): void {
    while (this.#event < event) this.take(event - this.#event);
  }

  #readRun(): void {
    if (this.#runKind === INSERT) this.#runContent += this.#runCount;
    if (this.#reader.remaining === 0) {
      this.#runKind = this.#last.kind;
      this.#runPosition = this.#last.position;
      this.#runCount = this.#last.count;
    } else {
      const head = this.#reader.integer();
      this.#runKind = (head & 3) as OperationKind;
      this.#runCount = Math.floor(head / 4);
      this.#runPosition = this.#from + this.#reader.signed();
      this.#from = endOf(this.#runKind, this.#runPosition, this.#runCount);
    }
    this.#taken = 0;
  }
}
