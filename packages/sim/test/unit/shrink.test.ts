import {
  diagramSvg,
  explore,
  failureSignature,
  Schedule,
  SimulationError,
  shrink,
  traceLines,
  World,
} from '@ds/sim';
import { describe, expect, it } from 'vitest';

/** Fails when steps 3 and 7 of ten are both taken, or, in another way, when step 5 is alone. */
function scenario(seed: number, schedule?: Schedule<World>): void {
  const world = new World({ seed, schedule });
  const taken = Array.from({ length: 10 }, (_, i) => i).filter((i) => world.takes(`step ${i}`));
  world.runForSync(10);
  if (taken.includes(3) && taken.includes(7)) throw world.violated('three or seven', 'both');
  if (taken.includes(5)) throw new TypeError('another failure');
}

function failing(seed: number): { error: unknown; steps: Schedule['steps'] } {
  const schedule = new Schedule<World>();
  try {
    scenario(seed, schedule);
  } catch (error) {
    return { error, steps: schedule.steps };
  }
  throw new Error('it did not fail');
}

describe('shrinking', () => {
  it('keeps exactly the steps without which the run does not fail the same way', async () => {
    const shrunk = await shrink({ scenario, seed: 1, ...failing(1) });
    expect(shrunk.steps.map(({ name }) => name)).toEqual(['step 3', 'step 7']);
    expect(shrunk).toMatchObject({ minimal: true });
    expect(shrunk.original).toHaveLength(10);
    expect((shrunk.error as SimulationError).property).toBe('three or seven');
  });

  it('slips to another failure when told that any will do', async () => {
    const shrunk = await shrink({ scenario, seed: 1, ...failing(1), sameFailure: () => true });
    expect(shrunk.steps.length).toBeLessThan(3);
  });

  it('says when its runs did not suffice', async () => {
    const shrunk = await shrink({ scenario, seed: 1, ...failing(1), maxRuns: 2 });
    expect(shrunk.minimal).toBe(false);
    expect(shrunk.steps.length).toBeGreaterThan(1);
    await expect(shrink({ scenario, seed: 1, ...failing(1), maxRuns: 0 })).rejects.toThrow();
  });

  /** Two nodes that talk over a bad network; it fails when b has heard three numbers. */
  const talk = (seed: number, schedule?: Schedule<World>, answers = true): void => {
    const delay = { minMs: 1, meanMs: 10, maxMs: 60 };
    const world = new World({ seed, schedule, network: { loss: 0.1, reorder: 0.2, delay } });
    const heard = new Set<number>();
    world.addNode('a', ({ transport, clock }) => {
      const channel = transport.channel('talk', Number);
      channel.onMessage(() => {});
      const say = (n: number): void => {
        if (world.takes(`operation a ${n}`)) channel.send('b', n);
        if (n < 12) clock.setTimer(7, () => say(n + 1));
      };
      clock.setTimer(100, () => say(1));
    });
    world.addNode('b', ({ transport }) => {
      const channel = transport.channel('talk', Number);
      channel.onMessage((from, n) => {
        heard.add(n);
        if (answers) channel.send(from, n);
      });
    });
    world.always('few', () => (heard.size >= 3 ? `b heard ${heard.size}` : undefined));
    world.runForSync(1_000);
  };
  const fails = (run: typeof scenario, seed: number, only?: ReadonlySet<string>) => {
    const schedule = new Schedule<World>(only === undefined ? {} : { only });
    try {
      run(seed, schedule);
    } catch (error) {
      return { error, schedule };
    }
    throw new Error('it did not fail');
  };

  it('keeps the property, never grows, ends within its bound, and can be run again', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const { error, schedule } = fails(talk, seed);
      const before = schedule.world!.counts().nodeEvents;
      for (const maxRuns of [1, 5, 25, 1_000]) {
        const shrunk = await shrink({
          scenario: talk,
          seed,
          error,
          steps: schedule.steps,
          maxRuns,
        });
        expect((shrunk.error as SimulationError).property).toBe('few');
        expect(shrunk.steps.length).toBeLessThanOrEqual(schedule.steps.length);
        expect(shrunk.events).toBeLessThanOrEqual(before);
        expect(shrunk.runs).toBeLessThanOrEqual(maxRuns + 1);
        const again = fails(talk, seed, new Set(shrunk.steps.map(({ name }) => name)));
        expect(again.schedule.world!.traceHash()).toBe(shrunk.traceHash);
      }
    }
  });

  it('leaves no message late that need not be', async () => {
    const oneWay = (seed: number, schedule?: Schedule<World>): void => talk(seed, schedule, false);
    for (let seed = 1; seed <= 20; seed += 1) {
      const { error, schedule } = fails(oneWay, seed);
      expect(schedule.steps.some(({ name }) => name.startsWith('late '))).toBe(true);
      const shrunk = await shrink({ scenario: oneWay, seed, error, steps: schedule.steps });
      const kinds = shrunk.steps.map(({ name }) => name.split(' ')[0]);
      expect(kinds.filter((kind) => kind === 'operation')).toHaveLength(3);
      expect(kinds).not.toContain('late');
      expect(shrunk.minimal).toBe(true);
    }
  });

  it('keeps the one message late that has to be', async () => {
    // It fails when a message takes longer than the time until the next one.
    const late = (seed: number, schedule?: Schedule<World>): void => {
      const delay = { minMs: 1, meanMs: 4, maxMs: 60 };
      const world = new World({ seed, schedule, network: { delay } });
      const arrivals: number[] = [];
      world.addNode('a', ({ transport, clock }) => {
        const channel = transport.channel('talk', Number);
        channel.onMessage(() => {});
        for (let n = 0; n < 8; n += 1) {
          clock.setTimer(100 + 10 * n, () => channel.send('b', world.now));
        }
      });
      world.addNode('b', ({ transport }) => {
        transport.channel('talk', Number).onMessage((_, sentAt) => {
          arrivals.push(world.now - sentAt);
        });
      });
      world.always('in time', () => (arrivals.some((ms) => ms > 9) ? 'late' : undefined));
      world.runForSync(500);
    };
    const seeds = Array.from({ length: 30 }, (_, i) => i + 1);
    let judged = 0;
    for (const seed of seeds) {
      const schedule = new Schedule<World>();
      let error: unknown;
      try {
        late(seed, schedule);
        continue;
      } catch (thrown) {
        error = thrown;
      }
      judged += 1;
      const shrunk = await shrink({ scenario: late, seed, error, steps: schedule.steps });
      expect(shrunk.steps).toHaveLength(1);
      expect(shrunk.steps[0]?.name).toMatch(/^late a>b /);
    }
    expect(judged).toBeGreaterThan(10);
  });

  it('says so when a failure does not come again', async () => {
    const { error, steps } = failing(1);
    const calm = (seed: number, schedule: Schedule<World>): void => {
      new World({ seed, schedule }).runForSync(10);
    };
    await expect(shrink({ scenario: calm, seed: 1, error, steps })).rejects.toMatchObject({
      code: 'SIM_NOT_REPEATED',
      seed: 1,
      cause: error,
    });
  });

  it('is what explore reports, with trace and diagram', async () => {
    const artifacts = new Map<string, string>();
    const error = await explore({
      scenario,
      seeds: 1,
      onArtifact: (name, content) => artifacts.set(name, content),
    }).catch((thrown: unknown) => thrown as SimulationError);
    expect(error).toMatchObject({ code: 'SIM_SCENARIO_FAILED', property: 'three or seven' });
    const { message } = error as SimulationError;
    for (const part of [
      'trace hash: ',
      'shrunk from 10 to 2 steps',
      'step 3\n',
      'step 7\n',
      'only = ["step 3","step 7"]',
    ]) {
      expect(message).toContain(part);
    }
    expect([...artifacts.keys()]).toEqual(['seed-1.jsonl', 'seed-1.svg']);
    const lines = artifacts.get('seed-1.jsonl')!.trim().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ kind: 'violated' });
  });

  it('takes two failures for one when only numbers and names differ', () => {
    const lost = (text: string): string => failureSignature(new Error(text));
    expect(lost('r1 has lost 17')).toBe(lost('r2 has lost 4'));
    expect(lost('r1 has lost 17')).not.toBe(lost('r1 has kept 17'));
    expect(failureSignature(new TypeError('x'))).not.toBe(failureSignature(new Error('x')));
    expect(failureSignature(7)).toBe('number');
  });
});

describe('a schedule', () => {
  /** Two nodes that say hello to one another under all kinds of faults. */
  const run = (schedule?: Schedule<World>, extra = false): World => {
    const network = { loss: 0.2, duplicate: 0.2, reorder: 0.2 };
    const world = new World({ seed: 3, schedule, network, trace: true });
    for (const id of ['a', 'b']) {
      world.addNode(id, ({ transport, clock }) => {
        const channel = transport.channel('talk', Number);
        channel.onMessage(() => {});
        const say = (n: number): void => {
          for (const peer of transport.peers()) channel.send(peer, n);
          if (n < 60) clock.setTimer(5, () => say(n + 1));
        };
        say(0);
      });
    }
    if (extra) world.node('a');
    world.after(50, () => world.crash('b'));
    world.after(60, () => world.restart('b'));
    world.after(150, () => world.pause('a'));
    world.after(160, () => world.resume('a'));
    world.after(200, () => world.partition([['a'], ['b']]));
    world.after(220, () => world.block('a', 'b'));
    world.after(250, () => world.heal());
    world.runForSync(400);
    return world;
  };

  it('gives the same run again when it takes the same steps', () => {
    const schedule = new Schedule<World>();
    const hash = run(schedule).traceHash();
    const only = new Set(schedule.steps.map(({ name }) => name));
    expect(run(new Schedule<World>({ only })).traceHash()).toBe(hash);
  });

  it('names every kind of fault, and commits none that it does not take', () => {
    const schedule = new Schedule<World>();
    run(schedule);
    const kinds = new Set(schedule.steps.map(({ name }) => name.split(' ')[0]));
    const faults = ['lose', 'duplicate', 'reorder', 'crash', 'pause', 'partition', 'block'];
    for (const fault of faults) expect(kinds).toContain(fault);
    const only = new Set(
      schedule.steps.map(({ name }) => name).filter((name) => name.startsWith('message')),
    );
    const calm = run(new Schedule<World>({ only })).counts();
    expect(calm).toMatchObject({ crashes: 0, pauses: 0, partitions: 0, duplicated: 0 });
    expect(calm.reordered).toBe(0);
  });
});

describe('the space-time diagram', () => {
  it('draws nodes, messages, losses, crashes, partitions and the violated step', () => {
    const world = new World({ seed: 5, trace: true, network: { loss: 0.5 } });
    for (const id of ['a', 'b<']) {
      world.addNode(id, ({ transport, clock }) => {
        const channel = transport.channel('talk', (plain) => plain);
        channel.onMessage(() => {});
        const say = (n: number): void => {
          for (const peer of transport.peers()) channel.send(peer, { kind: 'hello', n });
          clock.setTimer(10, () => say(n + 1));
        };
        say(0);
      });
    }
    world.runForSync(60);
    world.pause('a');
    world.resume('a');
    world.partition([['a'], ['b<']]);
    world.crash('a');
    world.violated('quiet', 'somebody spoke', 'b<');
    const svg = diagramSvg(world.trace, { title: 'seed 5' });
    for (const part of ['>b&lt;<', 'hello n=1', 'url(#sent)', 'class="lost"', 'cross crash']) {
      expect(svg).toContain(part);
    }
    for (const part of ['partition [[a] [b&lt;]]', 'class="star"', 'quiet: somebody spoke']) {
      expect(svg).toContain(part);
    }
    expect(svg.match(/<rect class="head"/g)).toHaveLength(2);
    expect(diagramSvg([])).toContain('</svg>');
    expect(traceLines([{ atMs: 1, node: 'a', kind: 'k', data: [1n, Uint8Array.of(255)] }])).toBe(
      '{"atMs":1,"node":"a","kind":"k","data":["1n","ff"]}\n',
    );
  });
});

describe('a property that always holds', () => {
  it('ends the run after the event that breaks it, naming seed, time, node and property', async () => {
    for (const runs of ['runFor', 'runForSync'] as const) {
      const world = new World({ seed: 8 });
      let count = 0;
      world.addNode('a', ({ clock }) => {
        const tick = (): void => {
          count += 1;
          clock.setTimer(1, tick);
        };
        tick();
      });
      world.always(
        'few',
        () => (count > 5 ? `${count} is too many` : undefined),
        () => 'a',
      );
      const error = await (async () => world[runs](100))().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SimulationError);
      expect(error).toMatchObject({
        code: 'SIM_VIOLATED',
        property: 'few',
        node: 'a',
        seed: 8,
        atMs: 5,
      });
    }
  });
});
