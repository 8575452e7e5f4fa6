/** One seeded run of the replicated register, through chaos and out of it, and its verdict. */
import {
  chaos,
  checkLinearizability,
  coverage,
  drawFaults,
  History,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  skewClocks,
  World,
} from '@ds/sim';
import { Client, Replica } from './replicated-register.ts';

export interface RegisterRun {
  readonly hash: string;
  readonly counts: ReturnType<typeof coverage>;
  readonly operations: number;
  readonly maxConcurrency: number;
}

export interface RegisterProtocol {
  readonly Replica?: typeof Replica;
  readonly Client?: typeof Client;
}

/** Throws when the history is not linearizable, or nothing moves once the faults are over. */
export async function runRegister(
  seed: number,
  { Replica: ReplicaClass = Replica, Client: ClientClass = Client }: RegisterProtocol = {},
): Promise<RegisterRun> {
  const draw = drawFaults(new World({ seed }).fork('faults'));
  const world = new World({ seed, network: draw.network, disk: draw.disk });
  const history = new History<RegisterInput, RegisterOutput>();
  const replicas = ['r0', 'r1', 'r2'];
  for (const id of replicas) world.addNode(id, (environment) => ReplicaClass.open(environment));
  const clients = [1, 2, 3].map((index) =>
    world.addNode(
      `c${index}`,
      (environment) => new ClientClass(environment, replicas, history, index),
    ),
  );
  skewClocks(world, draw.clocks);
  const storm = chaos(world, {
    ...draw.chaos,
    // A short run wants its crashes close together.
    crashEveryMs: draw.chaos.crashEveryMs / 5,
    blackoutEveryMs: draw.chaos.blackoutEveryMs / 5,
    nodes: replicas,
    // All may be down at once: what was acknowledged is on the disks of a majority.
    maxDown: replicas.length,
    durationMs: 2_000,
    downMs: 100,
  });
  await world.runFor(2_000);
  storm.stop();
  const before = clients.map(({ handle }) => handle.completed);
  await world.runUntil(() => clients.every(({ handle }, i) => handle.completed >= before[i]! + 2), {
    withinMs: 10_000,
  });
  const result = checkLinearizability(registerModel(0), history.operations);
  world.record('verdict', result.verdict);
  const { operations, maxConcurrency } = result;
  const run = { hash: world.traceHash(), counts: coverage(world), operations, maxConcurrency };
  await world.close();
  if (result.verdict !== 'linearizable') throw new Error(result.violation?.message);
  return run;
}
