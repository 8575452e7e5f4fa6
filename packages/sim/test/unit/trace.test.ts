import { World } from '@ds/sim';
import { describe, expect, it } from 'vitest';

/** Connects a with b; the result says something from a to b. */
async function pair(world: World): Promise<(message: unknown) => void> {
  const [a, b] = ['a', 'b'].map((id) =>
    world.addNode(id, ({ transport }) => {
      const channel = transport.channel('talk', (plain) => plain);
      channel.onMessage(() => {});
      return { transport, say: (message: unknown) => void channel.send('b', message) };
    }),
  );
  const connected = (): boolean => {
    return [a!, b!].every(({ handle }) => [...handle.transport.peers()].length === 1);
  };
  await world.runUntil(connected, { withinMs: 100 });
  return a!.handle.say;
}

describe('a trace', () => {
  it('lists what happened, with what was recorded', async () => {
    const world = new World({ seed: 1, trace: true });
    const say = await pair(world);
    say({ n: 1 });
    await world.runFor(20);
    world.record('checked', { fine: true });
    world.crash('a');
    const kinds = world.trace.map(({ kind, node }) => `${kind} ${node ?? 'world'}`);
    expect(kinds).toEqual([
      'start a',
      'start b',
      'send a',
      'deliver b',
      'checked world',
      'crash a',
    ]);
    expect(world.trace[3]!.data).toEqual({
      from: 'a',
      to: 'b',
      channel: 'talk',
      message: { n: 1 },
      id: 1,
    });
  });

  it('hashes what was recorded and said', async () => {
    const hashOf = async (message: unknown, fact: unknown): Promise<string> => {
      const world = new World({ seed: 1 });
      const say = await pair(world);
      say(message);
      await world.runFor(20);
      world.record('fact', fact);
      return world.traceHash();
    };
    const same = await hashOf({ list: [1, 'x'] }, 1);
    expect(await hashOf({ list: [1, 'x'] }, 1)).toBe(same);
    expect(same).toMatch(/^[0-9a-f]{16}$/);
    for (const message of [{ list: [1, 'y'] }, { list: [2, 'x'] }, Uint8Array.of(1), null, 1n]) {
      expect(await hashOf(message, 1)).not.toBe(same);
    }
    expect(await hashOf({ list: [1, 'x'] }, 2)).not.toBe(same);
  });
});

describe('forks of the seed', () => {
  it('are independent: a draw more in one shifts no other', () => {
    const [first, second] = [new World({ seed: 9 }), new World({ seed: 9 })];
    first.fork('x')();
    const draws = (world: World): number[] => Array.from({ length: 5 }, world.fork('y'));
    expect(draws(first)).toEqual(draws(second));
    expect(draws(first)).not.toEqual(Array.from({ length: 5 }, new World({ seed: 10 }).fork('y')));
    expect(first.fork('x')).toBe(first.fork('x'));
  });

  it('are uniform enough', () => {
    const random = new World({ seed: 11 }).fork('uniform');
    const buckets = new Array<number>(100).fill(0);
    for (let i = 0; i < 100_000; i += 1) buckets[Math.floor(random() * 100)]! += 1;
    const chiSquared = buckets.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    // 99 degrees of freedom: outside this range once in a million.
    expect(chiSquared).toBeGreaterThan(45);
    expect(chiSquared).toBeLessThan(180);
  });
});
