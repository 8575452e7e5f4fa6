/** The simulator: worlds with and without promises, an idle Raft group, and whole seeds. */
import { openRaftNode, openStoreMachine } from '@ds/raft';
import { MemoryRaftLog } from '@ds/raft/memory';
import {
  checkLinearizability,
  History,
  type NodeEnvironment,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  World,
} from '@ds/sim';
import { MemoryStore } from '@ds/storage/memory';
import { ownVersion, runContender } from '../contender.ts';
import { hoursPerMinute, LONG_RUNS, perCpuSecond } from './load.ts';

const GROUP = ['a', 'b', 'c', 'd', 'e'];
const MINUTE_MS = 60_000;

/** Each node greets all others every millisecond, and answers greetings. */
function talkative(): World {
  const world = new World({ seed: 1 });
  for (const id of ['a', 'b', 'c']) {
    world.addNode(id, ({ clock, transport }) => {
      const channel = transport.channel('talk', (plain) => plain as [kind: string, n: number]);
      channel.onMessage((from, [kind, n]) => {
        if (kind === 'ask') channel.send(from, ['answer', n]);
      });
      let n = 0;
      const greet = (): void => {
        n += 1;
        for (const peer of transport.peers()) channel.send(peer, ['ask', n]);
        clock.setTimer(1, greet);
      };
      greet();
    });
  }
  return world;
}

async function talking(
  durationMs: number,
  run: (world: World) => void | Promise<void>,
): Promise<number> {
  const world = talkative();
  return perCpuSecond(durationMs, async () => {
    const before = world.counts().nodeEvents;
    await run(world);
    return world.counts().nodeEvents - before;
  });
}

async function member(
  { self, clock, transport, random }: NodeEnvironment,
  heartbeatIntervalMs: number,
): Promise<unknown> {
  const apply = (): Uint8Array => new Uint8Array(0);
  const machine = await openStoreMachine({ store: new MemoryStore(), apply });
  const ports = { clock, transport, random, log: new MemoryRaftLog(), machine };
  const electionTimeoutMs = 10 * heartbeatIntervalMs;
  const identity = { self, members: GROUP, clusterId: 'bench' };
  return openRaftNode({ ...identity, ...ports, heartbeatIntervalMs, electionTimeoutMs });
}

const idleGroups = new Map<number, World>();

async function idle(durationMs: number, heartbeatIntervalMs: number): Promise<number> {
  const world = idleGroups.get(heartbeatIntervalMs) ?? new World({ seed: 1 });
  if (world.nodes.length === 0) {
    idleGroups.set(heartbeatIntervalMs, world);
    for (const id of GROUP) {
      world.addNode(id, (environment) => member(environment, heartbeatIntervalMs));
    }
    await world.runFor(MINUTE_MS);
  }
  const perSecond = await perCpuSecond(durationMs, async () => {
    await world.runFor(MINUTE_MS);
    return MINUTE_MS;
  });
  return hoursPerMinute(perSecond);
}

/** One server, three clients, a lossy network, two thousand events, and the verdict. */
function registerSeed(seed: number): void {
  const world = new World({ seed, network: { loss: 0.1, duplicate: 0.1, reorder: 0.2 } });
  const history = new History<RegisterInput, RegisterOutput>();
  world.addNode('server', ({ transport }) => {
    let value = 0;
    const answered = new Set<number>();
    const channel = transport.channel('register', (plain) => plain as [id: number, write: number]);
    channel.onMessage((from, [id, write]) => {
      if (write > 0 && !answered.has(id)) value = write;
      answered.add(id);
      channel.send(from, [id, value]);
    });
  });
  for (const name of [1, 2, 3]) {
    world.addNode(`client${name}`, ({ clock, transport, random }) => {
      const channel = transport.channel(
        'register',
        (plain) => plain as [id: number, value: number],
      );
      let id = name;
      let pending = begin();
      function begin(): { write: number; call: ReturnType<typeof history.call> } {
        id += 4;
        const write = random() < 0.5 ? id : 0;
        const input: RegisterInput = write > 0 ? { kind: 'write', value: write } : { kind: 'read' };
        return { write, call: history.call(input, `client${name}`) };
      }
      channel.onMessage((_from, [answered, value]) => {
        if (answered !== id) return;
        pending.call.returned(pending.write > 0 ? {} : { value });
        pending = begin();
      });
      const ask = (): void => {
        channel.send('server', [id, pending.write]);
        clock.setTimer(5, ask);
      };
      ask();
    });
  }
  while (world.counts().nodeEvents < 2_000) world.runForSync(10);
  const { verdict } = checkLinearizability(registerModel(0), history.operations);
  if (verdict !== 'linearizable') throw new Error(`seed ${seed}: ${verdict}`);
}

let seed = 0;
await runContender(
  {
    name: '@ds/sim',
    version: ownVersion('@ds/sim'),
    configuration: 'one thread, trace hash on, trace list off; CPU time of the whole process',
  },
  {
    'five idle Raft nodes, heartbeat 100 ms': (durationMs) => idle(durationMs, 100),
    'five idle Raft nodes, heartbeat 50 ms': (durationMs) => idle(durationMs, 50),
    'core steps without promises': (durationMs) =>
      talking(durationMs, (world) => world.runForSync(100)),
    'driver-level events': (durationMs) => talking(durationMs, (world) => world.runFor(100)),
    'seeds of a lossy register': (durationMs) =>
      perCpuSecond(durationMs, () => {
        registerSeed(++seed);
        return 1;
      }),
  },
  LONG_RUNS,
);
