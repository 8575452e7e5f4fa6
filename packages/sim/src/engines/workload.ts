/**
 * What a seed writes, and what a store then has to hold.
 *
 * Every batch also writes its own number under one key, so that whatever a store holds says which
 * prefix of the workload it claims to be; the rest of it has to be exactly that prefix.
 */
import type { Batch, Operation } from '@ds/storage';
import { drawInteger, drawOne, type Random, seededRandom } from '../kernel/random.ts';
import type { Action, BatchWriter, Engine } from './engine.ts';

export const COUNTER = '#';

const KEYS = 24;
const STEPS = 28;
const MIDDLE = STEPS / 2;
/** The last actions leave some steps to go wrong after them. */
const LAST_ACTION = STEPS - 4;
/** More would not fit between the other steps. */
const MOST_ACTIONS = 8;
const MOST_VALUE_BYTES = 300;
const OTHER_WRITERS_SHARE = 0.4;

/** What happens before a step's batch is written, besides writing. */
export type StepAction =
  | { readonly kind: 'reopen' | 'snapshot' | 'release' | 'copy' }
  | { readonly kind: 'other'; readonly action: Action };

export interface Step {
  readonly batch: Batch;
  readonly durable: boolean;
  /** Whether the writer waits for this batch before it goes on. */
  readonly waits: boolean;
  readonly action: StepAction | undefined;
  /** @default the store's own `write` */
  readonly writer: BatchWriter | undefined;
}

export type Contents = ReadonlyMap<string, string>;

export interface Workload {
  readonly seed: number;
  readonly steps: readonly Step[];
  /** The contents after so many steps. */
  readonly contents: readonly Contents[];
}

const DURABLE_SHARES = [0.1, 0.3, 0.7];

/** The workload of `seed`, or so many of its first steps. */
export function workloadOf(engine: Engine, seed: number, length: number = STEPS): Workload {
  const random = seededRandom(seed, 'workload');
  const actions = drawActions(random, engine);
  const durableShare = drawOne(random, DURABLE_SHARES);
  const writers = seededRandom(seed, 'writers');
  const steps = Array.from({ length }, (_, index): Step => {
    const drawn = drawBatch(random, index, engine);
    const durable = random() < durableShare;
    const writer = drawWriter(writers, engine);
    // Others may fail where the store does not, and what comes after must not be written then.
    const waits = random() < 0.6 || writer !== undefined;
    const batch = writer?.ascendingPuts ? ascendingPuts(drawn) : drawn;
    return { batch, durable, waits, action: actions.get(index), writer };
  });
  const contents: Contents[] = [new Map()];
  for (const { batch } of steps) contents.push(contentsAfter(contents.at(-1) as Contents, batch));
  return { seed, steps, contents };
}

/** Every kind of action once, the snapshot's release after it has been taken. */
function drawActions(random: Random, { actions = {}, copy }: Engine): Map<number, StepAction> {
  const others = Object.values(actions);
  if (others.length > MOST_ACTIONS) {
    throw new RangeError(`an engine has at most ${MOST_ACTIONS} actions, got ${others.length}`);
  }
  const placed = new Map<number, StepAction>();
  const place = (action: StepAction, from: number, to: number): number => {
    let at = drawInteger(random, from, to);
    while (placed.has(at)) at += 1;
    placed.set(at, action);
    return at;
  };
  const reopened = place({ kind: 'reopen' }, 4, MIDDLE);
  const taken = place({ kind: 'snapshot' }, reopened + 1, MIDDLE + 3);
  for (const action of others) {
    place({ kind: 'other', action }, action.afterSnapshot ? taken + 1 : 1, LAST_ACTION);
  }
  if (copy !== undefined) place({ kind: 'copy' }, 2, LAST_ACTION);
  place({ kind: 'release' }, LAST_ACTION, STEPS - 1);
  return placed;
}

function drawWriter(random: Random, { writers = {} }: Engine): BatchWriter | undefined {
  const others = Object.values(writers);
  if (others.length === 0 || random() >= OTHER_WRITERS_SHARE) return undefined;
  return drawOne(random, others);
}

function drawBatch(random: Random, index: number, engine: Engine): Operation[] {
  const operations: Operation[] = [];
  const count = drawInteger(random, 0, 8);
  for (let i = 0; i < count; i += 1) {
    const kind = random();
    if (kind < 0.12) operations.push(drawRange(random));
    else if (kind < 0.35) operations.push({ type: 'delete', key: text(drawKey(random)) });
    else {
      const bytes = engine.valueBytes?.(random) ?? drawInteger(random, 0, MOST_VALUE_BYTES);
      const value = text(`${index}/${i}/`.padEnd(bytes, 'x'));
      operations.push({ type: 'put', key: text(drawKey(random)), value });
    }
  }
  // The last, since a range without bounds deletes the number too.
  operations.push({ type: 'put', key: text(COUNTER), value: text(String(index)) });
  return operations;
}

function drawRange(random: Random): Operation {
  const from = drawInteger(random, 0, KEYS);
  const to = Math.min(KEYS, from + drawInteger(random, 0, 8));
  const isOpen = random();
  return {
    type: 'deleteRange',
    gte: isOpen < 0.06 ? undefined : text(keyName(from)),
    lt: isOpen > 0.94 ? undefined : text(keyName(to)),
  };
}

function drawKey(random: Random): string {
  return keyName(drawInteger(random, 0, KEYS - 1));
}

function keyName(number: number): string {
  return `key ${String(number).padStart(2, '0')}`;
}

/** The last put of each key, by key. */
function ascendingPuts(batch: Batch): Batch {
  const puts = new Map<string, Operation>();
  for (const each of batch) if (each.type === 'put') puts.set(toText(each.key), each);
  return [...puts.keys()].sort().flatMap((key) => puts.get(key) ?? []);
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

/** A byte a character: damaged bytes must not come out as others do. */
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
