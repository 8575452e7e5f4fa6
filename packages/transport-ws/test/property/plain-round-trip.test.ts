/** What one node writes the other reads as the same plain data, at the size that was measured. */
import { measurePlain } from '@ds/transport';
import { sameMessage } from '@ds/transport/conformance';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec.ts';
import { FrameReader } from '../../src/frame-reader.ts';
import { FrameWriter, MAX_NUMBERED_CHANNELS } from '../../src/frame-writer.ts';
import { PlainReader } from '../../src/plain-reader.ts';
import { codecs } from '../support/codecs.ts';

const text = fc.string({ unit: 'binary', maxLength: 300 }).filter((value) => value.isWellFormed());
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    text,
    fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Uint8Array.from(bytes)),
    fc.array(tie('value'), { maxLength: 40 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 20, noNullPrototype: true },
    ),
  ),
})).value;

type Messages = readonly (readonly [channel: string, message: unknown])[];

function frames(codec: Codec, messages: Messages): Uint8Array[] {
  const written: Uint8Array[] = [];
  const writer = new FrameWriter(codec, (frame) => written.push(frame));
  for (const [channel, message] of messages) writer.add(channel, message);
  writer.flush();
  return written;
}

/** What arrives at `codec`: frames in fresh bytes of the kind its sockets make. */
function read(codec: Codec, written: readonly Uint8Array[]): [channel: string, message: unknown][] {
  const received: [string, unknown][] = [];
  const reader = new FrameReader({
    codec,
    maxMessageBytes: 2 ** 24,
    deliver: (...delivered) => received.push(delivered) > 0,
  });
  for (const sent of written) {
    const frame = codec.allocate(sent.length);
    frame.set(sent);
    reader.read(frame);
    // A socket may use its buffers again: nothing delivered may lie in them.
    frame.fill(0xff);
  }
  return received;
}

const pairs = codecs.flatMap(([from, writing]) =>
  codecs.map(([to, reading]) => ({ from, writing, to, reading })),
);

describe.each(pairs)('a message from $from to $to', ({ writing, reading }) => {
  it('is read as it was written, on its channel and in order', () => {
    const name = fc.string({ minLength: 1, maxLength: 16 }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(fc.array(fc.tuple(name, plain), { minLength: 1, maxLength: 30 }), (messages) => {
        const expected = structuredClone(messages);
        const received = read(reading, frames(writing, messages));
        expect(received.length).toBe(expected.length);
        for (const [i, [channel, message]] of received.entries()) {
          expect(channel).toBe(expected[i]![0]);
          expect(sameMessage(message, expected[i]![1])).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes the bytes that measurePlain counted', () => {
    for (const message of fc.sample(plain, 1_000)) {
      const [sent] = frames(writing, [['c', message]]);
      const frame = reading.allocate(sent!.length);
      frame.set(sent!);
      const reader = new PlainReader(reading);
      reader.load(frame);
      expect(reader.read()).toBe('c');
      const start = reader.position;
      reader.read();
      expect(reader.position - start).toBe(measurePlain(message));
    }
  });

  it('arrives also when there are more channels than numbers', () => {
    const count = MAX_NUMBERED_CHANNELS + 50;
    const once = Array.from({ length: count }, (_, i) => [`channel ${i}`, i] as const);
    const messages = [...once, ...once];
    expect(read(reading, frames(writing, messages))).toEqual(
      messages.map((message) => [...message]),
    );
  });

  it('larger than a slab travels alone, and smaller ones around it keep their order', () => {
    const messages = [10, 200_000, 10, 60_000, 60_000, 10].map(
      (length, i) => ['c', new Uint8Array(length).fill(i)] as const,
    );
    const received = read(reading, frames(writing, messages)).map(
      ([, message]) => message as Uint8Array,
    );
    expect(received.map((bytes) => [bytes.length, bytes[0]])).toEqual(
      messages.map(([, bytes]) => [bytes.length, bytes[0]]),
    );
  });

  it('shares no byte with another, though small ones share a buffer', () => {
    const bodies = Array.from({ length: 500 }, (_, i) => new Uint8Array(i % 150).fill(i));
    const received = read(
      reading,
      frames(
        writing,
        bodies.map((body) => ['c', body]),
      ),
    ).map(([, m]) => m as Uint8Array);
    for (const [i, bytes] of received.entries()) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      expect(bytes.every((byte) => byte === i % 256)).toBe(true);
      bytes.fill(0);
    }
  });
});

describe('a message on its way out', () => {
  it('is the same bytes whichever host writes it', () => {
    for (const message of fc.sample(plain, 1_000)) {
      const [[, first], ...others] = codecs.map(([host, codec]) => [
        host,
        Buffer.concat(frames(codec, [['c', message]])).toString('hex'),
      ]) as [[string, string], ...[string, string][]];
      for (const [host, bytes] of others) expect(bytes, host).toBe(first);
    }
  });
});
