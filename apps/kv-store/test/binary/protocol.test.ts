/** What travels between binary clients and nodes arrives as it was sent, and nothing else does. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type BinaryAnswer,
  type BinaryRequest,
  decodeAnswer,
  decodeFound,
  decodePage,
  decodeRequest,
  decodeSession,
  encodeAnswer,
  encodeFound,
  encodePage,
  encodeRequest,
} from '../../src/binary/protocol.ts';
import { KvError } from '../../src/errors.ts';

const bytes = fc.uint8Array({ maxLength: 20 });
const whole = fc.maxSafeNat();
const optionalBytes = fc.option(bytes, { nil: undefined });
const tag = fc.record({ session: whole, sequence: whole, acknowledged: whole });
const entry = fc.record({ key: bytes, version: whole, value: bytes });

const request: fc.Arbitrary<BinaryRequest> = fc.oneof(
  fc.record({ kind: fc.constant('get' as const), key: bytes, stale: fc.boolean() }),
  fc.record({
    kind: fc.constant('write' as const),
    command: bytes,
    tag: fc.option(tag, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('session' as const) }),
  fc.record({
    kind: fc.constant('scan' as const),
    prefix: optionalBytes,
    after: optionalBytes,
    limit: whole,
    stale: fc.boolean(),
  }),
);

it('a request arrives as it was sent', () => {
  fc.assert(
    fc.property(request, (sent) => {
      expect(decodeRequest(encodeRequest(sent))).toEqual(sent);
    }),
  );
});

it('an answer arrives as it was sent, an error with all its facts', () => {
  const leader = fc.option(fc.string(), { nil: undefined });
  const fact = fc.option(whole, { nil: undefined });
  fc.assert(
    fc.property(bytes, leader, fc.string(), fact, fact, fact, (result, by, message, ...facts) => {
      const sent: BinaryAnswer = { kind: 'result', result, leader: by };
      expect(decodeAnswer(encodeAnswer(sent))).toEqual(sent);
      const [retryAfterMs, currentVersion, operation] = facts;
      const options = { retryAfterMs, currentVersion, operation };
      const error = new KvError('KV_CONFLICT', message, options);
      const arrived = decodeAnswer(encodeAnswer({ kind: 'error', error }));
      expect(arrived).toMatchObject({
        kind: 'error',
        error: { code: 'KV_CONFLICT', message, ...options },
      });
    }),
  );
});

it('values and pages arrive as they were sent', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), fc.boolean(), (entries, more) => {
      expect(decodePage(encodePage({ entries, more }))).toEqual({ entries, more });
      for (const { version, value } of entries) {
        expect(decodeFound(encodeFound({ version, value }))).toEqual({ version, value });
      }
      expect(decodeFound(encodeFound(undefined))).toBeUndefined();
    }),
  );
});

it('what nobody of ours says is refused, whatever it is', () => {
  // Nearly right is the hard case: the right kind, and anything after it.
  const near = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.array(fc.anything(), { maxLength: 5 }));
  const plain = fc.oneof(
    fc.anything(),
    near.map(([kind, rest]) => [kind, ...rest]),
  );
  fc.assert(
    fc.property(plain, (said) => {
      for (const decode of [decodeRequest, decodeAnswer, decodeFound, decodePage, decodeSession]) {
        try {
          decode(said);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }
    }),
  );
  for (const bad of [[1, 'key', false], [2, 'command'], [3, 1], [9], null, 'hello', [2, bytes, 1]])
    expect(() => decodeRequest(bad)).toThrow(TypeError);
});
