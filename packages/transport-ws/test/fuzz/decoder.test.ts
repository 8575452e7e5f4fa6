/** 100,000 hostile frames against the reader: each is refused, or was plain data after all. */
import { measurePlain } from '@ds/transport';
import { Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec.ts';
import { FrameReader } from '../../src/frame-reader.ts';
import { Refusal } from '../../src/refusal.ts';
import { codecs } from '../support/codecs.ts';
import { HostileFrames } from '../support/hostile-frames.ts';

const FRAMES = 100_000;
const MAX_MESSAGE_BYTES = 65_536;

type Read = (frame: Buffer, deliver: (channel: string, plain: unknown) => void) => void;

const frameReader =
  (codec: Codec): Read =>
  (frame, deliver) =>
    new FrameReader({
      codec,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      deliver: (channel, plain) => {
        deliver(channel, plain);
        return true;
      },
    }).read(frame);

/** What one would write without thinking: msgpackr reads the frame. */
const msgpackrReader: Read = (frame, deliver) => {
  const values = new Unpackr({ useRecords: false }).unpackMultiple(frame) ?? [];
  for (let i = 0; i < values.length; i += 2) deliver(String(values[i]), values[i + 1]);
};

interface Outcome {
  readonly refused: number;
  readonly delivered: number;
  /** What went wrong, with the kind of frame that did it. */
  readonly violations: readonly string[];
}

function attack(read: Read, seed: number, frames: number): Outcome {
  const hostile = new HostileFrames(seed);
  let [refused, delivered] = [0, 0];
  const violations: string[] = [];
  for (let i = 0; i < frames; i += 1) {
    const { kind, bytes } = hostile.next();
    try {
      read(bytes, (channel, plain) => {
        delivered += 1;
        const size = measurePlain([channel, plain]);
        if (size > 2 * MAX_MESSAGE_BYTES) violations.push(`${kind}: ${size} bytes delivered`);
      });
    } catch (error) {
      if (error instanceof Refusal) refused += 1;
      else violations.push(`${kind}: ${String(error)}`);
    }
  }
  return { refused, delivered, violations };
}

describe.each(codecs)('the frame reader on %s', (_host, codec) => {
  it(`refuses or reads as plain data each of ${FRAMES} hostile frames`, () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const { refused, violations } = attack(frameReader(codec), seed, FRAMES);
    expect(violations, `replay with seed ${seed}`).toEqual([]);
    // Of the kinds above only flipped bits and random bytes can come out as plain data.
    expect(refused).toBeGreaterThan(FRAMES * 0.8);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect('x' in {}).toBe(false);
  });

  it('reads every honest frame', () => {
    const honest = new HostileFrames(7);
    for (let i = 0; i < 2_000; i += 1) {
      let delivered = 0;
      frameReader(codec)(honest.valid(), () => (delivered += 1));
      expect(delivered).toBeGreaterThan(0);
    }
  });
});

describe('msgpackr as a reader', () => {
  it('is caught at hostile frames', () => {
    const { violations } = attack(msgpackrReader, 1, 3_000);
    expect(violations.length).toBeGreaterThan(100);
  });
});
