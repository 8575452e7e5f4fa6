/**
 * Makes a text forget what it keeps only to place edits that cannot come any more: the operations
 * before a stable event (stable-cut.ts), and the text that they deleted. What is left of them is a
 * base (base.ts), which stands for the beginning from then on.
 *
 * A text that does not forget has nothing of this in its program: it is handed in as an option.
 *
 * Invariant: a text that has forgotten and one that has not show the same after the same updates.
 * Cost: of forgetting, O(n log n) for the events since the last time; of a base that arrives,
 * O(its length).
 */
import { forgotten } from '../errors.ts';
import { exceeds } from '../sync/known.ts';
import { Base, type Forgotten, readBase } from './base.ts';
import { BEGINNING } from './event-graph.ts';
import { History, type TextChange } from './history.ts';
import { nameOf } from './names.ts';
import { INSERT } from './operation-log.ts';
import { Rope } from './rope.ts';
import { BEFORE } from './span-tree.ts';
import { stableCut } from './stable-cut.ts';
import { Tracker } from './tracker.ts';
import type { CharacterRun, KnownEvents } from './update.ts';

/** What a text does to forget, and to live with others that do. It is for texts to call. */
export interface Forgetting {
  /** `history` without what is stable by `reports`, or itself when that is nothing. */
  forget(history: History, reports: ReadonlyMap<number, KnownEvents>): History;
  /** `history` after `base` has arrived, itself when it has all of it, and what that changes. */
  receive(history: History, base: Base): { history: History; change: TextChange | undefined };
  readBase(bytes: Uint8Array): Base;
}

export const forgetting: Forgetting = {
  forget(history, reports) {
    const cut = stableCut(history.graph, reports);
    return cut === BEGINNING ? history : restOf(history, cut, baseAt(history, cut));
  },
  receive(history, base) {
    const known = history.graph.counts();
    if (!exceeds(base.counts, known)) return { history, change: undefined };
    if (exceeds(known, base.counts)) {
      throw forgotten('what edits made here follow on, where this update comes from');
    }
    const next = new History(new Rope(base.text), base);
    return { history: next, change: changeBetween(history.rope.toString(), base.text) };
  },
  readBase,
};

/** What is left of everything up to the event `cut`, which knows all before it. */
function baseAt(history: History, cut: number): Base {
  const { graph, log, base } = history;
  const { tree } = new Tracker(graph, log, BEGINNING, base?.length ?? 0).catchUp(cut + 1);
  const characters: CharacterRun[] = [];
  const parts: string[] = [];
  tree.seekBehind(0);
  for (let there = tree.isHere; there; there = tree.nextSpan()) {
    if (!tree.standsHere) continue;
    const end = tree.idHere() + tree.lengthHere;
    for (let id = tree.idHere(); id < end; id += characters.at(-1)?.count ?? 1) {
      const { replica, sequence, count } = nameOf(history, id);
      const run = { replica, sequence, count: Math.min(count, end - id) };
      characters.push(run);
      parts.push(textOf(history, id, run.count));
    }
  }
  const lastReplica = graph.replicaOf(cut);
  return new Base({
    replicas: replicasAt(history, cut),
    lastReplica,
    text: parts.join(''),
    characters,
  });
}

/** The text of `count` characters that were inserted one after the other. */
function textOf({ log, base }: History, id: number, count: number): string {
  if (base !== undefined && id >= BEFORE) return base.text.slice(id - BEFORE, id - BEFORE + count);
  const cursor = log.cursor(id);
  cursor.take(1);
  return log.content.slice(cursor.contentStart, cursor.contentStart + count);
}

function replicasAt({ graph, log, base }: History, cut: number): Forgotten[] {
  const replicas = new Map<number, Forgotten>();
  for (const [replica, count] of base?.counts ?? []) {
    replicas.set(replica, { replica, count, end: base?.endOf(replica) ?? 0 });
  }
  for (let index = 0; index < graph.runs && graph.startOf(index) <= cut; index += 1) {
    const { start, end, replica, sequence } = graph.run(index);
    const last = Math.min(end - 1, cut);
    replicas.set(replica, { replica, count: sequence + last - start + 1, end: log.endOf(last) });
  }
  return [...replicas.values()];
}

/** What came after the event `cut`, on `base`. */
function restOf({ graph, log, rope }: History, cut: number, base: Base): History {
  const rest = new History(rope, base);
  const first = cut + 1;
  for (let event = first; event < graph.length; ) {
    const parents = graph.parents(event).filter((parent) => parent > cut);
    const count = graph.contiguous(event);
    rest.graph.append(
      graph.replicaOf(event),
      count,
      parents.map((parent) => parent - first),
    );
    event += count;
  }
  const cursor = log.cursor(first);
  for (let left = log.length - first; left > 0; left -= cursor.count) {
    cursor.take(left);
    const { kind, position, count, contentStart } = cursor;
    if (kind !== INSERT) rest.log.delete(kind, position, count);
    else rest.log.insert(position, log.content.slice(contentStart, contentStart + count));
  }
  return rest;
}

/** The middle in which two texts differ. */
function changeBetween(before: string, after: string): TextChange | undefined {
  if (before === after) return undefined;
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < most - start && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  const inserted = after.slice(start, after.length - same);
  return { position: start, deleted: before.length - same - start, inserted };
}
