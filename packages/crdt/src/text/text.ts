/**
 * A text that many people edit at once, each in a copy of their own.
 *
 * Every edit returns an update of a few bytes. Whoever applies the same updates, in any order and
 * any number of times, ends with the same text; what one person types in one go stays together
 * beside what others type at the same place, in either direction of typing (FugueMax).
 *
 * What is kept is the text, as a rope, and the operations, as their authors saw them; the identity
 * of each character is worked out only while edits are concurrent (history.ts). What every copy has
 * may be forgotten (forgetting.ts).
 *
 * Positions and lengths count UTF-16 code units, as strings do.
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { forgotten } from '../errors.ts';
import { exceeds } from '../sync/known.ts';
import { type Archive, readArchive, writeArchive } from './archive.ts';
import type { Forgetting } from './forgetting.ts';
import { changeOf, History, type TextChange } from './history.ts';
import { characterOf, endBefore, nameOf, parentsOf, parentsToName } from './names.ts';
import {
  DELETE_BACKWARD,
  DELETE_FORWARD,
  endOf,
  INSERT,
  type OperationKind,
} from './operation-log.ts';
import { updateBetween } from './outgoing.ts';
import { Pending } from './pending.ts';
import {
  BASE,
  type CharacterRun,
  type EventName,
  expectedAt,
  type KnownEvents,
  MAX_EVENTS,
  MAX_REPLICA,
  readSegment,
  type Segment,
  withoutFirst,
  writeSegment,
} from './update.ts';

export interface TextOptions {
  /**
   * Who edits here: a whole number below 2^32 that no other copy of the document uses at the same
   * time, nor this one again after losing edits that others have. Small ones make small updates.
   */
  readonly replica: number;
  /** How much of early updates to keep for later. @default 16 MiB */
  readonly maxPendingBytes?: number;
  /**
   * `forgetting` lets this copy {@link Text.forget}, and understand others that do. Without it all
   * history is kept. @default undefined
   */
  readonly forgetting?: Forgetting | undefined;
}

export interface CharacterPlace {
  readonly position: number;
  readonly count: number;
  /** False once deleted. */
  readonly visible: boolean;
}

/** Who made a change: this copy's user, or an update from elsewhere. */
export type ChangeOrigin = 'local' | 'remote';

export type ChangeListener = (change: TextChange, origin: ChangeOrigin) => void;

const DEFAULT_MAX_PENDING_BYTES = 16 * 2 ** 20;

export class Text {
  readonly replica: number;
  #opened: History | undefined;
  /** What was loaded, until its history is needed. */
  #archive: Archive | undefined;
  #archived: Uint8Array | undefined;
  readonly #pending: Pending;
  readonly #forgetting: Forgetting | undefined;
  readonly #listeners: Set<ChangeListener> = new Set();
  readonly #writer: ByteWriter = new ByteWriter(256);
  /** Where the last event of a replica ended, as soon as it has been asked for once. */
  readonly #ends: Map<number, number> = new Map();

  constructor({ replica, maxPendingBytes = DEFAULT_MAX_PENDING_BYTES, forgetting }: TextOptions) {
    if (!Number.isInteger(replica) || replica < 0 || replica > MAX_REPLICA) {
      throw new RangeError(`replica must be a whole number below 2^32, got ${replica}`);
    }
    if (!(maxPendingBytes > 0 && maxPendingBytes < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`maxPendingBytes must be positive and finite, got ${maxPendingBytes}`);
    }
    this.replica = replica;
    this.#pending = new Pending(maxPendingBytes);
    this.#forgetting = forgetting;
  }

  /**
   * A document from {@link save}d bytes. Its history is unpacked when first needed.
   * @throws {CrdtError} `CRDT_MALFORMED` for damaged bytes, `CRDT_FORMAT` for those of a version
   * that this one does not know, or of a text that forgets when this one does not.
   */
  static load(bytes: Uint8Array, options: TextOptions): Text {
    const text = new Text(options);
    text.#archive = readArchive(bytes, options.forgetting);
    text.#archived = new Uint8Array(bytes);
    return text;
  }

  /** The document with its whole history, as bytes for {@link Text.load}. */
  save(): Uint8Array {
    return this.#archived?.slice() ?? writeArchive(this.#history);
  }

  get length(): number {
    return this.#archive?.text.length ?? this.#history.rope.length;
  }

  /** The characters from `start` up to, not including, `end`. */
  slice(start = 0, end: number = this.length): string {
    this.#checkRange(start, end);
    return this.#archive?.text.slice(start, end) ?? this.#history.rope.slice(start, end);
  }

  toString(): string {
    return this.#archive?.text ?? this.#history.rope.toString();
  }

  /** Inserts `text` before the character at `position`. Returns the update to send to others. */
  insert(position: number, text: string): Uint8Array {
    this.#checkRange(position, position);
    this.#writer.clear();
    if (text.length > 0) this.#edit(INSERT, position, text.length, text);
    return this.#writer.take();
  }

  /** Deletes `count` characters from `position` on. Returns the update to send to others. */
  delete(position: number, count = 1): Uint8Array {
    this.#checkRange(position, position + count);
    this.#writer.clear();
    if (count > 0) {
      const backward = count === 1 && position + 1 === this.#endOf(this.replica);
      this.#edit(backward ? DELETE_BACKWARD : DELETE_FORWARD, position, count, '');
    }
    return this.#writer.take();
  }

  /**
   * Applies what others did, and keeps what comes before its time until the rest arrives.
   * @throws {CrdtError} `CRDT_MALFORMED` for bytes that are no update of this document; what came
   * before the fault is applied. `CRDT_LIMIT` when too much waits for something else.
   * `CRDT_FORGOTTEN` when edits were made, here or there, without what the other side forgot.
   * `CRDT_FORMAT` when the other side forgets and this one was made without `forgetting`.
   */
  apply(update: Uint8Array): void {
    const reader = new ByteReader(update);
    let segment: Segment | undefined;
    while (reader.remaining > 0) {
      const head = reader.byte();
      if (head === BASE && this.#forgetting) this.#receiveBase(reader, this.#forgetting);
      else {
        segment = readSegment(reader, head, segment);
        this.#receive(segment);
      }
    }
  }

  /** How many segments wait for something that has not arrived. */
  get pending(): number {
    return this.#pending.size;
  }

  /** What is known here. */
  known(): KnownEvents {
    return this.#history.graph.counts();
  }

  /**
   * What is known here and `known` lacks, as one update; empty when there is nothing. With
   * `maxBytes` it is cut off soon after that many, and the rest is for the next time.
   */
  updateSince(known: KnownEvents = new Map(), maxBytes?: number): Uint8Array {
    return updateBetween(this.#history, known, undefined, maxBytes);
  }

  /**
   * The text as it was for somebody who knew what `known` counts: what {@link known} returned, here
   * or elsewhere. Cost: O(history up to there).
   * @throws {RangeError} when not all of that is known here, or it is not all that anybody knew at
   * one time.
   * @throws {CrdtError} `CRDT_FORGOTTEN` for a version before what was forgotten.
   */
  at(known: KnownEvents): string {
    const { base } = this.#history;
    if (base !== undefined && exceeds(base.counts, known)) throw forgotten('an earlier version');
    const past = new Text({ replica: this.replica, forgetting: this.#forgetting });
    past.apply(updateBetween(this.#history, new Map(), known));
    if (past.pending > 0 || exceeds(known, past.known())) {
      throw new RangeError('no version that is known here');
    }
    return past.toString();
  }

  /**
   * Forgets the operations, and the deleted text, before what every copy has: all that is still to
   * come will follow on that. What is kept is the text they led to and who typed which character:
   * anchors hold, except those of characters deleted before; {@link at} reads no earlier version.
   * Others need not forget the same. Returns how many events were forgotten.
   *
   * `reports` holds, by its replica id, for each other copy that may still edit or has edits on
   * their way, what it said last that it knew: its own {@link known}. Nobody's may be missing: what
   * a copy that was left out does without what is forgotten is refused with `CRDT_FORGOTTEN`.
   * Whoever joins later starts from a copy. Cost: O(n log n) for the events since the last time.
   * @throws {TypeError} for a text that was made without `forgetting`.
   */
  forget(reports: ReadonlyMap<number, KnownEvents>): number {
    if (this.#forgetting === undefined) {
      throw new TypeError('this text was made without `forgetting`');
    }
    const { graph } = this.#history;
    this.#opened = this.#forgetting.forget(this.#history, reports);
    this.#archived = undefined;
    return graph.length - this.#opened.graph.length;
  }

  /**
   * Which characters stand from `position` on: runs with consecutive names, in their order.
   * The first call works through the whole history; later ones cost O(log n) and what is new.
   */
  charactersAt(position: number, count: number): CharacterRun[] {
    this.#checkRange(position, position + count);
    const history = this.#history;
    const { tree } = history.identities();
    const runs: CharacterRun[] = [];
    for (let done = 0; done < count; ) {
      tree.seekNewest(position + done);
      const name = nameOf(history, tree.idHere());
      const length = Math.min(count - done, tree.lengthHere - tree.offset, name.count);
      runs.push({ ...name, count: length });
      done += length;
    }
    return runs;
  }

  /**
   * Where a character stands, or stood before it was deleted, and how many of those named after it,
   * at most `count`, follow directly in the same condition. Undefined when it is not known here, or
   * its deletion was forgotten. Cost: as {@link charactersAt}.
   */
  locate(name: EventName, count = 1): CharacterPlace | undefined {
    const history = this.#history;
    const id = characterOf(history, name);
    if (id < 0) return undefined;
    const { tree } = history.identities();
    tree.seekId(id);
    const length = Math.min(count, tree.lengthHere - tree.offset, nameOf(history, id).count);
    return { position: tree.newestBefore(), count: length, visible: tree.visibleHere };
  }

  /** Calls `listener` after each change of the text, until the returned function is called. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  get #history(): History {
    return this.#opened ?? this.#open();
  }

  #open(): History {
    const history = this.#archive?.open() ?? new History();
    this.#opened = history;
    this.#archive = undefined;
    return history;
  }

  #edit(kind: OperationKind, position: number, count: number, text: string): void {
    const { replica } = this;
    const { graph } = this.#history;
    const heads = graph.heads;
    const alone = heads.length === 1 && heads[0] === graph.lastOf(replica);
    const sequence = graph.count(replica);
    if (sequence + count > MAX_EVENTS) throw new RangeError('this replica has made 2^30 edits');
    const segment: Segment = {
      replica,
      sequence,
      kind,
      offset: position - expectedAt(kind, this.#endOf(replica)),
      count,
      text,
      parents: alone ? undefined : parentsToName(this.#history, heads, replica),
    };
    const operation = { kind, position, count, text };
    this.#archived = undefined;
    this.#history.append(replica, operation);
    this.#ends.set(replica, endOf(kind, position, count));
    writeSegment(this.#writer, segment);
    if (this.#listeners.size > 0) this.#tell(changeOf(operation), 'local');
  }

  #receive(segment: Segment): void {
    if (this.#mergeOrKeep(segment)) this.#wake([segment.replica]);
  }

  #receiveBase(reader: ByteReader, { readBase, receive }: Forgetting): void {
    const base = readBase(reader.bytes(reader.integer()));
    const { history, change } = receive(this.#history, base);
    if (history === this.#history) return;
    this.#opened = history;
    this.#archived = undefined;
    this.#ends.clear();
    if (change !== undefined) this.#tell(change, 'remote');
    this.#wake([...base.counts.keys()]);
  }

  /** Merges what waited for the new events of the replicas `grown`. */
  #wake(grown: number[]): void {
    if (this.#pending.size === 0) return;
    const { graph } = this.#history;
    for (let replica = grown.pop(); replica !== undefined; replica = grown.pop()) {
      for (;;) {
        const woken = this.#pending.take(replica, graph.count(replica));
        if (woken === undefined) break;
        if (this.#mergeOrKeep(woken)) grown.push(woken.replica);
      }
    }
  }

  /** Merges what of `segment` is new, or keeps it until its time. True when there is more now. */
  #mergeOrKeep(segment: Segment): boolean {
    const known = this.#history.graph.count(segment.replica);
    if (segment.sequence + segment.count <= known) return false;
    const missing = this.#missing(segment, known);
    if (missing === undefined) {
      const skip = known - segment.sequence;
      this.#merge(skip > 0 ? withoutFirst(segment, skip) : segment);
    } else this.#pending.add(segment, missing);
    return missing === undefined;
  }

  /** An event that `segment` follows on and that is not known. */
  #missing({ replica, sequence, parents }: Segment, known: number): EventName | undefined {
    if (sequence > known) return { replica, sequence: sequence - 1 };
    if (parents === undefined) return undefined;
    const { graph } = this.#history;
    return parents.find((parent) => parent.sequence >= graph.count(parent.replica));
  }

  /** Merges the next events of a replica. */
  #merge(segment: Segment): void {
    const { replica, kind, count, text } = segment;
    this.#archived = undefined;
    const parents = parentsOf(this.#history, segment);
    const position = segment.offset + expectedAt(kind, this.#endOf(replica));
    const changed =
      this.#listeners.size === 0
        ? undefined
        : (change: TextChange): void => this.#tell(change, 'remote');
    this.#history.merge(replica, { kind, position, count, text }, parents, changed);
    this.#ends.set(replica, endOf(kind, position, count));
  }

  /** Where the last event of `replica` ended, in its author's document. */
  #endOf(replica: number): number {
    const history = this.#history;
    const end = this.#ends.get(replica);
    return end ?? endBefore(history, { replica, sequence: history.graph.count(replica) });
  }

  #tell(change: TextChange, origin: ChangeOrigin): void {
    for (const listener of [...this.#listeners]) listener(change, origin);
  }

  #checkRange(start: number, end: number): void {
    if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end) {
      if (end <= this.length) return;
    }
    throw new RangeError(`${start} to ${end} is no range of ${this.length} characters`);
  }
}
