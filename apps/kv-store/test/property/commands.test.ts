import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Condition,
  decodeCommand,
  decodeOutcome,
  encodeCommand,
  encodeOutcome,
  type KvOperation,
  type Outcome,
} from '../../src/commands.ts';

const version = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const condition: fc.Arbitrary<Condition | undefined> = fc.option(
  fc.oneof(
    fc.record({ type: fc.constant('version' as const), version }),
    fc.constantFrom({ type: 'exists' as const }, { type: 'absent' as const }),
  ),
  { nil: undefined },
);
const key = fc.uint8Array({ minLength: 1, maxLength: 40 });
const operation: fc.Arbitrary<KvOperation> = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    key,
    value: fc.uint8Array({ maxLength: 300 }),
    condition,
  }),
  fc.record({ type: fc.constantFrom('delete' as const, 'check' as const), key, condition }),
);
const operations = fc.array(operation, { minLength: 1, maxLength: 8 });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    status: fc.constant('done' as const),
    version,
    found: fc.array(fc.constantFrom('unknown', 'present', 'absent'), {
      minLength: 1,
      maxLength: 9,
    }),
  }),
  fc.record({
    status: fc.constant('conflict' as const),
    operation: fc.nat(),
    currentVersion: version,
  }),
  fc.constant({ status: 'malformed' as const }),
);

describe('commands and outcomes as bytes', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(operations, (batch) => {
        expect(decodeCommand(encodeCommand(batch))).toEqual(batch);
      }),
    );
    fc.assert(
      fc.property(outcome, (it) => {
        expect(decodeOutcome(encodeOutcome(it))).toEqual(it);
      }),
    );
  });

  it('have one encoding: what decodes encodes to the same bytes', () => {
    const mutated = fc.tuple(operations, fc.nat(), fc.nat(255)).map(([batch, at, byte]) => {
      const bytes = encodeCommand(batch);
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        let batch: KvOperation[];
        try {
          batch = decodeCommand(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        expect(encodeCommand(batch)).toEqual(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are refused when cut short or continued, at every place', () => {
    fc.assert(
      fc.property(operations, fc.nat(), (batch, at) => {
        const bytes = encodeCommand(batch);
        expect(() => decodeCommand(bytes.subarray(0, at % bytes.length))).toThrow(RangeError);
        expect(() => decodeCommand(Uint8Array.of(...bytes, 0))).toThrow(RangeError);
      }),
    );
    fc.assert(
      fc.property(outcome, fc.nat(), (it, at) => {
        const bytes = encodeOutcome(it);
        expect(() => decodeOutcome(bytes.subarray(0, at % bytes.length))).toThrow(RangeError);
        expect(() => decodeOutcome(Uint8Array.of(...bytes, 0))).toThrow(RangeError);
      }),
    );
  });

  it('never claim more than they are long: a huge length is refused, not allocated', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    expect(() => decodeCommand(Uint8Array.of(1, 1, 1, ...huge, 65))).toThrow(RangeError);
    expect(() => decodeCommand(Uint8Array.of(1, ...huge))).toThrow(RangeError);
    expect(() => decodeOutcome(Uint8Array.of(1, 0, 1, ...huge))).toThrow(RangeError);
  });
});
