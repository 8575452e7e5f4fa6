/** The batches that a process writes until it is killed, and what a store holds after the last. */
import type { Operation, Reader } from '@ds/storage';
import { stepsIn, Violation } from './judge.ts';
import { COUNTER, text, toText } from './workload.ts';

const KEYS = 100;
const HALVES = 50;
const RANGE_EVERY = 20;
const RANGE_KEEPS = 40;

/** Every batch but the first few also deletes a key, every 20th a range of keys. */
export function batchOf(index: number): Operation[] {
  const batch: Operation[] = [
    { type: 'put', key: text(COUNTER), value: text(String(index)) },
    { type: 'put', key: text(keyOf(index)), value: text(batchText(index)) },
    { type: 'put', key: text(`half ${index}`), value: text('') },
    { type: 'delete', key: text(`half ${index - HALVES}`) },
    { type: 'put', key: text(oldOf(index)), value: text('') },
  ];
  if (index % RANGE_EVERY === 0 && index > RANGE_KEEPS) {
    batch.push({ type: 'deleteRange', gte: text('old '), lt: text(oldOf(index - RANGE_KEEPS)) });
  }
  return batch;
}

/**
 * How many batches `reader` holds.
 * @throws {Violation} unless they are whole, and `acknowledged` is among them
 */
export function checkBatches(reader: Reader, acknowledged: number): number {
  const count = stepsIn(reader);
  const last = count - 1;
  if (last < acknowledged) throw new Violation(`batch ${acknowledged} is gone, last is ${last}`);
  const found = new Map<string, string>();
  for (const { key, value } of reader.range()) found.set(toText(key), toText(value));
  const wanted = contentsAfterBatch(last);
  for (const key of new Set([...found.keys(), ...wanted.keys()])) {
    if (found.get(key) === wanted.get(key)) continue;
    throw new Violation(`after batch ${last} '${key}' is '${found.get(key)}'`);
  }
  return count;
}

/** All keys and values after batch `last`. */
function contentsAfterBatch(last: number): Map<string, string> {
  const contents = new Map<string, string>();
  if (last < 0) return contents;
  contents.set(COUNTER, String(last));
  for (let index = Math.max(0, last - KEYS + 1); index <= last; index += 1) {
    contents.set(keyOf(index), batchText(index));
  }
  for (let index = Math.max(0, last - HALVES + 1); index <= last; index += 1) {
    contents.set(`half ${index}`, '');
  }
  const ranged = last - (last % RANGE_EVERY);
  const oldest = ranged > RANGE_KEEPS ? ranged - RANGE_KEEPS : 0;
  for (let index = oldest; index <= last; index += 1) contents.set(oldOf(index), '');
  return contents;
}

function keyOf(index: number): string {
  return `key ${index % KEYS}`;
}

function batchText(index: number): string {
  return `${index} `.repeat(20);
}

function oldOf(index: number): string {
  return `old ${String(index).padStart(8, '0')}`;
}
