/**
 * An engine against a sorted array: random batches, reads, ranges and snapshots, compared after
 * every step. The keys are few, short and made of the bytes that go wrong most (0x00, 0x7f, 0x80,
 * 0xff), many of them prefixes of others, some as long as the engine allows.
 */
import { compareBytes, withinBounds } from '../bytes.ts';
import type { Batch, Bounds, Entry, Reader, Snapshot } from '../key-value-store.ts';
import type { KeyValueStoreContext } from './key-value-store-writes.ts';
import { hex, pattern } from './observe.ts';
import type { RuleTest } from './rule-test.ts';
import { seeded } from './seeded.ts';

/** Sorted by key; never changed in place, so that a snapshot is the array itself. */
type Model = readonly Entry[];
type Draw = (below: number) => number;

export function modelTests(seed: number, steps: number): RuleTest<KeyValueStoreContext>[] {
  return [
    {
      title: `rules 1 to 8: agrees with a sorted array (seed ${seed}, ${steps} steps)`,
      run: (context) => runModel(context, seed, steps),
    },
    {
      title: `rules 1 to 9: agrees with a sorted array through reopening (seed ${seed})`,
      needs: ['reopen'],
      run: (context) => runModel(context, seed, Math.ceil(steps / 5), context.reopen),
    },
  ];
}

async function runModel(
  { store: first, expect }: KeyValueStoreContext,
  seed: number,
  steps: number,
  reopen?: KeyValueStoreContext['reopen'],
): Promise<void> {
  const draw = seeded(seed);
  let store = first;
  let model: Model = [];
  let snapshots: { snapshot: Snapshot; model: Model }[] = [];
  const keyOf = keys(draw, store.maxKeyBytes);
  for (let step = 0; step < steps; step += 1) {
    const replay = `seed ${seed}, step ${step}`;
    const agree = (what: string, actual: string, expected: string) =>
      expect(`${replay}: ${what} ${actual}`).toBe(`${replay}: ${what} ${expected}`);
    const kind = draw(20);
    if (kind < 9) {
      const batch = randomBatch(draw, keyOf);
      await store.write(batch, { durable: draw(50) === 0 });
      model = applied(model, batch);
    } else if (kind < 12) {
      const key = keyOf();
      agree(`get ${hex(key)}`, hex(store.get(key)), hex(find(model, key)));
    } else if (kind < 16) {
      compareRange(draw, keyOf, store, model, agree);
    } else if (kind === 16 && snapshots.length < 4) {
      snapshots.push({ snapshot: store.snapshot(), model });
    } else if (kind === 17 && snapshots.length > 0) {
      const [taken] = snapshots.splice(draw(snapshots.length), 1);
      taken?.snapshot.release();
    } else if (snapshots.length > 0) {
      const held = snapshots[draw(snapshots.length)]!;
      const key = keyOf();
      agree(`snapshot get ${hex(key)}`, hex(held.snapshot.get(key)), hex(find(held.model, key)));
      compareRange(draw, keyOf, held.snapshot, held.model, agree);
    }
    if (reopen && draw(100) === 0) {
      store = await reopen();
      snapshots = [];
    }
  }
  for (const { snapshot } of snapshots) snapshot.release();
}

function keys(draw: Draw, maxKeyBytes: number): () => Uint8Array {
  const alphabet = [0x00, 0x01, 0x7f, 0x80, 0xff];
  return () => {
    const length = draw(60) === 0 ? maxKeyBytes - draw(2) : 1 + draw(4);
    const key = new Uint8Array(Math.min(length, maxKeyBytes)).fill(alphabet[draw(2) * 4]!);
    const varied = Math.min(key.length, 4);
    for (let i = 0; i < varied; i += 1) {
      key[draw(20) === 0 ? key.length - 1 - i : i] = alphabet[draw(alphabet.length)]!;
    }
    return key;
  };
}

function randomBatch(draw: Draw, keyOf: () => Uint8Array): Batch {
  return Array.from({ length: draw(8) }, () => {
    const key = keyOf();
    if (draw(16) === 0) return { type: 'deleteRange', ...randomSides(draw, key, keyOf()) };
    if (draw(3) === 0) return { type: 'delete', key };
    const length = [0, 1, 10, 100, 2_000][draw(5)]!;
    return { type: 'put', key, value: pattern(length, draw(256)) };
  });
}

/** Mostly narrow ranges, so that something is left; seldom one with an open side. */
function randomSides(draw: Draw, a: Uint8Array, b: Uint8Array): Pick<Bounds, 'gte' | 'lt'> {
  if (draw(12) === 0) return draw(2) === 0 ? { gte: a } : { lt: a };
  return draw(4) === 0 ? { gte: a, lt: b } : { gte: a, lt: Uint8Array.from([...a, draw(256)]) };
}

/** A range with every kind of bound, read to its end or left early. */
function compareRange(
  draw: Draw,
  keyOf: () => Uint8Array,
  reader: Reader,
  model: Model,
  agree: (what: string, actual: string, expected: string) => void,
): void {
  const bound = () => (draw(12) === 0 ? new Uint8Array(0) : keyOf());
  const lower = draw(3);
  const upper = draw(3);
  const bounds: Bounds = {
    ...(lower === 1 ? { gt: bound() } : lower === 2 ? { gte: bound() } : {}),
    ...(upper === 1 ? { lt: bound() } : upper === 2 ? { lte: bound() } : {}),
    ...(draw(2) === 0 ? { reverse: true } : {}),
    ...(draw(2) === 0 ? { limit: draw(12) } : {}),
    ...(draw(2) === 0 ? { views: true } : {}),
  };
  const leaveAfter = draw(4) === 0 ? draw(6) : Number.POSITIVE_INFINITY;
  const expected = model.filter(({ key }) => withinBounds(key, bounds));
  if (bounds.reverse) expected.reverse();
  expected.length = Math.min(expected.length, bounds.limit ?? expected.length);
  const actual: string[] = [];
  let left = false;
  for (const entry of reader.range(bounds)) {
    if (actual.length >= leaveAfter) {
      left = true;
      break;
    }
    actual.push(entryText(entry));
  }
  const wanted = expected.slice(0, left ? leaveAfter : undefined).map(entryText);
  agree(`range ${boundsText(bounds)}`, actual.join(' '), wanted.join(' '));
}

function boundsText({ gt, gte, lt, lte, ...rest }: Bounds): string {
  const sides = Object.entries({ gt, gte, lt, lte })
    .filter(([, bytes]) => bytes !== undefined)
    .map(([side, bytes]) => `${side} ${hex(bytes)}`);
  return [...sides, JSON.stringify(rest)].join(' ');
}

const entryText = ({ key, value }: Entry): string => `${hex(key)}=${hex(value)}`;

function find(model: Model, key: Uint8Array): Uint8Array | undefined {
  return model.find((entry) => compareBytes(entry.key, key) === 0)?.value;
}

function applied(model: Model, batch: Batch): Model {
  let next = [...model];
  for (const operation of batch) {
    if (operation.type === 'deleteRange') {
      next = next.filter(({ key }) => !withinBounds(key, operation));
      continue;
    }
    next = next.filter(({ key }) => compareBytes(key, operation.key) !== 0);
    if (operation.type === 'put') next.push({ key: operation.key, value: operation.value });
  }
  return next.sort((a, b) => compareBytes(a.key, b.key));
}
