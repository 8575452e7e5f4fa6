/**
 * Bytes that a released version has written are read for ever: the files here are what format 1 made
 * of some state of every type, and format 2 of a text that has forgotten some of its history, beside
 * what they say. A file is never written again.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode, encode, forgetting, Text } from '../../src/index.ts';
import { DeltaReplica } from '../../src/sync.ts';
import { subjects } from '../classic/subjects.ts';
import { plainOf } from './plain-value.ts';

interface Golden {
  /** By type: a state, a delta, and what a replica of deltas has saved; in base 64. */
  readonly states: Readonly<
    Record<string, { state: string; delta: string; replica: string; value: unknown }>
  >;
  readonly text: { archive: string; update: string; keystroke: string; text: string };
}

const golden = JSON.parse(
  readFileSync(new URL('./format-1.json', import.meta.url), 'utf8'),
) as Golden;

const forgotten = JSON.parse(
  readFileSync(new URL('./format-2.json', import.meta.url), 'utf8'),
) as Golden['text'];

function bytesOf(encoded: string): Uint8Array {
  return new Uint8Array(Buffer.from(encoded, 'base64'));
}

describe('bytes of format 1', () => {
  it('are there for every type', () => {
    expect(Object.keys(golden.states)).toEqual(subjects.map(({ name }) => name));
  });

  it.each(subjects)('of $name are read, and written again as they were', ({ name, type }) => {
    const { state, delta, replica, value } = golden.states[name] as Golden['states'][string];
    const read = decode(type, bytesOf(state));
    expect(plainOf(type.value(read))).toEqual(value);
    for (const bytes of [state, delta].map(bytesOf)) {
      expect(encode(type, decode(type, bytes))).toEqual(bytes);
    }
    // The state has the delta in it.
    expect(encode(type, type.join(read, decode(type, bytesOf(delta))))).toEqual(bytesOf(state));
    const saved = DeltaReplica.load(bytesOf(replica), { type, replica: 3 });
    expect(plainOf(saved.value)).toEqual(value);
    expect(saved.save()).toEqual(bytesOf(replica));
  });

  it('of a text are read, and written again as they were', () => {
    const { archive, update, keystroke, text } = golden.text;
    const loaded = Text.load(bytesOf(archive), { replica: 9 });
    expect(loaded.toString()).toBe(text);
    expect(loaded.updateSince()).toEqual(bytesOf(update));
    const applied = new Text({ replica: 9 });
    applied.apply(bytesOf(update));
    expect(applied.save()).toEqual(bytesOf(archive));
    applied.apply(bytesOf(keystroke));
    expect(applied.toString()).toBe(`${text}!`);
  });
});

describe('bytes of format 2', () => {
  it('of a text that has forgotten are read, and written again as they were', () => {
    const { archive, update, keystroke, text } = forgotten;
    const options = { replica: 9, forgetting };
    const loaded = Text.load(bytesOf(archive), options);
    expect(loaded.toString()).toBe(text);
    expect(loaded.updateSince()).toEqual(bytesOf(update));
    const applied = new Text(options);
    applied.apply(bytesOf(update));
    expect(applied.save()).toEqual(bytesOf(archive));
    applied.apply(bytesOf(keystroke));
    expect(applied.toString()).toBe(`${text}!`);
  });
});
