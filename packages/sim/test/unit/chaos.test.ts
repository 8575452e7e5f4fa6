import {
  type Chaos,
  type ChaosPace,
  chaos,
  coverage,
  drawFaults,
  FaultBudget,
  type NodeEnvironment,
  Schedule,
  seededRandom,
  skewClocks,
  World,
} from '@ds/sim';
import { describe, expect, it } from 'vitest';

const NONE: ChaosPace = {
  crashEveryMs: Number.POSITIVE_INFINITY,
  blackoutEveryMs: Number.POSITIVE_INFINITY,
  pauseEveryMs: Number.POSITIVE_INFINITY,
  slowEveryMs: Number.POSITIVE_INFINITY,
  partitionEveryMs: Number.POSITIVE_INFINITY,
  clogEveryMs: Number.POSITIVE_INFINITY,
  flapEveryMs: Number.POSITIVE_INFINITY,
  badLinkEveryMs: Number.POSITIVE_INFINITY,
  slowDiskEveryMs: Number.POSITIVE_INFINITY,
  clockEveryMs: Number.POSITIVE_INFINITY,
  fullDiskEveryMs: Number.POSITIVE_INFINITY,
  failDiskEveryMs: Number.POSITIVE_INFINITY,
  rotEveryMs: Number.POSITIVE_INFINITY,
  misdirectEveryMs: Number.POSITIVE_INFINITY,
  loseDiskEveryMs: Number.POSITIVE_INFINITY,
};
const PACES = Object.keys(NONE) as (keyof ChaosPace)[];
const IDS = ['a', 'b', 'c', 'd', 'e'];

/** Greets everybody and writes all the time, to a disk that it does not trust. */
class Busy {
  readonly heard: string[] = [];
  readonly boot: number;
  written = 0;
  failures = 0;

  constructor({ clock, transport, fileSystem, boot, random }: NodeEnvironment) {
    this.boot = boot;
    const channel = transport.channel('busy', String);
    channel.onMessage((from) => this.heard.push(from));
    const step = async (): Promise<void> => {
      for (const peer of transport.peers()) channel.send(peer, 'x'.repeat(200));
      clock.setTimer(20 + 10 * random(), () => void step());
      try {
        const file = fileSystem.open('data', { mode: 'write' });
        file.write(file.size(), new Uint8Array(600).fill(boot));
        this.written += 1;
        file.read(0, new Uint8Array(100));
        await file.datasync();
        await fileSystem.syncDirectory('/');
        file.close();
      } catch (error) {
        if ((error as { code: string }).code === 'STORAGE_CLOSED') throw error;
        this.failures += 1;
      }
    };
    clock.setTimer(1, () => void step());
  }
}

function busyWorld(seed: number, schedule?: Schedule): World {
  const world = new World({ seed, schedule });
  for (const id of IDS) world.addNode(id, (environment) => new Busy(environment));
  return world;
}

/** What shows, in the world's counts, that a kind of fault has struck. */
const TRACES: Record<keyof ChaosPace, (world: World, storm: Chaos) => number> = {
  crashEveryMs: (world) => world.counts().crashes,
  blackoutEveryMs: (world) => world.counts().crashes,
  pauseEveryMs: (world) => world.counts().pauses,
  slowEveryMs: (world) => world.nodes.filter(({ eventMs }) => eventMs > 0).length,
  partitionEveryMs: (world) => world.counts().partitions,
  clogEveryMs: (world) => world.counts().clogged,
  flapEveryMs: (world) => world.counts().flaps,
  badLinkEveryMs: (world) => world.counts().lost,
  slowDiskEveryMs: (world) => 500 - (coverage(world)['disk datasync'] ?? 0),
  clockEveryMs: (world) =>
    world.nodes.filter(({ clock }) => clock.wallMs !== Date.UTC(2024, 0, 1) + world.now).length,
  fullDiskEveryMs: (world) => coverage(world)['disk no space left'] ?? 0,
  failDiskEveryMs: (world) =>
    Object.entries(coverage(world))
      .filter(([what]) => /^disk \w+ (fail|short)$/.test(what))
      .reduce((sum, [, count]) => sum + count, 0),
  rotEveryMs: (world, storm) =>
    (coverage(world)['disk read rot'] ?? 0) + storm.report().damaged.length,
  misdirectEveryMs: (world) => coverage(world)['disk write misdirect'] ?? 0,
  loseDiskEveryMs: (world) => world.counts().crashes,
};

describe('chaos', () => {
  for (const pace of PACES) {
    it(`deals faults of one kind alone: ${pace}`, async () => {
      const world = busyWorld(3);
      // A window in which two disks in five lag behind shows by the syncs that are missing.
      await world.runFor(100);
      const storm = chaos(world, { ...NONE, [pace]: 60, spellMs: 2_000, durationMs: 3_000 });
      await world.runFor(1_500);
      expect(TRACES[pace](world, storm)).toBeGreaterThan(0);
      const { dealt } = storm.report();
      expect(Object.keys(dealt)).toHaveLength(1);
      expect(Object.values(dealt)[0]).toBeGreaterThan(0);
    });
  }

  it('leaves no trace of any other kind when it deals none', async () => {
    const world = busyWorld(3);
    await world.runFor(100);
    const storm = chaos(world, { ...NONE, durationMs: 3_000 });
    await world.runFor(1_500);
    for (const pace of PACES) {
      if (pace !== 'slowDiskEveryMs') expect([pace, TRACES[pace](world, storm)]).toEqual([pace, 0]);
    }
    expect(storm.report()).toMatchObject({ dealt: {}, granted: {}, refused: {} });
  });

  it('makes all well again when it stops: every node is up, quick, connected and writes', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const world = busyWorld(seed);
      const every = Object.fromEntries(PACES.map((pace) => [pace, 300]));
      const storm = chaos(world, { ...every, durationMs: 3_000, maxDown: 5 });
      await world.runFor(3_000);
      expect(storm.active).toBe(false);
      // Clogs and the backlog of slow nodes take their time.
      await world.runFor(5_000);
      const handles = IDS.map((id) => world.node<Busy>(id).handle);
      const before = handles.map(({ written, failures, heard }) => [
        written,
        failures,
        heard.length,
      ]);
      await world.runFor(500);
      for (const [i, { written, failures, heard }] of handles.entries()) {
        expect(written).toBeGreaterThan(before[i]![0]! + 10);
        expect(failures).toBe(before[i]![1]);
        expect(heard.length).toBeGreaterThan(before[i]![2]! + 40);
        expect(new Set(heard.slice(-40)).size).toBe(4);
      }
      expect(world.nodes.map(({ state }) => state)).toEqual(IDS.map(() => 'running'));
    }
  });

  it('starts other versions of a node, back and forth', async () => {
    const world = new World({ seed: 1 });
    const seen: string[] = [];
    const version = (name: string) => (): string => {
      seen.push(name);
      return name;
    };
    world.addNode('a', version('old'));
    chaos(world, {
      ...NONE,
      crashEveryMs: 50,
      crashInDiskCall: 0,
      downMs: 5,
      maxDown: 1,
      versions: () => [version('old'), version('new')],
    });
    await world.runFor(5_000);
    const changes = seen.filter((name, i) => i > 0 && name !== seen[i - 1]);
    expect(changes.filter((name) => name === 'new').length).toBeGreaterThan(3);
    expect(changes.filter((name) => name === 'old').length).toBeGreaterThan(3);
  });

  it('refuses settings that mean nothing', () => {
    const world = busyWorld(1);
    for (const options of [
      { crashEveryMs: 0 },
      { durationMs: Number.POSITIVE_INFINITY },
      { maxDown: 6 },
      { maxDamaged: -1 },
      { maxDriftPpm: 600_000 },
    ]) {
      expect(() => chaos(world, options)).toThrow(RangeError);
    }
  });

  it('gives the same run for the same seed, and another without one of its steps', async () => {
    const run = async (schedule: Schedule): Promise<string> => {
      const world = busyWorld(4, schedule);
      chaos(world, { ...Object.fromEntries(PACES.map((pace) => [pace, 200])), maxDown: 4 });
      await world.runFor(2_000);
      return world.traceHash();
    };
    const [first, second] = [new Schedule(), new Schedule()];
    const hash = await run(first);
    expect(await run(second)).toBe(hash);
    const names = first.steps.map(({ name }) => name);
    for (const word of ['slow', 'clog', 'flap', 'bend-link', 'slow-disk', 'clock', 'rot']) {
      const some = names.filter((name) => name.startsWith(`${word} `));
      expect([word, some.length > 0]).toEqual([word, true]);
    }
    const without = new Schedule({
      only: new Set(names.filter((name) => !name.startsWith('clog'))),
    });
    expect(await run(without)).not.toBe(hash);
    expect(without.steps.some(({ name }) => name.startsWith('clog'))).toBe(false);
  });
});

describe('a budget', () => {
  it('keeps a majority up at every moment, and names what it refused', async () => {
    const world = busyWorld(2);
    let most = 0;
    world.always('a majority is up', () => {
      const down = world.nodes.filter(({ state }) => state !== 'running').length;
      most = Math.max(most, down);
      return down > 2 ? `${down} nodes are down` : undefined;
    });
    const storm = chaos(world, {
      ...NONE,
      crashEveryMs: 20,
      blackoutEveryMs: 100,
      pauseEveryMs: 20,
      loseDiskEveryMs: 50,
      durationMs: 5_000,
    });
    await world.runFor(5_000);
    expect(most).toBe(2);
    const { refused, granted, assumption } = storm.report();
    for (const kind of ['crash', 'blackout', 'pause', 'lose-disk']) {
      expect(refused[kind]).toBeGreaterThan(0);
      expect(granted[kind]).toBeGreaterThan(0);
    }
    expect(assumption).toBe(
      'of a, b, c, d, e at most 2 are stopped at one time, and durable data is damaged on at most 2',
    );
  });

  it('lets durable data be damaged on a minority only, however long the storm', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const world = busyWorld(seed);
      const damage = { rotEveryMs: 30, misdirectEveryMs: 30, loseDiskEveryMs: 200 };
      const storm = chaos(world, { ...NONE, ...damage, durationMs: 3_000 });
      await world.runFor(3_000);
      const { damaged, granted } = storm.report();
      expect(damaged).toHaveLength(2);
      expect(granted.rot).toBeGreaterThan(20);
      for (const { id, disk } of world.nodes) {
        const { reached } = disk.status();
        const harmed = (reached['read rot'] ?? 0) + (reached['write misdirect'] ?? 0);
        if (!damaged.includes(id)) expect([id, harmed]).toEqual([id, 0]);
      }
    }
  });

  it('would be caught if it granted damage to everybody', async () => {
    const world = busyWorld(1);
    const storm = chaos(world, { ...NONE, rotEveryMs: 30, maxDamaged: 5, durationMs: 3_000 });
    await world.runFor(3_000);
    expect(storm.report().damaged.length).toBeGreaterThan(2);
  });

  it('refuses damage altogether when none is allowed', async () => {
    const world = busyWorld(1);
    const storm = chaos(world, { ...NONE, rotEveryMs: 50, misdirectEveryMs: 50, maxDamaged: 0 });
    await world.runFor(2_000);
    const { damaged, refused, granted, dealt } = storm.report();
    expect([damaged, granted]).toEqual([[], {}]);
    expect(refused.rot).toBeGreaterThan(5);
    expect(refused.misdirect).toBeGreaterThan(5);
    expect(dealt).toEqual({ rot: 0, misdirect: 0 });
  });

  it('has room again when a node has recovered, or was repaired', () => {
    const world = busyWorld(1);
    const budget = new FaultBudget(world, { maxDown: 1, maxDamaged: 1 });
    const random = seededRandom(1);
    const stopped = budget.drawToStop('mine', random)!;
    expect(budget.drawToStop('mine', random)).toBeUndefined();
    budget.recovered(stopped);
    expect(budget.drawToStop('mine', random)).toBeDefined();
    const damaged = budget.drawToDamage('mine', random)!;
    expect(budget.drawToDamage('mine', random)).toBe(damaged);
    budget.repaired(damaged);
    const others = new Set(
      Array.from({ length: 50 }, () => {
        const id = budget.drawToDamage('mine', random)!;
        budget.repaired(id);
        return id;
      }),
    );
    expect(others.size).toBe(5);
    expect(budget.report().refused).toEqual({ mine: 1 });
  });

  it('knows of nodes that a script has stopped', () => {
    const world = busyWorld(1);
    const budget = new FaultBudget(world, { maxDown: 1 });
    world.crash('c');
    expect(budget.drawToStop('mine', seededRandom(1))).toBeUndefined();
  });
});

describe('a swarm', () => {
  it('draws for each seed another mix: every kind often, few kinds or many at a time', () => {
    const all = { staleTails: true, failingDisks: true, damage: true, lostDisks: true };
    const mixes = Array.from({ length: 400 }, (_, seed) => drawFaults(seededRandom(seed), all));
    for (const pace of PACES) {
      const share = mixes.filter((mix) => Number.isFinite(mix.chaos[pace])).length / mixes.length;
      expect([pace, share > 0.13 && share < 0.6]).toEqual([pace, true]);
    }
    const sizes = mixes.map(
      (mix) => PACES.filter((pace) => Number.isFinite(mix.chaos[pace])).length,
    );
    expect(Math.min(...sizes)).toBeLessThan(2);
    expect(Math.max(...sizes)).toBeGreaterThan(10);
    const kinds = new Set(mixes.map(({ network }) => network.delay?.kind));
    expect(kinds.size).toBe(5);
    expect(new Set(mixes.map((mix) => JSON.stringify(mix))).size).toBe(400);
    for (const { network, disk } of mixes) new World({ seed: 1, network, disk });
    expect(mixes.filter(({ disk }) => disk.staleTail! > 0).length).toBeGreaterThan(100);
  });

  it('damages nothing and lets no disk fail, unless the protocol says it lives with that', () => {
    const harmful = ['fullDisk', 'failDisk', 'rot', 'misdirect', 'loseDisk'] as const;
    for (let seed = 0; seed < 100; seed += 1) {
      const { chaos: pace, disk } = drawFaults(seededRandom(seed));
      expect(disk.staleTail).toBe(0);
      for (const kind of harmful) expect(pace[`${kind}EveryMs`]).toBe(Number.POSITIVE_INFINITY);
      const tolerant = drawFaults(seededRandom(seed), { failingDisks: true, damage: true });
      // What else there is does not depend on it.
      expect(tolerant.chaos).toMatchObject({ crashEveryMs: pace.crashEveryMs });
      expect(tolerant.chaos.loseDiskEveryMs).toBe(Number.POSITIVE_INFINITY);
    }
  });
});

describe('a clock', () => {
  it('jumps by a step, either way, and its monotonic reading never does', () => {
    const world = new World({ seed: 1, wallMs: 1_000_000 });
    const { clock, handle } = world.addNode('a', (environment) => environment.clock);
    world.runForSync(100);
    clock.step(5_000);
    clock.step(-7_000);
    expect(handle.now()).toBe(1_000_000 + 100 - 2_000);
    expect(handle.monotonic()).toBe(100);
  });

  it('of every node is wrong in its own way after skewing', () => {
    const world = busyWorld(1);
    skewClocks(world, { maxOffsetMs: 1_000, maxDriftPpm: 1_000 });
    const readings = world.nodes.map(({ clock }) => clock.wallMs);
    expect(new Set(readings).size).toBe(5);
  });
});
