/**
 * The compact binary encodings, byte by byte in docs/format.md. (Interval tree clocks are bits:
 * interval-tree-code.ts. Hybrid timestamps are eight bytes: hybrid-timestamp.ts.)
 *
 * They are functions beside the clocks, so that who does not encode does not load them. Each value
 * has one encoding. Decoders take bytes from anybody: whatever is not what the encoder makes is a
 * `ClockError` `CLOCK_MALFORMED`. The first byte is the kind in its high half, the version in its
 * low one.
 */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { CausalContext, MAX_LOOSE_DOTS } from './causal-context.ts';
import { compareDots, type Dot } from './dot.ts';
import { DottedVersionVector } from './dotted-version-vector.ts';
import type { LamportTimestamp } from './lamport-clock.ts';
import { checkCounter, checkReplicaId, MAX_ID_BYTES, MAX_REPLICAS } from './replica-id.ts';
import { MAX_SIBLINGS, type SiblingEntry, SiblingSet } from './sibling-set.ts';
import { VersionVector } from './version-vector.ts';

const VERSION_VECTOR = 0x11;
const LAMPORT_TIMESTAMP = 0x21;
const DOTTED_VERSION_VECTOR = 0x41;
const SIBLING_SET = 0x51;
const CAUSAL_CONTEXT = 0x61;

export function encodeVersionVector(vector: VersionVector): Uint8Array {
  const writer = new ByteWriter(VERSION_VECTOR);
  writer.integer(vector.size);
  for (const [id, counter] of vector) {
    writer.string(id);
    writer.integer(counter);
  }
  return writer.finish();
}

export function decodeVersionVector(bytes: Uint8Array): VersionVector {
  const reader = new ByteReader(bytes, VERSION_VECTOR);
  const entries: [string, number][] = [];
  let last = '';
  for (let left = reader.count(MAX_REPLICAS, 3); left > 0; left -= 1) {
    const id = reader.stringAfter(last, MAX_ID_BYTES);
    const counter = reader.integer();
    if (counter === 0) reader.refuse('an entry without updates');
    entries.push([id, counter]);
    last = id;
  }
  reader.end();
  return VersionVector.from(entries);
}

export function encodeLamport({ time, id }: LamportTimestamp): Uint8Array {
  const writer = new ByteWriter(LAMPORT_TIMESTAMP);
  writer.integer(checkCounter(time));
  writer.string(checkReplicaId(id));
  return writer.finish();
}

export function decodeLamport(bytes: Uint8Array): LamportTimestamp {
  const reader = new ByteReader(bytes, LAMPORT_TIMESTAMP);
  const timestamp = { time: reader.integer(), id: reader.string(MAX_ID_BYTES) };
  reader.end();
  return timestamp;
}

export function encodeDottedVersionVector(version: DottedVersionVector): Uint8Array {
  const writer = new ByteWriter(DOTTED_VERSION_VECTOR);
  writer.string(version.dot.id);
  writer.integer(version.dot.counter);
  writer.blob(encodeVersionVector(version.context));
  return writer.finish();
}

export function decodeDottedVersionVector(bytes: Uint8Array): DottedVersionVector {
  const reader = new ByteReader(bytes, DOTTED_VERSION_VECTOR);
  const dot = { id: reader.string(MAX_ID_BYTES), counter: reader.integer() };
  const context = decodeVersionVector(reader.blob(bytes.length));
  if (context.covers(dot.id, dot.counter)) reader.refuse('a dot that its context covers');
  reader.end();
  return DottedVersionVector.from(dot, context);
}

/** @param encodeValue the bytes of one value */
export function encodeSiblingSet<V>(
  set: SiblingSet<V>,
  encodeValue: (value: V) => Uint8Array,
): Uint8Array {
  const writer = new ByteWriter(SIBLING_SET);
  writer.integer(set.entries.length);
  for (const { id, counter, values } of set.entries) {
    writer.string(id);
    writer.integer(counter);
    writer.integer(values.length);
    for (const value of values) writer.blob(encodeValue(value));
  }
  return writer.finish();
}

/** @param decodeValue reads one value from its bytes, a view, and throws for what is none */
export function decodeSiblingSet<V>(
  bytes: Uint8Array,
  decodeValue: (bytes: Uint8Array) => V,
): SiblingSet<V> {
  const reader = new ByteReader(bytes, SIBLING_SET);
  const entries: SiblingEntry<V>[] = [];
  let last = '';
  let siblings = 0;
  for (let left = reader.count(MAX_REPLICAS, 4); left > 0; left -= 1) {
    const id = reader.stringAfter(last, MAX_ID_BYTES);
    const counter = reader.integer();
    const count = reader.count(Math.min(counter, MAX_SIBLINGS - siblings), 1);
    if (counter === 0) reader.refuse('an entry without writes');
    const values = Array.from({ length: count }, () => decodeValue(reader.blob(bytes.length)));
    entries.push({ id, counter, values });
    last = id;
    siblings += count;
  }
  reader.end();
  return SiblingSet.from(entries);
}

export function encodeCausalContext(context: CausalContext): Uint8Array {
  const { vector } = context;
  const loose = new Map<string, Dot[]>();
  for (const dot of [...context.loose()].sort(compareDots)) {
    const dots = loose.get(dot.id);
    if (dots) dots.push(dot);
    else loose.set(dot.id, [dot]);
  }
  const writer = new ByteWriter(CAUSAL_CONTEXT);
  writer.blob(encodeVersionVector(vector));
  writer.integer(loose.size);
  for (const id of [...loose.keys()].sort()) {
    const dots = loose.get(id) ?? [];
    writer.string(id);
    writer.integer(dots.length);
    let last = vector.get(id);
    for (const { counter } of dots) {
      writer.integer(counter - last - 1);
      last = counter;
    }
  }
  return writer.finish();
}

export function decodeCausalContext(bytes: Uint8Array): CausalContext {
  const reader = new ByteReader(bytes, CAUSAL_CONTEXT);
  const vector = decodeVersionVector(reader.blob(bytes.length));
  const context = new CausalContext(vector);
  let last = '';
  let left = MAX_LOOSE_DOTS;
  for (let ids = reader.count(MAX_REPLICAS, 4); ids > 0; ids -= 1) {
    const id = reader.stringAfter(last, MAX_ID_BYTES);
    last = id;
    const dots = reader.count(left, 1);
    if (dots === 0) reader.refuse('an id without dots');
    let counter = vector.get(id);
    for (let i = 0; i < dots; i += 1) {
      const gap = reader.integer();
      counter += gap + 1;
      if (i + gap === 0 || counter > Number.MAX_SAFE_INTEGER)
        reader.refuse('a dot that is not loose');
      context.add(id, counter);
    }
    left -= dots;
  }
  reader.end();
  return context;
}
