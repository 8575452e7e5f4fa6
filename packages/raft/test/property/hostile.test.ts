import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeMessage, encodeMessage, type RaftMessage } from '../../src/core/message.ts';
import { Group } from '../unit/group.ts';

const index = fc.oneof(fc.nat(6), fc.constantFrom(2 ** 32, 2 ** 50));
const kind = fc.nat(14);
const field = fc.oneof(
  index,
  fc.boolean(),
  fc.uint8Array({ maxLength: 4 }),
  fc.constantFrom<unknown>(null, -1, 0.5, Number.NaN, 2 ** 53, 'x', undefined, [], {}),
);

it('the decoder gives a message that means the same again, or throws a TypeError', () => {
  fc.assert(
    fc.property(fc.tuple(kind, fc.array(field, { maxLength: 10 })), ([code, fields]) => {
      let message: RaftMessage;
      try {
        message = decodeMessage([code, ...fields]);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      expect(decodeMessage(encodeMessage(message))).toEqual(message);
    }),
    { numRuns: 3_000 },
  );
});

/** Well formed, of any term and index: what a broken or hostile member might say. */
const message: fc.Arbitrary<RaftMessage> = fc
  .tuple(kind, fc.array(fc.oneof(index, index, fc.boolean(), fc.uint8Array({ maxLength: 2 }))))
  .map(([code, fields]) => {
    try {
      return decodeMessage([code, ...fields]);
    } catch {
      return { kind: 'append-response', term: 1, matchIndex: 2 ** 40 } as const;
    }
  });

it('no message throws, loses what is committed, or keeps the others from going on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('c', 'stranger'), message), {
        maxLength: 30,
      }),
      (attacks) => {
        const group = new Group({ a: {}, b: {}, c: {} });
        group.elect('a');
        group.propose('a');
        group.settle();
        const before = group.member('a').terms.slice(0, group.core('a').commitIndex);
        for (const [to, from, attack] of attacks) {
          group.receive(to, from, attack);
          group.deliver(({ from: sender }) => sender !== 'c');
        }
        for (const id of ['a', 'b']) {
          expect(group.member(id).terms.slice(0, before.length)).toEqual(before);
          expect(group.core(id).term).toBeLessThanOrEqual(31 * 2 ** 32);
        }
        // The liar falls silent, and the other two make a majority.
        group.cut('c');
        for (let i = 0; i < 20 && group.core('a').role !== 'leader'; i += 1) {
          group.timeout('a');
          group.settle();
        }
        expect(group.core('a').role).toBe('leader');
      },
    ),
    { numRuns: 500 },
  );
});
