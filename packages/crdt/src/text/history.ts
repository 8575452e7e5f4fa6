/**
 * All a replica knows: the events, what they did, and the text that follows from them.
 *
 * An operation whose author knew exactly what is known here is done as it stands, and nothing else
 * is kept. One made elsewhere at the same time goes through a tracker (tracker.ts), which is kept
 * while such operations keep coming, and dropped when they do not.
 *
 * Invariant: the text is that of the newest version, the merge of all known events.
 */
import { malformed } from '../errors.ts';
import type { Base } from './base.ts';
import { BEGINNING, EventGraph, isSame, type Version } from './event-graph.ts';
import { firstOf, INSERT, OperationLog, type RunOfOperations } from './operation-log.ts';
import { Rope } from './rope.ts';
import { BEFORE } from './span-tree.ts';
import { type Changes, Tracker } from './tracker.ts';

/** A change of the text: at `position`, `deleted` characters give way to `inserted`. */
export interface TextChange {
  readonly position: number;
  readonly deleted: number;
  readonly inserted: string;
}

export interface NewOperation extends RunOfOperations {
  /** What it inserts; empty for a deletion. */
  readonly text: string;
}

/** A tracker is caught up rather than made anew while it is behind by no more than this. */
const MAX_LAG = 2048;

export class History {
  readonly graph: EventGraph;
  readonly log: OperationLog = new OperationLog();
  readonly rope: Rope;
  /** What was forgotten: for the graph it is the beginning. */
  readonly base: Base | undefined;
  #tracker: Tracker | undefined;

  constructor(rope: Rope = new Rope(), base?: Base) {
    this.rope = rope;
    this.base = base;
    this.graph = new EventGraph(base?.counts);
  }

  /** Adds what a replica did knowing everything that is known here. Returns its first event. */
  append(replica: number, operation: NewOperation): number {
    const { kind, position, count, text } = operation;
    if (kind === INSERT) this.rope.insert(position, text);
    else this.rope.delete(firstOf(operation), count);
    return this.#record(replica, operation, this.graph.heads);
  }

  /** Adds what a replica did knowing `parents`; tells `changed` what that does to the text. */
  merge(
    replica: number,
    operation: NewOperation,
    parents: Version,
    changed: ((change: TextChange) => void) | undefined,
  ): void {
    if (isSame(parents, this.graph.heads)) {
      checkPosition(operation, this.rope.length);
      this.append(replica, operation);
      changed?.(changeOf(operation));
      if (this.#tracker !== undefined && this.#isBehind(this.#tracker)) this.#tracker = undefined;
      return;
    }
    const tracker = this.#trackerFor(parents);
    // By so much the tracker may count more characters than there are.
    const surplus = tracker.tree.newest - this.rope.length;
    tracker.moveTo(parents);
    checkPosition(operation, tracker.tree.current - surplus);
    const event = this.#record(replica, operation, parents);
    const { text } = operation;
    const { rope } = this;
    const changes: Changes = {
      inserted(at) {
        rope.insert(at, text);
        changed?.({ position: at, deleted: 0, inserted: text });
      },
      deleted(at, length) {
        rope.delete(at, length);
        changed?.({ position: at, deleted: length, inserted: '' });
      },
    };
    tracker.apply(event, operation, changes);
  }

  /** A tracker that knows every event, and has the newest version at hand. */
  identities(): Tracker {
    if (this.#tracker === undefined || this.#tracker.base !== BEGINNING) {
      this.#tracker = this.#trackerFrom(BEGINNING);
    }
    this.#tracker.catchUp().moveTo(this.graph.heads);
    return this.#tracker;
  }

  #record(
    replica: number,
    { kind, position, count, text }: NewOperation,
    parents: Version,
  ): number {
    if (kind === INSERT) this.log.insert(position, text);
    else this.log.delete(kind, position, count);
    return this.graph.append(replica, count, parents);
  }

  /** A tracker that knows all events, and was started before everything that `parents` lack. */
  #trackerFor(parents: Version): Tracker {
    const oldest = parents[0] ?? BEGINNING;
    let tracker = this.#tracker;
    if (tracker === undefined || oldest < tracker.base || this.#isBehind(tracker)) {
      const base = this.graph.criticalEvent(parents);
      if (
        tracker === undefined ||
        base < tracker.base ||
        this.graph.length - base < tracker.replayed
      ) {
        tracker = this.#trackerFrom(base);
        this.#tracker = tracker;
      }
    }
    tracker.catchUp();
    return tracker;
  }

  #trackerFrom(event: number): Tracker {
    // How many characters there were is known of the beginning; else it is the most there can be.
    const before = event === BEGINNING ? (this.base?.length ?? 0) : BEFORE - 1;
    return new Tracker(this.graph, this.log, event, before);
  }

  #isBehind(tracker: Tracker): boolean {
    const lag = this.graph.length - tracker.end;
    return lag > MAX_LAG && lag > tracker.replayed >> 2;
  }
}

/** As {@link TextChange} what `operation` does to the text its author saw. */
export function changeOf(operation: NewOperation): TextChange {
  const { kind, count, text } = operation;
  return { position: firstOf(operation), deleted: kind === INSERT ? 0 : count, inserted: text };
}

function checkPosition(operation: NewOperation, length: number): void {
  const { kind, position, count } = operation;
  const from = firstOf(operation);
  const end = kind === INSERT ? from : from + count;
  if (from < 0 || end > length) throw malformed(`an edit at ${position} of ${length} characters`);
  if (kind === INSERT && length + count >= BEFORE) throw malformed('a document without end');
}
