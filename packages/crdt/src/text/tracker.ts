/**
 * Turns what somebody did in their version of the document into what it does in ours.
 *
 * The tracker replays events since a critical one. Its tree knows each character in two ways: as
 * the version at hand shows it, in which positions of operations are meant, and as the newest
 * version shows it, in which positions of changes are. To read an operation made elsewhere the
 * version at hand is first made the operation's: what that did not know is taken back, what it knew
 * is put in. Then insertions find their place by the rule of FugueMax.
 *
 * Invariant: everything before `first` is known to everything from `first` on.
 * Cost: O(log n) per operation, plus the events by which its version differs from the last one's.
 * Source: J. Gentle and M. Kleppmann, "Collaborative Text Editing with Eg-walker", section 3; the
 * order: M. Weidner and M. Kleppmann, "The Art of the Fugue", 2023, as FugueMax.
 */
import { malformed } from '../errors.ts';
import {
  BEGINNING,
  type EventGraph,
  type EventRange,
  isSame,
  type Version,
} from './event-graph.ts';
import {
  DELETE_BACKWARD,
  firstOf,
  INSERT,
  type OperationLog,
  type RunOfOperations,
} from './operation-log.ts';
import { NOBODY, SpanTree } from './span-tree.ts';

/** What becomes of the newest version; positions count the changes made so far. */
export interface Changes {
  inserted(position: number): void;
  deleted(position: number, count: number): void;
}

export class Tracker {
  readonly base: number;
  readonly tree: SpanTree;
  readonly #graph: EventGraph;
  readonly #log: OperationLog;
  /** Events from here on have not been replayed. */
  #end: number;
  #version: Version;

  /** Replays what came after `base`, a critical event, when `before` characters were there. */
  constructor(graph: EventGraph, log: OperationLog, base: number, before: number) {
    this.#graph = graph;
    this.#log = log;
    this.base = base;
    this.#end = base + 1;
    this.#version = base === BEGINNING ? [] : [base];
    this.tree = new SpanTree(base + 1, before);
  }

  get end(): number {
    return this.#end;
  }

  /** How many events it has replayed. */
  get replayed(): number {
    return this.#end - this.base - 1;
  }

  /** Replays all known events up to, not including, `until`. */
  catchUp(until: number = this.#graph.length): this {
    const graph = this.#graph;
    while (this.#end < until) {
      this.moveTo(graph.parents(this.#end));
      const end = Math.min(until, this.#end + graph.contiguous(this.#end));
      const cursor = this.#log.cursor(this.#end);
      while (this.#end < end) {
        cursor.take(end - this.#end);
        this.apply(this.#end, cursor, undefined);
      }
    }
    return this;
  }

  /** Makes `version` the one at hand. */
  moveTo(version: Version): void {
    if (isSame(version, this.#version)) return;
    const { left, right } = this.#graph.difference(this.#version, version);
    for (const range of left) this.#change(range, -1);
    for (let index = right.length - 1; index >= 0; index -= 1) {
      this.#change(right[index] as EventRange, 1);
    }
    this.#version = version;
  }

  /**
   * Applies an operation, whose first event is `event`, to the version at hand, and tells `changes`
   * what it does to the newest one.
   */
  apply(event: number, operation: RunOfOperations, changes: Changes | undefined): void {
    const { kind, position, count } = operation;
    const { tree } = this;
    const from = firstOf(operation);
    const end = kind === INSERT ? from : from + count;
    if (from < 0 || end > tree.current) throw malformed(`an edit at ${position}`);
    tree.reserve(event + count);
    if (kind === INSERT) this.#insert(event, operation, changes);
    else {
      this.#delete(event, from, count, kind === DELETE_BACKWARD, changes);
    }
    this.#end = event + count;
    this.#version = [this.#end - 1];
  }

  #insert(event: number, { position, count }: RunOfOperations, changes: Changes | undefined): void {
    const { tree } = this;
    tree.seekBehind(position);
    const left = position === 0 ? NOBODY : tree.idHere(-1);
    let right = NOBODY;
    if (tree.offset < tree.lengthHere && tree.isHere && tree.offset > 0) {
      // Inside a span: the character behind was typed after the one before.
      right = tree.idHere();
    } else right = this.#place(event, left);
    tree.insert(event, count, left, right);
    if (changes !== undefined) changes.inserted(tree.newestBefore());
  }

  /**
   * Seeks where a character goes whose left neighbour is before the seek position, among what the
   * version at hand does not know. Returns its right parent: the next character that this version
   * knows, if that has the same left neighbour.
   */
  #place(event: number, left: number): number {
    const { tree } = this;
    const start = { leaf: tree.leaf, slot: tree.slot, offset: tree.offset };
    const returnTo = (place: { leaf: number; slot: number; offset: number }): void => {
      tree.leaf = place.leaf;
      tree.slot = place.slot;
      tree.offset = place.offset;
    };
    let there = start.offset > 0 ? tree.nextSpan() : tree.isHere;
    if (!there) {
      returnTo(start);
      return NOBODY;
    }
    const first = { leaf: tree.leaf, slot: tree.slot, offset: 0 };
    const unknown = tree.stateHere === 0;
    while (there && tree.stateHere === 0) there = tree.nextSpan();
    const right = there && tree.leftHere === left ? tree.idHere() : NOBODY;
    if (!unknown) {
      returnTo(start);
      return right;
    }
    returnTo(this.#scan(event, left, right, first, start));
    return right;
  }

  /** The rule of FugueMax among the spans from `first` on; returns the place to insert at. */
  #scan(
    event: number,
    left: number,
    right: number,
    first: { leaf: number; slot: number; offset: number },
    start: { leaf: number; slot: number; offset: number },
  ): { leaf: number; slot: number; offset: number } {
    const { tree } = this;
    let place = start;
    let { leaf, slot } = first;
    let scanning = false;
    for (;;) {
      tree.leaf = leaf;
      tree.slot = slot;
      tree.offset = 0;
      if (!tree.isHere || tree.stateHere !== 0) return place;
      const id = tree.idHere();
      const { leftHere, rightHere, lengthHere } = tree;
      if (leftHere === left) {
        if (rightHere === right) {
          if (this.#graph.compareNames(event, id) < 0) return place;
          scanning = false;
        } else scanning = this.#isBefore(rightHere, right);
      } else if (left !== NOBODY && (leftHere === NOBODY || this.#isBefore(leftHere, left))) {
        return place;
      }
      const behind = { leaf, slot, offset: lengthHere };
      tree.leaf = leaf;
      tree.slot = slot;
      if (!scanning) place = behind;
      if (!tree.nextSpan()) return place;
      leaf = tree.leaf;
      slot = tree.slot;
    }
  }

  /** As right neighbours: nobody stands behind all. */
  #isBefore(a: number, b: number): boolean {
    if (a === b || a === NOBODY) return false;
    return b === NOBODY || this.tree.comparePlaces(a, b) < 0;
  }

  #delete(
    event: number,
    from: number,
    count: number,
    backward: boolean,
    changes: Changes | undefined,
  ): void {
    const { tree } = this;
    for (let done = 0; done < count; ) {
      tree.seekAt(from);
      const taken = tree.isolate(count - done);
      const id = tree.idHere();
      for (let index = 0; index < taken; index += 1) {
        const nth = done + index;
        tree.noteDeleted(event + (backward ? count - 1 - nth : nth), id + index);
      }
      if (changes !== undefined && tree.visibleHere) changes.deleted(tree.newestBefore(), taken);
      tree.changeState(1, true);
      done += taken;
    }
  }

  /** Adds `delta` to the states of what the events inserted or deleted. */
  #change({ start, end }: EventRange, delta: number): void {
    for (let event = start; event < end; ) {
      const deleted = this.tree.deletedBy(event);
      event +=
        deleted === NOBODY
          ? this.#changeSpan(event, end - event, delta)
          : this.#changeDeleted(event, end - event, deleted, delta);
    }
  }

  /** Of the events from `event` on as many as deleted neighbours; returns how many. */
  #changeDeleted(event: number, most: number, id: number, delta: number): number {
    const { tree } = this;
    let count = 1;
    while (count < most && tree.deletedBy(event + count) === id + count) count += 1;
    let first = id;
    if (count === 1) {
      // Down to the first character there can be: what follows on that is nobody.
      const least = Math.min(most, id + 1);
      while (count < least && tree.deletedBy(event + count) === id - count) count += 1;
      first = id - count + 1;
    }
    for (let done = 0; done < count; ) {
      done += this.#changeSpan(first + done, count - done, delta);
    }
    return count;
  }

  /** Of the characters from `id` on as many as are one span; returns how many. */
  #changeSpan(id: number, most: number, delta: number): number {
    this.tree.seekId(id);
    const count = this.tree.isolate(most);
    this.tree.changeState(delta, false);
    return count;
  }
}
