/** What a text tells others: the events they lack, as updates (update.ts). */
import { ByteWriter } from '../bytes.ts';
import { exceeds } from '../sync/known.ts';
import type { History } from './history.ts';
import { endBefore, parentsToName } from './names.ts';
import { INSERT } from './operation-log.ts';
import {
  BASE,
  expectedAt,
  type KnownEvents,
  MAX_EVENTS,
  type Segment,
  writeSegment,
} from './update.ts';

/**
 * What `until` counts, all without it, and `from` lacks; cut off after about `maxBytes`. Who lacks
 * anything that was forgotten is sent the whole base.
 */
export function updateBetween(
  history: History,
  from: KnownEvents,
  until?: KnownEvents,
  maxBytes: number = Number.MAX_SAFE_INTEGER,
): Uint8Array {
  const { graph, log, base } = history;
  const writer = new ByteWriter(1024);
  if (base !== undefined && exceeds(base.counts, from)) {
    const bytes = base.bytes();
    writer.byte(BASE);
    writer.integer(bytes.length);
    writer.bytes(bytes);
  }
  let before: Segment | undefined;
  for (let index = 0; index < graph.runs && writer.length < maxBytes; index += 1) {
    const { start, end: last, replica, sequence, parents } = graph.run(index);
    const count = until === undefined ? MAX_EVENTS : (until.get(replica) ?? 0);
    const end = Math.min(last, start + count - sequence);
    let event = start + Math.max(0, (from.get(replica) ?? 0) - sequence);
    if (event >= end) continue;
    const cursor = log.cursor(event);
    while (event < end && writer.length < maxBytes) {
      cursor.take(Math.min(end - event, maxBytes));
      const { kind, position, count, contentStart } = cursor;
      const text = kind === INSERT ? log.content.slice(contentStart, contentStart + count) : '';
      const named = event === start ? parentsToName(history, parents, replica) : undefined;
      const name = { replica, sequence: sequence + event - start };
      const offset = position - expectedAt(kind, endBefore(history, name));
      const segment = { ...name, kind, offset, count, text, parents: named };
      writeSegment(writer, segment, before);
      before = segment;
      event += count;
    }
  }
  return writer.take();
}
