/** People who write and lose the network, in every order a seed can choose, end with one text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gathering, type Person, until } from '../support/people.ts';

interface Step {
  readonly who: number;
  readonly what: 'insert' | 'remove' | 'cut' | 'heal' | 'pause';
  readonly at: number;
  readonly text: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(2),
  what: fc.constantFrom('insert', 'insert', 'insert', 'remove', 'cut', 'heal', 'pause'),
  at: fc.nat(1_000),
  text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
});

async function play(person: Person, { what, at, text: inserted }: Step): Promise<void> {
  const { length } = person.text;
  if (what === 'insert') person.insert(at % (length + 1), inserted);
  else if (what === 'remove' && length > 0) person.remove(at % length, 1);
  else if (what === 'cut') person.cut();
  else if (what === 'heal') person.heal();
  else if (what === 'pause') await new Promise((resolve) => setImmediate(resolve));
}

/** Whether everybody and the server have the same text in the end. */
async function converges(steps: readonly Step[], unaware: boolean): Promise<boolean> {
  const gathering = new Gathering({ unaware });
  const people = ['ada', 'ben', 'cleo'].map((name) => gathering.join(name));
  for (const each of steps) await play(people[each.who]!, each);
  for (const person of people) person.heal();
  const same = (): boolean => {
    const server = gathering.store.text.toString();
    return people.every(({ text }) => text.toString() === server && text.pending === 0);
  };
  const alike = await until(same, unaware ? 50 : 3_000);
  gathering.close();
  return alike;
}

const steps = fc.array(step, { minLength: 10, maxLength: 60 });

describe('a note', () => {
  it('is the same for everybody once the network is back, whatever they did meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (each) => converges(each, false)),
      { numRuns: 80 },
    );
  });

  it('would not be if nobody noticed that a connection has come up', async () => {
    const found = await fc.check(
      fc.asyncProperty(steps, (each) => converges(each, true)),
      { numRuns: 100, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });
});
