/**
 * A seeded workload, and the oracle over it.
 *
 * Every batch also writes its own number under one key, so that whatever a store holds says which
 * prefix of the workload it claims to be; the rest of it has to be exactly that prefix.
 */

import type { Batch, KeyValueStore, Operation } from '@ds/storage';
import { drawInteger } from './draw.ts';

export const COUNTER_KEY: Uint8Array = text('#');

export interface Step {
  readonly batch: Batch;
  readonly durable: boolean;
  /** Whether the writer waits for this batch before it goes on. */
  readonly waits: boolean;
}

export function makeWorkload(random: () => number, steps: number): Step[] {
  return Array.from({ length: steps }, (_, index) => {
    const operations: Operation[] = [{ type: 'put', key: COUNTER_KEY, value: text(String(index)) }];
    const count = drawInteger(random, 0, 6);
    for (let i = 0; i < count; i += 1) {
      const key = text(`key-${drawInteger(random, 0, 24)}`);
      if (random() < 0.3) operations.push({ type: 'delete', key });
      else {
        const value = text(`${index}/${i}/`.padEnd(drawInteger(random, 0, 300), 'x'));
        operations.push({ type: 'put', key, value });
      }
    }
    return { batch: operations, durable: random() < 0.3, waits: random() < 0.6 };
  });
}

export type Contents = ReadonlyMap<string, string>;

/** The contents after the first `count` steps. */
export function contentsAfter(steps: readonly Step[], count: number): Contents {
  const contents = new Map<string, string>();
  for (const { batch } of steps.slice(0, count)) {
    for (const operation of batch) {
      if (operation.type === 'put') contents.set(toText(operation.key), toText(operation.value));
      else contents.delete(toText(operation.key));
    }
  }
  return contents;
}

/** What a run was promised: its first `durable` steps; and what it may have: up to `issued`. */
export interface Promised {
  readonly durable: number;
  readonly issued: number;
}

/** Throws unless `store` holds exactly a prefix of `steps` that keeps what was promised. */
export function checkPrefix(
  store: KeyValueStore,
  steps: readonly Step[],
  { durable, issued }: Promised,
): number {
  const found = new Map<string, string>();
  for (const { key, value } of store.range()) found.set(toText(key), toText(value));
  const last = found.get('#');
  const count = last === undefined ? 0 : Number(last) + 1;
  if (count < durable) throw new Violation(`batch ${durable - 1} was durable, the last is ${last}`);
  if (count > issued) throw new Violation(`batch ${last} was never written`);
  const expected = contentsAfter(steps, count);
  const keys = new Set([...found.keys(), ...expected.keys()]);
  for (const key of keys) {
    if (found.get(key) !== expected.get(key)) {
      throw new Violation(`${key} after ${count} batches: ${found.get(key)?.slice(0, 20)}`);
    }
    const got = store.get(text(key));
    if ((got && toText(got)) !== expected.get(key)) throw new Violation(`get(${key}) is wrong`);
  }
  const reversed = [...store.range({ reverse: true })].map(({ key }) => toText(key)).reverse();
  if (reversed.join() !== [...found.keys()].join()) throw new Violation('the reverse differs');
  return count;
}

/** The store did what it must never do. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function text(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

export function toText(bytes: Uint8Array): string {
  let result = '';
  for (const byte of bytes) result += String.fromCharCode(byte);
  return result;
}
