import { type Link, type NodeEnvironment, World, type WorldOptions } from '@ds/sim';
import type { Channel, SendResult } from '@ds/transport';
import { describe, expect, it } from 'vitest';

/** Sends numbers, and keeps what it gets and when. */
class Talker {
  readonly heard: number[] = [];
  readonly atMs: number[] = [];
  drains = 0;
  readonly environment: NodeEnvironment;
  readonly #channel: Channel<unknown>;

  constructor(environment: NodeEnvironment, world: World) {
    this.environment = environment;
    this.#channel = environment.transport.channel('talk', (plain) => plain);
    this.#channel.onMessage((_from, message) => {
      this.heard.push(message instanceof Uint8Array ? message.length : Number(message));
      this.atMs.push(world.now);
    });
    this.#channel.onDrain(() => {
      this.drains += 1;
    });
  }

  say(to: string, message: unknown): SendResult {
    return this.#channel.send(to, message);
  }

  get peers(): string {
    return [...this.environment.transport.peers()].sort().join('');
  }
}

interface Pair {
  readonly world: World;
  readonly a: Talker;
  readonly b: Talker;
  readonly there: Link;
}

const ONE_MS = { kind: 'constant', ms: 1 } as const;

async function pair(options: Partial<WorldOptions> = {}): Promise<Pair> {
  const world = new World({ seed: 5, ...options, network: { delay: ONE_MS, ...options.network } });
  const [a, b] = ['a', 'b'].map(
    (id) => world.addNode(id, (environment) => new Talker(environment, world)).handle,
  ) as [Talker, Talker];
  await world.runUntil(() => a.peers === 'b' && b.peers === 'a', { withinMs: 100 });
  return { world, a, b, there: world.link('a', 'b') };
}

describe('a clogged direction', () => {
  it('holds up what is under way and what is sent, and then delivers it once and in order', async () => {
    const { world, a, b, there } = await pair({
      network: { delay: { minMs: 1, meanMs: 8, maxMs: 40 } },
    });
    const start = world.now;
    for (let n = 0; n < 10; n += 1) a.say('b', n);
    there.clog(500);
    for (let n = 10; n < 40; n += 1) {
      await world.runFor(15);
      a.say('b', n);
    }
    const during = b.heard.length;
    await world.runFor(200);
    expect(during).toBe(0);
    expect(b.heard).toEqual([...Array(40).keys()]);
    expect(Math.min(...b.atMs)).toBeGreaterThanOrEqual(start + 500);
    expect(world.counts().clogged).toBeGreaterThanOrEqual(10);
    expect(world.counts().lost).toBe(0);
  });

  it('leaves the way back alone, and both ends connected', async () => {
    const { world, a, b, there } = await pair();
    there.clog(5_000);
    b.say('a', 1);
    await world.runFor(2);
    expect(a.heard).toEqual([1]);
    await world.runFor(4_000);
    expect([a.peers, b.peers]).toEqual(['b', 'a']);
  });
});

describe('a narrow direction', () => {
  it('takes time by the byte, one message after another', async () => {
    const { world, a, b } = await pair({ network: { bytesPerMs: 10 } });
    const start = world.now;
    for (const length of [998, 98, 98])
      expect(a.say('b', new Uint8Array(length - 3))).toBe('queued');
    await world.runFor(200);
    // Bytes carry a header of 2 or 3 bytes, as everywhere.
    expect(b.heard).toEqual([995, 95, 95]);
    const took = b.atMs.map((at) => Math.round(at - start));
    expect(took).toEqual([101, 111, 120]);
  });

  it('is saturated when it is full, and says when there is room', async () => {
    const network = { bytesPerMs: 10, maxMessageBytes: 100, maxQueuedBytes: 250 };
    const { world, a, b } = await pair({ network });
    const results = [1, 2, 3].map(() => a.say('b', new Uint8Array(90)));
    expect(results).toEqual(['queued', 'queued', 'saturated']);
    await world.runFor(50);
    expect([b.heard.length, a.drains, world.counts().dropped]).toEqual([2, 1, 0]);
  });

  it('drops what is too much when it is told to, and the sender never knows', async () => {
    const network = {
      bytesPerMs: 10,
      maxMessageBytes: 100,
      maxQueuedBytes: 250,
      whenFull: 'drop',
    } as const;
    const { world, a, b } = await pair({ network });
    const results = [1, 2, 3].map(() => a.say('b', new Uint8Array(90)));
    expect(results).toEqual(['queued', 'queued', 'queued']);
    await world.runFor(50);
    expect([b.heard.length, a.drains, world.counts().dropped]).toEqual([2, 0, 1]);
  });
});

describe('settings of one direction', () => {
  it('win over those of the network, leave the way back alone, and can be taken away', async () => {
    const { world, a, b, there } = await pair();
    there.configure({ loss: 1 });
    world.configureNetwork({ loss: 0 });
    a.say('b', 1);
    b.say('a', 2);
    await world.runFor(5);
    expect([a.heard, b.heard]).toEqual([[2], []]);
    there.configure({ delay: { kind: 'constant', ms: 20 } });
    there.configure({ loss: 0 });
    const start = world.now;
    a.say('b', 3);
    await world.runFor(30);
    expect(b.atMs).toEqual([start + 20]);
    there.configure(undefined);
    a.say('b', 4);
    await world.runFor(1);
    expect(b.heard).toEqual([3, 4]);
  });

  it('refuse what means nothing', async () => {
    const { there, world } = await pair();
    const wrong = [
      { loss: 2 },
      { bytesPerMs: 0 },
      { delay: { kind: 'uniform', minMs: 2, maxMs: 1 } },
      { connect: ONE_MS },
      { whenFull: 'explode' },
    ];
    for (const options of wrong)
      expect(() => there.configure(options as never)).toThrow(RangeError);
    expect(() => there.clog(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => there.flap({ upMs: 0, downMs: 1 })).toThrow(RangeError);
    expect(() => world.link('a', 'x')).toThrow("there is no node 'x'");
  });
});

describe('a flapping link', () => {
  it('loses both ways while it is down, comes back again and again, and ends when told to', async () => {
    const { world, a, b, there } = await pair({ network: { detect: ONE_MS, connect: ONE_MS } });
    const changes: string[] = [];
    a.environment.transport.onPeer(({ kind }) => changes.push(kind));
    there.flap({ upMs: 50, downMs: 50 });
    for (let n = 0; n < 200; n += 1) {
      a.say('b', n);
      b.say('a', n);
      await world.runFor(10);
    }
    expect(changes.length).toBeGreaterThan(10);
    expect(a.heard.length).toBeGreaterThan(20);
    expect(a.heard.length).toBeLessThan(150);
    expect(b.heard.length).toBeLessThan(150);
    expect(world.counts().flaps).toBeGreaterThan(5);
    there.flap(undefined);
    await world.runFor(10);
    changes.length = 0;
    await world.runFor(2_000);
    expect([changes, a.peers]).toEqual([[], 'b']);
  });

  it('ends when the network is healed', async () => {
    const { world, a, there } = await pair({ network: { detect: ONE_MS, connect: ONE_MS } });
    there.flap({ upMs: 1, downMs: 1_000 });
    await world.runFor(3);
    expect(a.peers).toBe('');
    world.heal();
    await world.runFor(3);
    expect(a.peers).toBe('b');
  });
});

describe('a slow node', () => {
  it('is late with messages, timers and syncs, one after another and in their order', async () => {
    const { world, a, b } = await pair({ disk: { sync: ONE_MS } });
    world.slow('b', 20);
    const start = world.now;
    const seen: [string, number][] = [];
    const note = (what: string): void => void seen.push([what, world.now - start]);
    const { clock, fileSystem } = b.environment;
    const file = fileSystem.open('f', { mode: 'create' });
    const cancelled = clock.setTimer(3, () => note('never'));
    clock.setTimer(2, () => {
      note('timer');
      cancelled.cancel();
    });
    void file.datasync().then(() => note('sync'));
    a.say('b', 1);
    a.say('b', 2);
    await world.runFor(150);
    expect(seen).toEqual([
      ['sync', 21],
      ['timer', 81],
    ]);
    expect(b.atMs.map((at) => at - start)).toEqual([41, 61]);
  });

  it('is quick again once it has caught up, and nothing overtakes meanwhile', async () => {
    const { world, a, b } = await pair();
    world.slow('b', 30);
    for (const n of [1, 2, 3]) a.say('b', n);
    await world.runFor(5);
    world.slow('b', 0);
    a.say('b', 4);
    await world.runFor(200);
    expect(b.heard).toEqual([1, 2, 3, 4]);
    const start = world.now;
    a.say('b', 5);
    await world.runFor(10);
    expect(b.atMs.at(-1)).toBe(start + 1);
  });
});
