import { type NodeEnvironment, SimulationError, World, type WorldOptions } from '@ds/sim';
import { describe, expect, it } from 'vitest';

const uses: Record<string, () => unknown> = {
  setTimeout: () => setTimeout(() => {}, 1),
  setInterval: () => setInterval(() => {}, 1),
  setImmediate: () => setImmediate(() => {}),
  'Date.now': () => Date.now(),
  'new Date()': () => new Date(),
  'Math.random': () => Math.random(),
  performance: () => performance.now(),
  fetch: () => fetch('http://localhost:1'),
  crypto: () => crypto.randomUUID(),
  'AbortSignal.timeout': () => AbortSignal.timeout(1),
};

async function failureOf(
  factory: (environment: NodeEnvironment) => unknown,
  options: Partial<WorldOptions> = {},
): Promise<SimulationError | undefined> {
  const world = new World({ seed: 5, ...options });
  try {
    world.addNode('fine', () => {});
    world.addNode('bad', factory);
    await world.runFor(10);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(SimulationError);
    return error as SimulationError;
  } finally {
    await world.close();
  }
}

describe('hosted code that reaches past its ports is told so', () => {
  it.each(Object.entries(uses))('%s', async (what, use) => {
    const error = await failureOf(({ clock }) => void clock.setTimer(3, use));
    expect(error).toMatchObject({ code: 'SIM_REAL_WORLD', seed: 5, node: 'bad', atMs: 3 });
    expect(error?.message).toContain(`node 'bad' used ${what}, at 3 ms of seed 5`);
    expect((error as { cause: Error }).cause.stack).toContain('real-world.test.ts');
  });

  it('in a factory, after an await, under runForSync, and when it catches the error', async () => {
    const code = 'SIM_REAL_WORLD';
    const now = (): unknown => uses['Date.now']?.();
    expect(await failureOf(now)).toMatchObject({ code, atMs: 0 });
    const later = async (): Promise<void> => {
      for (let i = 0; i < 100; i += 1) await Promise.resolve();
      now();
    };
    expect(await failureOf(({ clock }) => void clock.setTimer(2, later))).toMatchObject({ code });
    const quiet = (): void => {
      try {
        now();
      } catch {
        // As a protocol would that takes every error for the network's.
      }
    };
    expect(await failureOf(({ clock }) => void clock.setTimer(2, quiet))).toMatchObject({ code });
    const world = new World({ seed: 5 });
    world.addNode('bad', ({ clock }) => void clock.setTimer(2, now));
    expect(() => world.runForSync(5)).toThrow("node 'bad' used Date.now");
  });

  it('in the handler of a message, where the receiver is to blame', async () => {
    const world = new World({ seed: 6 });
    for (const id of ['a', 'b']) {
      world.addNode(id, ({ transport }) => {
        const channel = transport.channel('talk', String);
        channel.onMessage(() => void Math.random());
        if (id === 'a') transport.onPeer(({ peer }) => channel.send(peer, 'hello'));
      });
    }
    const error = await world.runFor(1_000).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SIM_REAL_WORLD', node: 'b' });
  });
});

describe('everyone else goes on as before', () => {
  it('dates that are given, microtasks and promises are nobody’s business', async () => {
    let seen = '';
    const error = await failureOf(({ clock }) => {
      clock.setTimer(1, () => {
        queueMicrotask(() => {
          seen = new Date(0).toISOString() + Date.UTC(2024, 0) + (new Date(5) instanceof Date);
        });
      });
    });
    expect(error).toBeUndefined();
    expect(seen).toContain('1970');
  });

  it('the test itself, also between two events, and the host meanwhile', async () => {
    const world = new World({ seed: 1 });
    let events = 0;
    world.addNode('busy', ({ clock }) => {
      const again = (): void => {
        events += 1;
        clock.setTimer(1, again);
      };
      again();
    });
    let beats = 0;
    const timer = setInterval(() => {
      beats += Math.ceil(Math.random()) + Math.sign(Date.now());
    }, 0);
    await world.runUntil(() => Date.now() > 0 && beats > 4, { withinMs: 1e9 });
    clearInterval(timer);
    expect(events).toBeGreaterThan(1);
  });

  it('the globals are themselves again afterwards', async () => {
    const taken = (): unknown[] => [setTimeout, Date, Date.now, Math.random, AbortSignal.timeout];
    const before = taken();
    let during: unknown[] = [];
    await failureOf(({ clock }) => void clock.setTimer(1, () => (during = [setTimeout, Date])));
    expect(during[0]).not.toBe(before[0]);
    expect(taken()).toEqual(before);
    expect(taken().every((each, i) => each === before[i])).toBe(true);
    await failureOf(({ clock }) => void clock.setTimer(1, () => Date.now()));
    expect(taken().every((each, i) => each === before[i])).toBe(true);
  });

  it('a world that allows it', async () => {
    const use = ({ clock }: NodeEnvironment): void => void clock.setTimer(1, () => Date.now());
    expect(await failureOf(use, { allowRealWorld: true })).toBeUndefined();
  });
});
