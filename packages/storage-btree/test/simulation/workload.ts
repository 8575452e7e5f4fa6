/**
 * A seeded workload, and the oracle over it.
 *
 * Every batch also writes its own number under one key, so that whatever a store holds says which
 * prefix of the workload it claims to be; the rest of it has to be exactly that prefix.
 */
import type { Batch, Operation } from '@ds/storage';
import type { BtreeStore } from '../../src/index.ts';
import { Model } from '../property/model.ts';
import { drawInteger } from './draw.ts';

export interface Step {
  readonly batch: Batch;
  readonly durable: boolean;
  /** Whether the writer waits for this batch before it goes on. */
  readonly waits: boolean;
  /** Whether a snapshot is taken before it, to be compared and released a few steps later. */
  readonly snapshots: boolean;
  /** Whether the file is compacted before it, while the next batches come in. */
  readonly compacts: boolean;
}

const COUNTER_KEY = text('#');

export function makeWorkload(random: () => number, steps: number): Step[] {
  return Array.from({ length: steps }, (_, index) => {
    const counter = { type: 'put' as const, key: COUNTER_KEY, value: text(String(index)) };
    const operations: Operation[] = [counter];
    const count = drawInteger(random, 0, 8);
    for (let i = 0; i < count; i += 1) operations.push(drawOperation(random, index, i));
    return {
      batch: operations,
      durable: random() < 0.3,
      waits: random() < 0.6,
      snapshots: random() < 0.2,
      compacts: random() < 0.06,
    };
  });
}

function drawOperation(random: () => number, index: number, i: number): Operation {
  const key = keyOf(drawInteger(random, 0, 60));
  const kind = random();
  if (kind < 0.25) return { type: 'delete', key };
  if (kind < 0.3) return { type: 'deleteRange', gte: key, lt: keyOf(drawInteger(random, 0, 60)) };
  const length = random() < 0.15 ? drawInteger(random, 200, 1500) : drawInteger(random, 0, 90);
  return { type: 'put', key, value: text(`${index}/${i}/`.padEnd(length, 'x')) };
}

function keyOf(n: number): Uint8Array {
  return text(`key-${String(n).padStart(2, '0')}`);
}

/** What a run was promised: its first `durable` steps; and what it may have: up to `issued`. */
export interface Promised {
  readonly durable: number;
  readonly issued: number;
}

type Contents = Pick<BtreeStore, 'get' | 'range' | 'countRange'>;

/** Throws unless `store` holds exactly a prefix of `steps` that keeps what was promised. */
export function checkPrefix(
  store: Contents,
  steps: readonly Step[],
  { durable, issued }: Promised,
): number {
  const counter = store.get(COUNTER_KEY);
  const last = counter && toText(counter);
  const count = last === undefined ? 0 : Number(last) + 1;
  if (count < durable) throw new Violation(`batch ${durable - 1} was durable, the last is ${last}`);
  if (count > issued) throw new Violation(`batch ${last} was never written`);
  const model = steps.slice(0, count).reduce((sum, { batch }) => sum.with(batch), new Model());
  checkContents(store, model);
  return count;
}

/** Throws unless `store` holds exactly what `model` does, whichever way it is read. */
export function checkContents(store: Contents, model: Model): void {
  const expected = model.entries.map(({ key, value }) => `${toText(key)}=${toText(value)}`);
  const found = [...store.range()].map(({ key, value }) => `${toText(key)}=${toText(value)}`);
  const wrong = expected.findIndex((entry, i) => entry !== found[i]);
  if (wrong >= 0 || found.length !== expected.length) {
    const at = wrong < 0 ? expected.length : wrong;
    const [wanted, got] = [expected[at], found[at]].map((entry) => entry?.slice(0, 20));
    throw new Violation(`entry ${at} is ${got} instead of ${wanted}`);
  }
  for (const { key, value } of model.entries) {
    const got = store.get(key);
    if (got === undefined || toText(got) !== toText(value)) {
      throw new Violation(`get(${toText(key)}) is wrong`);
    }
  }
  const reversed = [...store.range({ reverse: true })].map(({ key }) => toText(key)).reverse();
  if (reversed.join() !== model.entries.map(({ key }) => toText(key)).join()) {
    throw new Violation('the reverse differs');
  }
  if (store.countRange() !== model.entries.length) throw new Violation('the count is wrong');
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
