/** Bytes from anybody become a state that joins, or are refused with a code. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrdtError, decode, encode } from '../../src/index.ts';
import { DeltaReplica, decodeSyncMessage } from '../../src/sync.ts';
import { subjects } from './subjects.ts';

function refused(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(CrdtError);
    return true;
  }
}

const change = fc.record({ at: fc.nat(1_000_000), value: fc.nat(255) });
const draws = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));

describe.each(subjects)('$name', ({ type, change: mutate }) => {
  it('survives any bytes in place of a state, and in place of an update', () => {
    fc.assert(
      fc.property(draws, fc.array(change, { maxLength: 3 }), fc.nat(3), (chance, changes, cut) => {
        const random = (): number => chance.next().value as number;
        const replica = new DeltaReplica({ type, replica: 1, maxDeltas: 4 });
        for (let step = 0; step < 8; step += 1) replica.change((state) => mutate(state, 1, random));
        const damage = (bytes: Uint8Array): Uint8Array => {
          const damaged = bytes.slice(0, bytes.length - cut);
          for (const { at, value } of changes) damaged[at % damaged.length] = value;
          return damaged;
        };
        const own = replica.state;
        refused(() => {
          const state = decode(type, damage(encode(type, own)));
          type.value(type.join(type.join(own, state), own));
          encode(type, type.join(state, own));
        });
        const other = new DeltaReplica({ type, replica: 2 });
        refused(() => other.apply(damage(replica.updateSince())));
        other.change((state) => mutate(state, 2, random));
        encode(type, other.state);
      }),
      { numRuns: 150 },
    );
  });

  it('bytes of another type or of a later format are told apart', () => {
    const bytes = encode(type, type.initial());
    for (const head of [0, (bytes[0] as number) + 1, 255]) {
      const other = bytes.slice();
      other[0] = head;
      expect(() => decode(type, other)).toThrow(
        expect.objectContaining({ code: 'CRDT_FORMAT' }) as Error,
      );
    }
  });
});

describe('messages', () => {
  it('that are none are refused, field by field', () => {
    const known = new Uint8Array(0);
    for (const plain of [
      null,
      1,
      {},
      { kind: 'exchange' },
      { kind: 'other', known },
      { kind: 'update', known },
    ]) {
      expect(refused(() => void decodeSyncMessage(plain))).toBe(true);
    }
    expect(decodeSyncMessage({ kind: 'request', known, more: 1 })).toEqual({
      kind: 'request',
      known,
    });
  });
});
