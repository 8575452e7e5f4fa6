import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvError } from '../../src/errors.ts';
import {
  decodeAnswer,
  decodeRequest,
  failure,
  failureOf,
  tagOf,
  writeRequest,
} from '../../src/forwarding.ts';

const anything = fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true });
const nearly = fc.tuple(fc.constantFrom(0, 1, 2), anything, anything, anything, anything);

describe('what a peer sends', () => {
  it('is a request or an answer, or is refused by a TypeError, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(anything, fc.array(anything), nearly), (plain) => {
        for (const decode of [decodeRequest, decodeAnswer]) {
          try {
            expect(decode(plain)).toEqual(plain);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('carries commands, tags and failures unchanged', () => {
    const whole = fc.nat(Number.MAX_SAFE_INTEGER);
    const tag = fc.record({ session: whole, sequence: whole, acknowledged: whole });
    fc.assert(
      fc.property(fc.uint8Array(), fc.option(tag, { nil: undefined }), (command, it) => {
        const request = decodeRequest(writeRequest(command, it));
        expect(request[1]).toEqual(command);
        expect(tagOf(request)).toEqual(it);
      }),
    );
    const sent = new KvError('KV_OVERLOADED', 'too much', { retryAfterMs: 50 });
    const answer = decodeAnswer(failure(sent));
    expect(answer[0] === 2 && failureOf(answer)).toMatchObject({
      code: 'KV_OVERLOADED',
      retryAfterMs: 50,
    });
  });
});
