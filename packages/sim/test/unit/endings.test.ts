import { explore, mustProgress, type NodeEnvironment, type SimulationError, World } from '@ds/sim';
import { Requests } from '@ds/transport';
import { describe, expect, it } from 'vitest';

async function rejection(promise: Promise<unknown>): Promise<SimulationError> {
  return promise.then(
    () => expect.unreachable('it was expected to fail'),
    (error: unknown) => error as SimulationError,
  );
}

const ticking = ({ clock }: NodeEnvironment): void => {
  const tick = (): void => void clock.setTimer(1, tick);
  tick();
};

describe('a scenario that never ends', () => {
  it('is ended when its events are spent, and the last node is named', async () => {
    const scenario = async (seed: number): Promise<void> => {
      const world = new World({ seed, maxEvents: 500 });
      world.addNode('ticker', ticking);
      for (;;) await world.runFor(100);
    };
    const error = await rejection(explore({ scenario, seeds: 3, firstSeed: 7 }));
    expect(error).toMatchObject({ code: 'SIM_SCENARIO_FAILED', seed: 7, node: 'ticker' });
    expect(error.cause).toMatchObject({ code: 'SIM_ENDLESS', seed: 7, node: 'ticker', atMs: 501 });
  });

  it('is ended when its virtual time is spent, also when nothing happens in it', async () => {
    for (const populate of [ticking, () => {}]) {
      const world = new World({ seed: 8, maxVirtualMs: 1_000 });
      world.addNode('a', populate);
      await world.runFor(1_000);
      const error = await rejection(world.runFor(10));
      expect(error).toMatchObject({ code: 'SIM_ENDLESS', seed: 8 });
      expect(error.message).toContain('within 1000 ms of virtual time');
    }
  });

  it('has budgets that mean something', () => {
    for (const name of ['maxEvents', 'maxVirtualMs', 'maxEventsPerInstant']) {
      for (const value of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => new World({ seed: 1, [name]: value })).toThrow(RangeError);
      }
    }
  });
});

describe('a scenario that promised to leave nothing behind', () => {
  const close = async (factory: (environment: NodeEnvironment) => unknown): Promise<void> => {
    const world = new World({ seed: 9, leavesNothing: true });
    world.addNode('tidy', ({ clock }) => {
      const timer = clock.setTimer(1_000, () => {});
      return { stop: () => timer.cancel() };
    });
    world.addNode('asked', () => {});
    world.addNode('untidy', factory);
    await world.runFor(100);
    await world.close();
  };

  it('is held to it: a timer', async () => {
    const error = await rejection(close(({ clock }) => void clock.setTimer(1_000, () => {})));
    expect(error).toMatchObject({ code: 'SIM_LEFT_BEHIND', seed: 9, node: 'untidy' });
    expect(error.message).toContain('1 timers (the next in 900 ms)');
    expect((error.cause as Error).stack).toContain('endings.test.ts');
  });

  it('is held to it: a sync that nobody waited for', async () => {
    const untidy = ({ fileSystem }: NodeEnvironment) => ({
      stop: () => void fileSystem.syncDirectory('/'),
    });
    const error = await rejection(close(untidy));
    expect(error).toMatchObject({ code: 'SIM_LEFT_BEHIND', node: 'untidy' });
    expect(error.message).toContain('1 syncs under way');
  });

  it('is held to it: an open request', async () => {
    const untidy = ({ transport, clock, random }: NodeEnvironment): void => {
      const decodeRequest = String;
      const decodeResponse = String;
      const ports = { transport, clock, random };
      const requests = new Requests({ ...ports, name: 'ask', decodeRequest, decodeResponse });
      const ask = (): void => {
        requests.request('asked', 'anybody?', { timeoutMs: 5_000 }).catch(() => {});
      };
      transport.onPeer(({ peer }) => peer === 'asked' && ask());
    };
    const error = await rejection(close(untidy));
    expect(error).toMatchObject({ code: 'SIM_LEFT_BEHIND', node: 'untidy' });
  });

  it('passes when it has kept its promise, and one that promised nothing is let be', async () => {
    await close(() => ({}));
    const world = new World({ seed: 9 });
    world.addNode('untidy', ({ clock }) => void clock.setTimer(1_000, () => {}));
    await world.close();
  });
});

describe('when the faults are over', () => {
  const counter = ({ clock }: NodeEnvironment): { count: number } => {
    const counting = { count: 0 };
    const count = (): void => {
      counting.count += 1;
      clock.setTimer(10, count);
    };
    count();
    return counting;
  };

  it('a quorum has to make progress in time, without those that stay down', async () => {
    const world = new World({ seed: 10 });
    const [a, b] = ['a', 'b', 'c'].map((id) => world.addNode(id, counter).handle);
    await mustProgress(world, {
      progress: { a: () => a!.count, b: () => b!.count },
      by: 5,
      withinMs: 60,
      without: ['c'],
    });
    expect(world.now).toBe(50);
    expect(world.node('c').state).toBe('crashed');
  });

  it('a stall tells what stands still, and what each node waits for', async () => {
    const world = new World({ seed: 10 });
    const a = world.addNode('a', counter).handle;
    const b = world.addNode('b', counter).handle;
    world.pause('b');
    const progress = { 'reads of a': () => a.count, 'reads of b': () => b.count };
    const error = await rejection(mustProgress(world, { progress, withinMs: 100 }));
    expect(error).toMatchObject({ code: 'SIM_STALLED', seed: 10, atMs: 100 });
    expect(error.message).toContain('within 100 ms of calm: reads of b at 1 of 2');
    expect(error.message).not.toContain('reads of a');
    expect(error.message).toMatch(/a: running \(boot 1\), 1 timers/);
    expect(error.message).toMatch(/b: paused \(boot 1\), 1 timers/);
  });
});
