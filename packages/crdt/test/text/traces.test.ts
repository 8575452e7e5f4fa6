import { describe, expect, it } from 'vitest';
import { Text } from '../../src/index.ts';
import { type NaiveEvent, NaiveText } from '../naive/naive-text.ts';
import {
  type Concurrent,
  type Conformance,
  present,
  readTrace,
  type Sequential,
} from './traces.ts';

function replay({ txns }: Sequential, text: Text): Uint8Array[] {
  const updates: Uint8Array[] = [];
  for (const { patches } of txns) {
    for (const [position, deleted, inserted] of patches) {
      if (deleted > 0) updates.push(text.delete(position, deleted));
      if (inserted !== '') updates.push(text.insert(position, inserted));
    }
  }
  return updates;
}

describe.skipIf(!present)('recorded editing sessions', { timeout: 300_000 }, () => {
  it.each(['automerge-paper', 'sveltecomponent', 'friendsforever_flat'])(
    '%s ends in its text: typed, from updates, from one update, and from the archive',
    (name) => {
      const trace = readTrace<Sequential>(name);
      const author = new Text({ replica: 123_456_789 });
      const updates = replay(trace, author);
      expect(author.toString()).toBe(trace.endContent);
      const reader = new Text({ replica: 2 });
      for (const update of updates) reader.apply(update);
      expect(reader.toString()).toBe(trace.endContent);
      const late = new Text({ replica: 3 });
      late.apply(reader.updateSince());
      expect(late.toString()).toBe(trace.endContent);
      const archive = author.save();
      const loaded = Text.load(archive, { replica: 4 });
      expect(loaded.toString()).toBe(trace.endContent);
      expect(loaded.updateSince()).toEqual(author.updateSince());
      expect(loaded.save()).toEqual(archive);
    },
  );

  it('keeps the whole history of the paper in 105 kB, a keystroke in 8 bytes on average', () => {
    const author = new Text({ replica: 2 ** 28 - 1 });
    const updates = replay(readTrace<Sequential>('automerge-paper'), author);
    expect(author.save().length).toBeLessThanOrEqual(105_000);
    const bytes = updates.reduce((sum, update) => sum + update.length, 0);
    expect(bytes / updates.length).toBeLessThanOrEqual(8);
  });

  it('friendsforever ends in its text for both writers and for a reader', () => {
    const trace = readTrace<Concurrent>('friendsforever');
    const { updates, writers } = replayConcurrent(trace);
    const reader = new Text({ replica: 7 });
    for (const update of updates.flat()) reader.apply(update);
    expect(reader.toString()).toBe(trace.endContent);
    for (const writer of writers) {
      writer.apply(reader.updateSince(writer.known()));
      expect(writer.toString()).toBe(trace.endContent);
    }
    expect(Text.load(reader.save(), { replica: 8 }).updateSince()).toEqual(reader.updateSince());
  });

  it('500 histories with edits at one place end in the order of FugueMax', () => {
    const histories = readTrace<Conformance[]>('conformance-500');
    expect(histories).toHaveLength(500);
    const ends = histories.map((history) => replayConformance(history));
    expect(ends.map(({ ours }) => ours)).toEqual(histories.map(({ endContent }) => endContent));
    expect(ends.map(({ naive }) => naive)).toEqual(histories.map(({ endContent }) => endContent));
  });
});

/** Two writers, each of whom has applied exactly what its transactions name as their past. */
function replayConcurrent({ txns }: Concurrent): { updates: Uint8Array[][]; writers: Text[] } {
  const writers = [new Text({ replica: 1 }), new Text({ replica: 2 })];
  const applied = writers.map(() => new Set<number>());
  const updates: Uint8Array[][] = [];
  for (const [index, { parents, agent, patches }] of txns.entries()) {
    const writer = writers[agent] as Text;
    const known = applied[agent] as Set<number>;
    const missing: number[] = [];
    for (const rest = [...parents]; rest.length > 0; ) {
      const parent = rest.pop() as number;
      if (known.has(parent)) continue;
      known.add(parent);
      missing.push(parent);
      rest.push(...(txns[parent]?.parents ?? []));
    }
    missing.sort((a, b) => a - b);
    for (const parent of missing) for (const update of updates[parent] ?? []) writer.apply(update);
    known.add(index);
    updates.push(replay({ endContent: '', txns: [{ patches }] }, writer));
  }
  return { updates, writers };
}

/**
 * An agent of these histories works on several branches at once, which a replica does not. So each
 * transaction has a replica of its own, in the order of agents.
 */
function replayConformance({ txns }: Conformance): { ours: string; naive: string } {
  const agents = [...new Set(txns.map(({ agent }) => agent))].sort();
  const naive = new NaiveText();
  const known: Set<string>[] = [];
  const updates: Uint8Array[] = [];
  for (const [index, { span, parents, agent, ops }] of txns.entries()) {
    const replica = agents.indexOf(agent) * 1000 + index;
    const text = new Text({ replica });
    const past = new Set(parents.flatMap((parent) => [...(known[parent] ?? [])]));
    for (let event = 0; event < span[0]; event += 1) {
      if (past.has(`${event}`)) text.apply(updates[event] as Uint8Array);
    }
    let event = span[0];
    const step = (position: number, character: string | undefined): void => {
      const id = `${event}`;
      const sequence = event - span[0];
      const naiveEvent: NaiveEvent = {
        id,
        replica,
        sequence,
        known: new Set(past),
        position,
        character,
      };
      naive.apply(naiveEvent);
      updates[event] =
        character === undefined ? text.delete(position) : text.insert(position, character);
      past.add(id);
      known[event] = new Set(past);
      event += 1;
    };
    for (const [position, deleted, inserted] of ops) {
      for (let count = 0; count < deleted; count += 1) step(position, undefined);
      for (const [offset, character] of [...inserted].entries()) step(position + offset, character);
    }
  }
  const merged = new Text({ replica: 999_999 });
  for (const update of updates) merged.apply(update);
  return { ours: merged.toString(), naive: naive.toString() };
}
