/**
 * From the numbers that events have here to the names that all replicas know them by, and back,
 * also of what was forgotten (base.ts), which stands for the beginning.
 */
import { forgotten } from '../errors.ts';
import { BEGINNING, insert, type Version } from './event-graph.ts';
import type { History } from './history.ts';
import { INSERT } from './operation-log.ts';
import { BEFORE } from './span-tree.ts';
import type { CharacterRun, EventName, Segment } from './update.ts';

/** The name of an event or of a character of the base, and how many go on from it. */
export function nameOf({ graph, base }: History, id: number): CharacterRun {
  if (base !== undefined && id >= BEFORE) return base.nameAt(id - BEFORE);
  const { start, end, replica, sequence } = graph.run(graph.runOf(id));
  return { replica, sequence: sequence + id - start, count: end - id };
}

/** The character that is called so, as the tracker knows it; negative when none is. */
export function characterOf({ graph, log, base }: History, name: EventName): number {
  const event = graph.eventOf(name.replica, name.sequence);
  if (event >= 0) return log.kindOf(event) === INSERT ? event : -1;
  const index = base?.indexOf(name) ?? -1;
  return index < 0 ? -1 : BEFORE + index;
}

/** What an event of `replica` follows on; undefined for the one before it alone. */
export function parentsToName(
  history: History,
  parents: Version,
  replica: number,
): readonly EventName[] | undefined {
  const names: EventName[] = parents.map((event) => nameOf(history, event));
  if (names.length === 0 && history.base !== undefined) names.push(history.base.last);
  return names.length === 1 && names[0]?.replica === replica ? undefined : names;
}

/**
 * What `segment` follows on, all of which is known.
 * @throws {CrdtError} `CRDT_FORGOTTEN` when its author did not know all that was forgotten.
 */
export function parentsOf({ graph, base }: History, segment: Segment): Version {
  const { replica, sequence, parents } = segment;
  const own = graph.lastOf(replica);
  if (parents === undefined && own !== BEGINNING) return [own];
  const events: number[] = [];
  const last = base?.last;
  let knowsBase = base === undefined;
  for (const parent of parents ?? [{ replica, sequence: sequence - 1 }]) {
    const event = graph.eventOf(parent.replica, parent.sequence);
    if (event !== BEGINNING) insert(events, event);
    else if (parent.replica === last?.replica && parent.sequence === last.sequence)
      knowsBase = true;
  }
  if (events.length === 0 && !knowsBase)
    throw forgotten(`what an edit of replica ${replica} follows on`);
  return events;
}

/** Where the event before `name` ended, of the same author. */
export function endBefore({ graph, log, base }: History, { replica, sequence }: EventName): number {
  if (sequence === 0) return 0;
  const event = graph.eventOf(replica, sequence - 1);
  return event < 0 ? (base?.endOf(replica) ?? 0) : log.endOf(event);
}
