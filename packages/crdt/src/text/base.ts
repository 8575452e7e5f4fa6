/**
 * What is left of the events that a text has forgotten: the text as it was after the last of them,
 * who typed which of its characters, and how many events of each replica lie in it.
 *
 * Invariants: everything forgotten came before `last` or is it; every character has one name and no
 * two have the same; what is not forgotten follows on `last`. So it can stand for the beginning.
 * Cost: O(log runs) to find a character; 16 bytes per run of characters typed on, and the text.
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { malformed } from '../errors.ts';
import { Integers } from './integers.ts';
import {
  type CharacterRun,
  type EventName,
  type KnownEvents,
  MAX_EVENTS,
  MAX_REPLICA,
  readText,
  writeText,
} from './update.ts';

/** A replica's share of what was forgotten. */
export interface Forgotten {
  readonly replica: number;
  /** How many of its events. */
  readonly count: number;
  /** Where the last of them ended, in its author's document. */
  readonly end: number;
}

export interface BaseContent {
  /** Everybody who made any of the events. */
  readonly replicas: readonly Forgotten[];
  /** The one who made the last. */
  readonly lastReplica: number;
  readonly text: string;
  /** Who typed the characters of the text, in its order. */
  readonly characters: readonly CharacterRun[];
}

export class Base {
  readonly counts: KnownEvents;
  /** The event that knew all others. */
  readonly last: EventName;
  readonly text: string;
  readonly #replicas: readonly Forgotten[];
  /** Where each replica is among those. */
  readonly #indexes: ReadonlyMap<number, number>;
  /** Of each run of characters: where it starts, who typed it (an index), its first sequence. */
  readonly #starts: Integers = new Integers();
  readonly #authors: Integers = new Integers();
  readonly #sequences: Integers = new Integers();
  /** The runs by author, then by sequence. */
  readonly #byName: Int32Array;

  /** @throws {CrdtError} `CRDT_MALFORMED` for what breaks the invariants. */
  constructor({ replicas, lastReplica, text, characters }: BaseContent) {
    this.#replicas = replicas;
    this.counts = new Map(replicas.map(({ replica, count }) => [replica, count]));
    this.text = text;
    const last = this.counts.get(lastReplica);
    if (last === undefined || this.counts.size < replicas.length) {
      throw malformed('replicas of a base are doubled or missing');
    }
    this.last = { replica: lastReplica, sequence: last - 1 };
    this.#indexes = new Map(replicas.map(({ replica }, index) => [replica, index]));
    let length = 0;
    for (const { replica, sequence, count } of characters) {
      if (sequence + count > (this.counts.get(replica) ?? 0))
        throw malformed('characters nobody typed');
      this.#append(this.#indexes.get(replica) as number, sequence, length);
      length += count;
    }
    if (length !== text.length) throw malformed('text nobody typed');
    this.#byName = Int32Array.from({ length: this.#starts.length }, (_, run) => run).sort(
      (a, b) =>
        this.#authors.at(a) - this.#authors.at(b) || this.#sequences.at(a) - this.#sequences.at(b),
    );
    for (let nth = 1; nth < this.#byName.length; nth += 1) this.#checkApart(nth);
  }

  get length(): number {
    return this.text.length;
  }

  /** The name of the character at `index`, and how many from there on are named on. */
  nameAt(index: number): CharacterRun {
    const run = this.#starts.lastAtMost(index);
    const { replica } = this.#replicas[this.#authors.at(run)] as Forgotten;
    const sequence = this.#sequences.at(run) + index - this.#starts.at(run);
    return { replica, sequence, count: this.#endOf(run) - index };
  }

  /** Where the character called so stood; -1 when it had been deleted, or is none of these. */
  indexOf({ replica, sequence }: EventName): number {
    const wanted = this.#indexes.get(replica) ?? -1;
    let low = -1;
    let high = this.#byName.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const run = this.#byName[middle] as number;
      const author = this.#authors.at(run);
      if (author < wanted || (author === wanted && this.#sequences.at(run) <= sequence))
        low = middle;
      else high = middle - 1;
    }
    const run = this.#byName[low];
    if (run === undefined || this.#authors.at(run) !== wanted) return -1;
    const index = this.#starts.at(run) + sequence - this.#sequences.at(run);
    return index < this.#endOf(run) ? index : -1;
  }

  /** Where the last of the events of `replica` ended. */
  endOf(replica: number): number {
    return this.#replicas[this.#indexes.get(replica) ?? -1]?.end ?? 0;
  }

  /** As {@link readBase} reads it. */
  bytes(): Uint8Array {
    const writer = new ByteWriter(this.text.length + 1024);
    writer.integer(this.#replicas.length);
    for (const { replica, count, end } of this.#replicas) {
      writer.integer(replica);
      writer.integer(count);
      writer.integer(end);
    }
    writer.integer(this.#indexes.get(this.last.replica) as number);
    writer.integer(this.#starts.length);
    const expected = this.#replicas.map(() => 0);
    for (let run = 0; run < this.#starts.length; run += 1) {
      const author = this.#authors.at(run);
      const sequence = this.#sequences.at(run);
      const count = this.#endOf(run) - this.#starts.at(run);
      writer.integer(author);
      writer.signed(sequence - (expected[author] as number));
      writer.integer(count);
      expected[author] = sequence + count;
    }
    writer.integer(this.text.length);
    writeText(writer, this.text);
    return writer.take();
  }

  /** Adds a run of characters, which may go on from the one before. */
  #append(author: number, sequence: number, start: number): void {
    const last = this.#starts.length - 1;
    const next = this.#sequences.at(last) + start - this.#starts.at(last);
    if (last >= 0 && this.#authors.at(last) === author && next === sequence) return;
    this.#starts.push(start);
    this.#authors.push(author);
    this.#sequences.push(sequence);
  }

  #endOf(run: number): number {
    return run + 1 < this.#starts.length ? this.#starts.at(run + 1) : this.text.length;
  }

  /** No character of the `nth` run by name is one of the run before it. */
  #checkApart(nth: number): void {
    const before = this.#byName[nth - 1] as number;
    const run = this.#byName[nth] as number;
    if (this.#authors.at(before) !== this.#authors.at(run)) return;
    const end = this.#sequences.at(before) + this.#endOf(before) - this.#starts.at(before);
    if (end > this.#sequences.at(run)) throw malformed('two characters of one name');
  }
}

/**
 * Reads what {@link Base.bytes} wrote, or what somebody made look like it.
 * @throws {CrdtError} `CRDT_MALFORMED`
 */
export function readBase(bytes: Uint8Array): Base {
  const reader = new ByteReader(bytes);
  const replicas: Forgotten[] = [];
  for (let rest = reader.atMost(reader.remaining, 'the number of replicas'); rest > 0; rest -= 1) {
    const replica = reader.atMost(MAX_REPLICA, 'a replica');
    const count = reader.atMost(MAX_EVENTS, 'the number of events');
    if (count === 0) throw malformed('a replica without events');
    replicas.push({ replica, count, end: reader.atMost(MAX_EVENTS, 'a position') });
  }
  const last = replicas[reader.integer()];
  if (last === undefined) throw malformed('a last event of nobody');
  const characters: CharacterRun[] = [];
  const expected = replicas.map(() => 0);
  for (let rest = reader.atMost(reader.remaining, 'the number of runs'); rest > 0; rest -= 1) {
    const author = reader.integer();
    const forgotten = replicas[author];
    if (forgotten === undefined) throw malformed('characters of nobody');
    const sequence = (expected[author] as number) + reader.signed();
    const count = reader.atMost(MAX_EVENTS, 'the length of a run');
    if (sequence < 0 || count === 0) throw malformed('an impossible run of characters');
    characters.push({ replica: forgotten.replica, sequence, count });
    expected[author] = sequence + count;
  }
  const text = readText(reader, reader.atMost(MAX_EVENTS, 'the length of the text'));
  reader.finish();
  return new Base({ replicas, lastReplica: last.replica, text, characters });
}
