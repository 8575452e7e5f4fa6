/**
 * What a seed writes, and what a store then has to hold.
 *
 * Every batch ends by writing its own number under one key, so that whatever a store holds says
 * which prefix of the workload it claims to be; the rest of it has to be exactly that prefix.
 */
import { seededRandom } from '@ds/sim';
import type { Batch, Operation } from '@ds/storage';
import { drawInteger, drawOne } from './draw.ts';

export const COUNTER = '#';

const KEYS = 24;
const STEPS = 28;
const MIDDLE = STEPS / 2;

/** What happens before a step's batch is written, besides writing. */
export type Action =
  | 'reopen'
  | 'snapshot'
  | 'release'
  | 'backup'
  | 'compact'
  | 'checkpoint'
  | 'count';

export interface Step {
  readonly batch: Batch;
  readonly durable: boolean;
  /** Whether the writer waits for this batch before it goes on. */
  readonly waits: boolean;
  readonly action: Action | undefined;
}

export type Contents = ReadonlyMap<string, string>;

export interface Workload {
  readonly seed: number;
  readonly steps: readonly Step[];
  /** The contents after so many steps. */
  readonly contents: readonly Contents[];
}

const DURABLE_SHARES = [0.1, 0.3, 0.7];
let latest: Workload | undefined;

export function workloadOf(seed: number): Workload {
  if (latest?.seed === seed) return latest;
  const random = seededRandom(seed, 'workload');
  const actions = drawActions(random);
  const durableShare = drawOne(random, DURABLE_SHARES);
  const steps = Array.from({ length: STEPS }, (_, index): Step => {
    const batch = drawBatch(random, index);
    const durable = random() < durableShare;
    return { batch, durable, waits: random() < 0.6, action: actions.get(index) };
  });
  const contents: Contents[] = [new Map()];
  for (const { batch } of steps) contents.push(contentsAfter(contents.at(-1)!, batch));
  latest = { seed, steps, contents };
  return latest;
}

/** Every kind of action, the snapshot's release after it has been taken. */
function drawActions(random: () => number): Map<number, Action> {
  const actions = new Map<number, Action>();
  const place = (action: Action, from: number, to: number): number => {
    let at = drawInteger(random, from, to);
    while (actions.has(at)) at += 1;
    actions.set(at, action);
    return at;
  };
  const reopened = place('reopen', 4, MIDDLE);
  const taken = place('snapshot', reopened + 1, MIDDLE + 3);
  place('compact', taken + 1, STEPS - 4);
  place('backup', 2, STEPS - 4);
  place('checkpoint', 1, STEPS - 4);
  place('count', 1, STEPS - 4);
  place('release', STEPS - 4, STEPS - 1);
  return actions;
}

function drawBatch(random: () => number, index: number): Operation[] {
  const operations: Operation[] = [];
  const count = drawInteger(random, 0, 8);
  for (let i = 0; i < count; i += 1) {
    const kind = random();
    if (kind < 0.12) operations.push(drawRange(random));
    else if (kind < 0.35) operations.push({ type: 'delete', key: text(drawKey(random)) });
    else {
      // Some do not fit into a page.
      const length = random() < 0.1 ? drawInteger(random, 300, 1200) : drawInteger(random, 0, 120);
      const value = text(`${index}/${i}/`.padEnd(length, 'x'));
      operations.push({ type: 'put', key: text(drawKey(random)), value });
    }
  }
  // The last, since a range without bounds deletes the number too.
  operations.push({ type: 'put', key: text(COUNTER), value: text(String(index)) });
  return operations;
}

function drawRange(random: () => number): Operation {
  const from = drawInteger(random, 0, KEYS);
  const to = Math.min(KEYS, from + drawInteger(random, 0, 8));
  const isOpen = random();
  return {
    type: 'deleteRange',
    gte: isOpen < 0.06 ? undefined : text(keyName(from)),
    lt: isOpen > 0.94 ? undefined : text(keyName(to)),
  };
}

function drawKey(random: () => number): string {
  return keyName(drawInteger(random, 0, KEYS - 1));
}

function keyName(number: number): string {
  return `key ${String(number).padStart(2, '0')}`;
}

function contentsAfter(before: Contents, batch: Batch): Contents {
  const contents = new Map(before);
  for (const operation of batch) {
    if (operation.type === 'put') contents.set(toText(operation.key), toText(operation.value));
    else if (operation.type === 'delete') contents.delete(toText(operation.key));
    else {
      const from = toText(operation.gte ?? new Uint8Array());
      const to = operation.lt && toText(operation.lt);
      for (const key of contents.keys()) {
        if (key >= from && (to === undefined || key < to)) contents.delete(key);
      }
    }
  }
  return contents;
}

export function text(value: string): Uint8Array {
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i += 1) bytes[i] = value.charCodeAt(i);
  return bytes;
}

export function toText(bytes: Uint8Array): string {
  let result = '';
  for (const byte of bytes) result += String.fromCharCode(byte);
  return result;
}
