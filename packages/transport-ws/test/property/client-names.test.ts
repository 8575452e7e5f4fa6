/** No client can pass for another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayBear } from '../../src/client-handshake.ts';

// Few letters, so that one is often the beginning of another.
const letters = fc.constantFrom('a', 'b', 'é');
const identity = fc.string({ unit: letters, minLength: 1, maxLength: 3 });
const name = fc.string({ unit: fc.oneof(letters, fc.constant('/')), minLength: 1, maxLength: 6 });

/** Whether some name is open to two identities, or an identity's own is closed to it. */
function confuses(decide: typeof mayBear): boolean {
  return fc.check(
    fc.property(identity, identity, name, (one, other, borne) => {
      const own = decide(one, one) && decide(`${one}/${borne}`, one);
      return own && (one === other || !(decide(borne, one) && decide(borne, other)));
    }),
    { numRuns: 3_000 },
  ).failed;
}

describe('the name of a client', () => {
  it('is open to one identity, and each has its own', () => {
    expect(confuses(mayBear)).toBe(false);
  });

  it('would not be if the decision were made carelessly', () => {
    const beginsWith: typeof mayBear = (borne, id) => borne.startsWith(id);
    const anywhere: typeof mayBear = (borne, id) => borne.split('/').includes(id);
    const onlyItself: typeof mayBear = (borne, id) => borne === id;
    for (const planted of [beginsWith, anywhere, onlyItself]) {
      expect(confuses(planted)).toBe(true);
    }
  });
});
