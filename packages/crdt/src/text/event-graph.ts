/**
 * Who did what after what: the events of a document and their causal order.
 *
 * An event is one character inserted or deleted. It has a global name, (replica, sequence), and a
 * number here: its place in the order in which this replica learned of it, which is a causal order.
 * Events that a replica made one after another, each knowing all and only those before it, are one
 * run, so a document typed by one person is a single run. A version is the list of the events that
 * no other event of it comes after; its numbers ascend.
 *
 * The beginning may be the end of events that were forgotten (base.ts): then the sequences of their
 * authors start where those ended.
 *
 * Invariants: parents have smaller numbers than their children; sequences of a replica are
 * contiguous and each follows causally on the one before.
 * Cost: O(log runs) to look up; {@link difference} O(runs in which the two versions differ).
 * Source: J. Gentle and M. Kleppmann, "Collaborative Text Editing with Eg-walker", EuroSys 2025,
 * sections 2.2 and 3.5.
 */
import { Integers } from './integers.ts';
import type { KnownEvents } from './update.ts';

/** Events, by number, ascending, and all that came before them. Empty: the beginning. */
export type Version = readonly number[];

/** Events from `start` up to, not including, `end`. */
export interface EventRange {
  readonly start: number;
  readonly end: number;
}

export interface Run extends EventRange {
  readonly replica: number;
  /** The sequence of the event `start`. */
  readonly sequence: number;
  /** What the event `start` follows on; each later one follows on the one before it. */
  readonly parents: Version;
}

/** Whether both list the same events. */
export function isSame(a: Version, b: Version): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

const NOBODY = -1;
/** What before all events stands for. */
export const BEGINNING = -1;

export class EventGraph {
  readonly #starts: Integers = new Integers();
  readonly #replicas: Integers = new Integers();
  readonly #sequences: Integers = new Integers();
  /** The parents of all runs, and where those of each end. */
  readonly #parents: Integers = new Integers();
  readonly #parentEnds: Integers = new Integers();
  /** Names of replicas, and by the same index the runs of each. */
  readonly #names: number[] = [];
  readonly #indexes: Map<number, number> = new Map();
  /** The name that was looked up last, and its index: mostly the next one, too. */
  #latestName = NOBODY;
  #latestIndex: number | undefined;
  readonly #runsOf: Integers[] = [];
  readonly #counts: number[] = [];
  /** The newest event of each. */
  readonly #lasts: number[] = [];
  #length = 0;
  #heads: Version = [];

  /** @param before how many events of each replica came before the beginning */
  constructor(before: Iterable<readonly [replica: number, count: number]> = []) {
    for (const [replica, count] of before) this.#counts[this.#indexOf(replica)] = count;
  }

  /** How many events there are. */
  get length(): number {
    return this.#length;
  }

  get heads(): Version {
    return this.#heads;
  }

  get runs(): number {
    return this.#starts.length;
  }

  /** How many events of `replica` are known, those before the beginning among them. */
  count(replica: number): number {
    const index = this.#find(replica);
    return index === undefined ? 0 : (this.#counts[index] as number);
  }

  /** The newest event of `replica`; {@link BEGINNING} when it has made none since. */
  lastOf(replica: number): number {
    const index = this.#find(replica);
    return index === undefined ? BEGINNING : (this.#lasts[index] as number);
  }

  /** Every replica that has made events, with their number. */
  counts(): KnownEvents {
    return new Map(this.#names.map((replica, index) => [replica, this.#counts[index] as number]));
  }

  /** Adds the next `count` events of `replica`, the first after `parents`. Returns its number. */
  append(replica: number, count: number, parents: Version): number {
    const start = this.#length;
    const index = this.#indexOf(replica);
    const sequence = this.#counts[index] as number;
    const last = this.#starts.length - 1;
    const follows = parents.length === 1 && parents[0] === start - 1;
    if (!(follows && this.#replicas.at(last) === index)) {
      this.#starts.push(start);
      this.#replicas.push(index);
      this.#sequences.push(sequence);
      for (const parent of parents) this.#parents.push(parent);
      this.#parentEnds.push(this.#parents.length);
      (this.#runsOf[index] as Integers).push(last + 1);
    }
    this.#counts[index] = sequence + count;
    this.#length = start + count;
    const newest = start + count - 1;
    this.#heads = isSame(parents, this.#heads)
      ? [newest]
      : [...this.#heads.filter((head) => !parents.includes(head)), newest];
    this.#lasts[index] = newest;
    return start;
  }

  /** The run that holds `event`. */
  runOf(event: number): number {
    const last = this.#starts.length - 1;
    if (event >= this.#starts.at(last)) return last;
    return this.#starts.lastAtMost(event);
  }

  run(index: number): Run {
    return {
      start: this.#starts.at(index),
      end: this.#endOf(index),
      replica: this.#names[this.#replicas.at(index)] as number,
      sequence: this.#sequences.at(index),
      parents: this.#parentsOf(index),
    };
  }

  /** What `event` follows on. */
  parents(event: number): Version {
    const index = this.runOf(event);
    return event === this.#starts.at(index) ? this.#parentsOf(index) : [event - 1];
  }

  replicaOf(event: number): number {
    return this.#names[this.#replicas.at(this.runOf(event))] as number;
  }

  sequenceOf(event: number): number {
    const index = this.runOf(event);
    return this.#sequences.at(index) + event - this.#starts.at(index);
  }

  /** The number of the event called (replica, sequence); {@link BEGINNING} when it is none here. */
  eventOf(replica: number, sequence: number): number {
    const index = this.#find(replica);
    if (index === undefined || sequence >= (this.#counts[index] as number)) return BEGINNING;
    const run = this.#runHolding(index, sequence);
    if (run < 0) return BEGINNING;
    return this.#starts.at(run) + sequence - this.#sequences.at(run);
  }

  /** From `event` on, how many events carry consecutive names and numbers. */
  contiguous(event: number): number {
    return this.#endOf(this.runOf(event)) - event;
  }

  /** Orders two events that were made at the same place unaware of each other. */
  compareNames(left: number, right: number): number {
    const byReplica = this.replicaOf(left) - this.replicaOf(right);
    return byReplica === 0 ? this.sequenceOf(left) - this.sequenceOf(right) : byReplica;
  }

  /** The events of `left` that `right` does not hold, and the reverse; each newest first. */
  difference(left: Version, right: Version): { left: EventRange[]; right: EventRange[] } {
    const result = { left: [] as EventRange[], right: [] as EventRange[] };
    new Walk(left, right).run(this, result.left, result.right);
    return result;
  }

  /**
   * The newest single event that everything in `version` and every known event either is, follows
   * on, or precedes; {@link BEGINNING} when there is none. Whatever concerns only events after it
   * can be worked out without those before it.
   */
  criticalEvent(version: Version): number {
    if (version.length === 0) return BEGINNING;
    const pending = [...new Set([...this.#heads, ...version])].sort((a, b) => a - b);
    for (;;) {
      const event = pending.pop() ?? BEGINNING;
      if (event === BEGINNING || pending.length === 0) return event;
      const index = this.runOf(event);
      const start = this.#starts.at(index);
      // Events of the same run precede this one: the run is entered at the oldest of them.
      if ((pending.at(-1) as number) >= start) continue;
      const parents = this.#parentsOf(index);
      for (const parent of parents.length === 0 ? [BEGINNING] : parents) insert(pending, parent);
    }
  }

  startOf(run: number): number {
    return this.#starts.at(run);
  }

  #endOf(run: number): number {
    return run + 1 < this.#starts.length ? this.#starts.at(run + 1) : this.#length;
  }

  #parentsOf(run: number): Version {
    const parents: number[] = [];
    const end = this.#parentEnds.at(run);
    for (let at = run > 0 ? this.#parentEnds.at(run - 1) : 0; at < end; at += 1) {
      parents.push(this.#parents.at(at));
    }
    return parents;
  }

  #find(replica: number): number | undefined {
    if (replica !== this.#latestName) {
      this.#latestName = replica;
      this.#latestIndex = this.#indexes.get(replica);
    }
    return this.#latestIndex;
  }

  #indexOf(replica: number): number {
    const known = this.#find(replica);
    if (known !== undefined) return known;
    const index = this.#names.length;
    this.#indexes.set(replica, index);
    this.#latestIndex = index;
    this.#names.push(replica);
    this.#runsOf.push(new Integers());
    this.#counts.push(0);
    this.#lasts.push(BEGINNING);
    return index;
  }

  /** The run of `replica` with `sequence`; -1 when that came before the beginning. */
  #runHolding(replica: number, sequence: number): number {
    const runs = this.#runsOf[replica] as Integers;
    let low = -1;
    let high = runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#sequences.at(runs.at(middle)) <= sequence) low = middle;
      else high = middle - 1;
    }
    return low < 0 ? -1 : runs.at(low);
  }
}

const LEFT = 1;
const RIGHT = 2;
const BOTH = 3;

/** Walks two versions back to where they meet, always from the newest event. */
class Walk {
  readonly #events: number[] = [];
  readonly #sides: number[] = [];
  #shared = 0;

  constructor(left: Version, right: Version) {
    for (const event of left) this.#add(event, LEFT);
    for (const event of right) this.#add(event, RIGHT);
  }

  run(graph: EventGraph, onlyLeft: EventRange[], onlyRight: EventRange[]): void {
    while (this.#events.length > this.#shared) {
      let event = this.#events.pop() as number;
      let side = this.#sides.pop() as number;
      if (side === BOTH) this.#shared -= 1;
      const run = graph.runOf(event);
      const start = graph.startOf(run);
      while (this.#events.length > 0 && (this.#events.at(-1) as number) >= start) {
        const older = this.#events.pop() as number;
        const other = this.#sides.pop() as number;
        if (other === BOTH) this.#shared -= 1;
        if ((side | other) === side) continue;
        collect(side, older + 1, event + 1, onlyLeft, onlyRight);
        event = older;
        side |= other;
      }
      collect(side, start, event + 1, onlyLeft, onlyRight);
      for (const parent of graph.parents(start)) this.#add(parent, side);
    }
  }

  #add(event: number, side: number): void {
    const at = placeOf(this.#events, event);
    if (at > 0 && this.#events[at - 1] === event) {
      const before = this.#sides[at - 1] as number;
      const merged = before | side;
      if (merged === BOTH && before !== BOTH) this.#shared += 1;
      this.#sides[at - 1] = merged;
      return;
    }
    putAt(this.#events, at, event);
    putAt(this.#sides, at, side);
    if (side === BOTH) this.#shared += 1;
  }
}

function collect(
  side: number,
  start: number,
  end: number,
  onlyLeft: EventRange[],
  onlyRight: EventRange[],
): void {
  if (side === BOTH || start === end) return;
  (side === LEFT ? onlyLeft : onlyRight).push({ start, end });
}

/** Puts `value` at its place among ascending numbers, unless it is there. */
export function insert(sorted: number[], value: number): void {
  const at = placeOf(sorted, value);
  if (at === 0 || sorted[at - 1] !== value) putAt(sorted, at, value);
}

/** As `splice`, without the list that it returns: these lists have two or three elements. */
function putAt(list: number[], at: number, value: number): void {
  list.push(value);
  for (let index = list.length - 1; index > at; index -= 1) {
    list[index] = list[index - 1] as number;
  }
  list[at] = value;
}

/** Behind the last element that is at most `value`. */
function placeOf(sorted: readonly number[], value: number): number {
  let at = sorted.length;
  while (at > 0 && (sorted[at - 1] as number) > value) at -= 1;
  return at;
}
