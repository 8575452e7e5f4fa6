import { type NodeEnvironment, SimulationError, World } from '@ds/sim';
import { describe, expect, it } from 'vitest';

/** Sends numbers and keeps what it gets. */
class Talker {
  readonly received: unknown[] = [];
  readonly environment: NodeEnvironment;
  readonly #channel;

  constructor(environment: NodeEnvironment) {
    this.environment = environment;
    this.#channel = environment.transport.channel('talk', (plain) => plain);
    this.#channel.onMessage((from, message) => this.received.push([from, message]));
  }

  say(to: string, message: unknown): string {
    return this.#channel.send(to, message);
  }
}

const talker = (environment: NodeEnvironment): Talker => new Talker(environment);

async function pairOfTalkers(world: World): Promise<[Talker, Talker]> {
  const [a, b] = [world.addNode('a', talker), world.addNode('b', talker)];
  await world.runUntil(() => [...a.handle.environment.transport.peers()].length === 1, {
    withinMs: 100,
  });
  return [a.handle, b.handle];
}

async function rejection(promise: Promise<unknown>): Promise<SimulationError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SimulationError);
  return error as SimulationError;
}

describe('time', () => {
  it('passes only while the world runs, and idle years cost nothing', async () => {
    const world = new World({ seed: 1 });
    const fired: number[] = [];
    world.addNode('a', ({ clock }) => {
      clock.setTimer(365 * 86_400_000, () => fired.push(clock.monotonic()));
    });
    expect(world.now).toBe(0);
    await world.runFor(364 * 86_400_000);
    expect(fired).toEqual([]);
    await world.runFor(2 * 86_400_000);
    expect(fired).toEqual([365 * 86_400_000]);
    expect(world.now).toBe(366 * 86_400_000);
  });

  it('stands still until all promises of an event have run', async () => {
    const world = new World({ seed: 1 });
    const order: string[] = [];
    world.addNode('a', ({ clock }) => {
      clock.setTimer(1, async () => {
        for (let i = 0; i < 1_000; i += 1) await Promise.resolve();
        order.push(`first at ${clock.monotonic()}`);
      });
      clock.setTimer(1, () => void order.push('second'));
    });
    await world.runFor(2);
    expect(order).toEqual(['first at 1', 'second']);
  });

  it('runs without draining promises on request', () => {
    const world = new World({ seed: 1 });
    let fired = 0;
    world.addNode('a', ({ clock }) => {
      const again = (): void => {
        fired += 1;
        clock.setTimer(1, again);
      };
      again();
    });
    world.runForSync(1_000);
    expect(fired).toBe(1_001);
  });

  it('can be wrong on one machine: offset and drift', async () => {
    const world = new World({ seed: 1, wallMs: 1_000_000 });
    const node = world.addNode('a', ({ clock }) => clock);
    node.clock.setOffset(-500);
    node.clock.setDrift(100_000);
    let firedAt = 0;
    node.handle.setTimer(1_100, () => (firedAt = world.now));
    await world.runFor(2_000);
    expect(firedAt).toBeCloseTo(1_000, 2);
    expect(node.handle.monotonic()).toBeCloseTo(2_200, 6);
    expect(node.handle.now()).toBeCloseTo(1_000_000 - 500 + 2_200, 6);
  });
});

describe('a crashed node', () => {
  it('never runs again: no timer, no message, no sync', async () => {
    const world = new World({ seed: 1 });
    const [a] = await pairOfTalkers(world);
    const ghosts: string[] = [];
    const b = world.node<Talker>('b').handle;
    b.environment.clock.setTimer(5, () => ghosts.push('timer'));
    const file = b.environment.fileSystem.open('f', { mode: 'create' });
    void file.datasync().then(
      () => ghosts.push('synced'),
      () => ghosts.push('failed'),
    );
    a.say('b', 'too late');
    world.crash('b');
    expect(world.node('b').state).toBe('crashed');
    expect(() => world.node('b').handle).toThrow(SimulationError);
    b.environment.clock.setTimer(1, () => ghosts.push('timer set by the dead'));
    expect(() => b.say('a', 1)).toThrow('closed');
    expect(() => file.size()).toThrow('crashed');
    await world.runFor(5_000);
    expect(ghosts).toEqual([]);
    expect(b.received).toEqual([]);
  });

  it('may still be heard, and is missed by the others only later', async () => {
    const world = new World({ seed: 1 });
    const [a, b] = await pairOfTalkers(world);
    const events: string[] = [];
    b.environment.transport.onPeer(({ kind }) => events.push(kind));
    a.say('b', 'last words');
    world.crash('a');
    expect([...b.environment.transport.peers()]).toEqual(['a']);
    expect(b.say('a', 'hello?')).toBe('queued');
    await world.runFor(10);
    expect(b.received).toEqual([['a', 'last words']]);
    expect(events).toEqual([]);
    await world.runFor(1_000);
    expect(events).toEqual(['down']);
    expect(b.say('a', 'hello?')).toBe('unreachable');
    world.restart('a');
    await world.runFor(100);
    expect(events).toEqual(['down', 'up']);
    expect(world.node<Talker>('a').handle.environment.boot).toBe(2);
  });

  it('starts again on what its disk kept', async () => {
    const world = new World({ seed: 3 });
    const factory = async ({ fileSystem }: NodeEnvironment): Promise<number> => {
      const file = fileSystem.open('boots', { mode: 'write' });
      await fileSystem.syncDirectory('/');
      const boots = file.size() + 1;
      file.write(file.size(), Uint8Array.of(1));
      await file.datasync();
      file.write(boots, new Uint8Array(5_000));
      return boots;
    };
    const node = world.addNode('a', factory);
    expect(node.state).toBe('starting');
    await world.runUntil(() => node.state === 'running', { withinMs: 100 });
    expect(node.handle).toBe(1);
    world.restart('a', async (environment: NodeEnvironment) => {
      const file = environment.fileSystem.open('boots', { mode: 'read' });
      return file.size();
    });
    await world.runFor(1);
    expect(node.handle).toBeGreaterThanOrEqual(1);
  });

  it('takes the same way when a disk call crashes it, and nobody is blamed', async () => {
    const world = new World({ seed: 1 });
    const node = world.addNode('a', ({ clock, fileSystem }) => {
      // Nothing handles what this rejects with: the machine is gone.
      const work = async (): Promise<void> => {
        await Promise.resolve();
        fileSystem.open('f', { mode: 'write' });
      };
      clock.setTimer(1, () => void work());
    });
    node.disk.failAt(node.disk.calls, 'crash');
    await world.runFor(5);
    expect(node.state).toBe('crashed');
    expect(world.counts().crashes).toBe(1);
  });
});

describe('a paused node', () => {
  it('does nothing until it resumes, and then all of it in order', async () => {
    const world = new World({ seed: 1 });
    const [a, b] = await pairOfTalkers(world);
    const at: number[] = [];
    b.environment.clock.setTimer(10, () => at.push(world.now));
    const cancelled = b.environment.clock.setTimer(15, () => at.push(-1));
    b.environment.clock.setTimer(12, () => cancelled.cancel());
    a.say('b', 1);
    a.say('b', 2);
    const start = world.now;
    world.pause('b');
    await world.runFor(19);
    expect([at, b.received]).toEqual([[], []]);
    world.resume('b');
    await world.runFor(1);
    expect(at).toEqual([start + 19]);
    expect(b.received).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
  });
});

describe('the network', () => {
  it('blocks one way only', async () => {
    const world = new World({ seed: 1 });
    const [a, b] = await pairOfTalkers(world);
    world.block('a', 'b');
    a.say('b', 'lost');
    b.say('a', 'heard');
    await world.runFor(15);
    expect([a.received, b.received]).toEqual([[['b', 'heard']], []]);
    expect(world.counts().lost).toBe(1);
  });

  it('is cut into groups, and healed', async () => {
    const world = new World({ seed: 1 });
    const nodes = ['a', 'b', 'c', 'd'].map((id) => world.addNode(id, talker));
    await world.runFor(50);
    world.partition([['a', 'b'], ['c']]);
    await world.runFor(3_000);
    const peers = (): string[] =>
      nodes.map(({ handle }) => [...handle.environment.transport.peers()].sort().join(''));
    expect(peers()).toEqual(['bd', 'ad', 'd', 'abc']);
    world.heal();
    await world.runFor(100);
    expect(peers()).toEqual(['bcd', 'acd', 'abd', 'abc']);
    expect(() => world.partition([['a'], ['x']])).toThrow("there is no node 'x'");
  });

  it('loses, doubles and reorders as often as it is told', async () => {
    const world = new World({ seed: 1, network: { loss: 0.2, duplicate: 0.1, reorder: 0.3 } });
    const [a, b] = await pairOfTalkers(world);
    for (let i = 0; i < 5_000; i += 1) a.say('b', i);
    await world.runFor(1_000);
    const { lost, duplicated, reordered, delivered } = world.counts();
    expect(Math.abs(lost - 1_000)).toBeLessThan(100);
    expect(Math.abs(duplicated - 400)).toBeLessThan(80);
    expect(Math.abs(reordered - 1_500)).toBeLessThan(120);
    expect(delivered).toBe(5_000 - lost + duplicated);
    const numbers = b.received.map((each) => (each as [string, number])[1]);
    expect(numbers).not.toEqual([...numbers].sort((x, y) => x - y));
    world.configureNetwork({ loss: 1 });
    a.say('b', 'never');
    await world.runFor(1_000);
    expect(world.counts().lost).toBe(lost + 1);
  });

  it('delays within its bounds', async () => {
    const delay = { minMs: 5, meanMs: 10, maxMs: 30 };
    const world = new World({ seed: 1, network: { delay } });
    const [a, b] = await pairOfTalkers(world);
    let total = 0;
    for (let i = 0; i < 500; i += 1) {
      const before = world.now;
      a.say('b', i);
      await world.runUntil(() => b.received.length === i + 1, { withinMs: 31 });
      expect(world.now - before).toBeGreaterThanOrEqual(5);
      total += world.now - before;
    }
    expect(Math.abs(total / 500 - 10)).toBeLessThan(1);
  });

  it('delivers nothing of an earlier connection, unless it reorders', async () => {
    for (const reorder of [0, 0.001]) {
      const world = new World({
        seed: 1,
        network: { reorder, delay: { minMs: 500, meanMs: 500, maxMs: 500 } },
      });
      const [a] = await pairOfTalkers(world);
      a.say('b', 'old');
      world.crash('b', { disk: 'process' });
      const b = world.restart<Talker>('b');
      await world.runFor(600);
      expect(b.handle.received).toEqual(reorder === 0 ? [] : [['a', 'old']]);
    }
  });
});

describe('an error names the seed, the node, the time and the cause', () => {
  const factories: Record<string, (environment: NodeEnvironment) => unknown> = {
    'thrown by a timer': ({ clock }) => {
      clock.setTimer(4, () => {
        throw new Error('boom');
      });
    },
    'rejected by an asynchronous timer': ({ clock }) => {
      clock.setTimer(4, async () => {
        throw new Error('boom');
      });
    },
    'rejected where nobody looks': ({ clock }) => {
      const work = async (): Promise<void> => {
        throw new Error('boom');
      };
      clock.setTimer(4, () => void work());
    },
    'rejected by an asynchronous factory': async ({ clock }) => {
      await new Promise<void>((resolve) => clock.setTimer(4, resolve));
      throw new Error('boom');
    },
    'thrown by a message handler': ({ transport, clock }) => {
      const channel = transport.channel('self', (plain) => plain);
      channel.onMessage(() => {
        throw new Error('boom');
      });
      clock.setTimer(4, () => void channel.send('bad', 1));
    },
  };
  for (const [how, factory] of Object.entries(factories)) {
    it(how, async () => {
      const world = new World({ seed: 77 });
      world.addNode('good', () => {});
      world.addNode('bad', factory);
      const error = await rejection(world.runFor(10));
      expect(error).toMatchObject({ code: 'SIM_NODE_FAILED', seed: 77, node: 'bad', atMs: 4 });
      expect(error.message).toBe("node 'bad' threw, at 4 ms of seed 77: boom");
      expect((error.cause as Error).message).toBe('boom');
      expect(await rejection(world.runFor(10))).toBe(error);
      await world.close();
    });
  }

  it('but a rejection of the test itself goes where it would have gone', async () => {
    const before = process.listeners('unhandledRejection');
    const heard: unknown[] = [];
    const listener = (reason: unknown): void => void heard.push((reason as Error).message);
    for (const other of before) process.off('unhandledRejection', other);
    process.on('unhandledRejection', listener);
    try {
      const world = new World({ seed: 77 });
      world.after(1, () => void Promise.reject(new Error('not a node')));
      await world.runFor(10);
      expect(heard).toEqual(['not a node']);
      expect(process.listeners('unhandledRejection')).toEqual([listener]);
    } finally {
      process.off('unhandledRejection', listener);
      for (const other of before) process.on('unhandledRejection', other);
    }
  });

  it('thrown by a factory', () => {
    const world = new World({ seed: 77 });
    const throws = (): never => {
      throw new Error('boom');
    };
    expect(() => world.addNode('bad', throws)).toThrow(
      "node 'bad' threw, at 0 ms of seed 77: boom",
    );
  });

  it('what was not reached tells what each node waits for', async () => {
    const world = new World({ seed: 78 });
    await pairOfTalkers(world);
    world.node<Talker>('a').handle.environment.clock.setTimer(500, () => {});
    world.addNode('c', () => {});
    world.crash('c');
    const error = await rejection(world.runUntil(() => false, { withinMs: 100 }));
    expect(error).toMatchObject({ code: 'SIM_NOT_REACHED', seed: 78 });
    expect(error.message).toMatch(/a: running \(boot 1\), 1 timers \(next in 400 ms\)/);
    expect(error.message).toMatch(/b: running \(boot 1\), no timer.*connected with a/);
    expect(error.message).toContain('c: crashed');
  });

  it('a node that lets time stand still', async () => {
    const world = new World({ seed: 79, maxEventsPerInstant: 1_000 });
    world.addNode('spinner', ({ clock }) => {
      const spin = (): void => void clock.setTimer(0, spin);
      spin();
    });
    const error = await rejection(world.runFor(10));
    expect(error).toMatchObject({ code: 'SIM_STUCK', seed: 79, node: 'spinner' });
  });

  it('a world that is used wrongly', async () => {
    const world = new World({ seed: 80 });
    const running = world.runFor(1);
    expect((await rejection(world.runFor(1))).code).toBe('SIM_BUSY');
    await running;
    await world.close();
    await world.close();
    expect((await rejection(world.runFor(1))).code).toBe('SIM_CLOSED');
    expect(() => world.addNode('a', talker)).toThrow('closed');
    expect(() => new World({ seed: -1 })).toThrow(RangeError);
    expect(() => new World({ seed: 1, network: { loss: 3 } })).toThrow(RangeError);
    expect(() => new World({ seed: 1 }).node('x')).toThrow("there is no node 'x'");
  });

  it('an abort ends a wait with its reason', async () => {
    const world = new World({ seed: 1 });
    const controller = new AbortController();
    world.after(5, () => controller.abort(new Error('enough')));
    world.addNode('a', ({ clock }) => void clock.setTimer(50, () => {}));
    await expect(world.runFor(100, { signal: controller.signal })).rejects.toThrow('enough');
    expect(world.now).toBe(5);
  });
});

describe('stopping', () => {
  it('waits in virtual time for stop(), and the others learn of it at once', async () => {
    const world = new World({ seed: 1 });
    let stopped = 0;
    const factory = ({ clock, transport }: NodeEnvironment) => ({
      transport,
      stop: () =>
        new Promise<void>((resolve) =>
          clock.setTimer(100, () => {
            stopped += 1;
            resolve();
          }),
        ),
    });
    world.addNode('a', factory);
    const b = world.addNode('b', factory);
    await world.runFor(50);
    await world.stop('a');
    expect([world.now, stopped, world.node('a').state]).toEqual([150, 1, 'stopped']);
    await world.runFor(20);
    expect([...b.handle.transport.peers()]).toEqual([]);
    await world.close();
    expect([stopped, b.state]).toEqual([2, 'stopped']);
  });
});
