/**
 * One seeded run of a group whose machine coordinates: clients read, write on condition of a
 * version and delete, at once and through faults, and what they were told must be linearizable. A
 * client that is not answered does not know what became of its operation, and goes on.
 */
import { sleep } from '@ds/clock';
import {
  chaos,
  checkLinearizability,
  drawFaults,
  History,
  type NodeEnvironment,
  seededRandom,
  skewClocks,
  type VersionedInput,
  type VersionedOutput,
  versionedModel,
  World,
} from '@ds/sim';
import { Requests, TransportError } from '@ds/transport';
import {
  type CoordinationMachine,
  decodeAnswer,
  encodeCommand,
  openCoordinationMachine,
} from '../../src/coordination.ts';
import { openRaftLog, openRaftNode, type RaftNode } from '../../src/index.ts';
import { StoreDisk } from './crash-store.ts';

const MEMBERS = ['a', 'b', 'c'];
const CHAOS_MS = 2_500;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Channel = Requests<VersionedInput, VersionedOutput>;
type OperationHistory = History<VersionedInput, VersionedOutput>;

export interface CoordinationRun {
  readonly operations: number;
  readonly unknownOutcomes: number;
  readonly conditions: number;
  readonly crashes: number;
}

export async function runCoordination(seed: number): Promise<CoordinationRun> {
  const faults = drawFaults(seededRandom(seed, 'faults'));
  // There are no sessions here: a request that came twice would be done twice.
  const network = { ...faults.network, duplicate: 0 };
  const world = new World({ seed, network, disk: faults.disk });
  const history: OperationHistory = new History();
  const disks = new Map(MEMBERS.map((id) => [id, new StoreDisk()]));
  try {
    for (const id of MEMBERS) {
      world.addNode(id, (environment) => openMember(environment, disks.get(id)!));
    }
    for (const id of ['client1', 'client2', 'client3']) {
      world.addNode(id, (environment) => void beClient(environment, history));
    }
    skewClocks(world, faults.clocks);
    const pace = { crashEveryMs: 300, partitionEveryMs: 400, partitionMs: 200, downMs: 150 };
    chaos(world, { ...faults.chaos, ...pace, nodes: MEMBERS, durationMs: CHAOS_MS });
    let isOver = false;
    world.after(CHAOS_MS + 1_000, () => {
      isOver = true;
    });
    await world.runUntil(() => isOver, { withinMs: 3 * CHAOS_MS });
    return judge(history, world);
  } finally {
    await world.close().catch(() => {});
  }
}

function judge({ operations }: OperationHistory, world: World): CoordinationRun {
  const result = checkLinearizability(versionedModel, operations, { maxSteps: 5_000_000 });
  if (result.verdict === 'violated') throw new Error(result.violation?.message);
  return {
    operations: operations.length,
    unknownOutcomes: result.unknownOutcomes,
    conditions: operations.filter(({ output }) => output?.ok !== undefined).length,
    crashes: world.counts().crashes,
  };
}

async function openMember(environment: NodeEnvironment, disk: StoreDisk): Promise<RaftNode> {
  const { self, clock, transport, fileSystem, random } = environment;
  const identity = { self, clusterId: 'coordination' };
  const log = await openRaftLog({ fileSystem, directory: 'raft', segmentBytes: 8192, ...identity });
  const machine = await openCoordinationMachine({ store: await disk.open(clock, random) });
  const limits = { electionTimeoutMs: 100, heartbeatIntervalMs: 20, snapshotEveryEntries: 20 };
  const options = { ...limits, compactionTailEntries: 3, members: MEMBERS, ...identity };
  const node = await openRaftNode({ ...options, clock, transport, random, log, machine });
  channel(environment).serve((_from, input, { signal }) => perform(node, machine, input, signal));
  return node;
}

async function perform(
  node: RaftNode,
  machine: CoordinationMachine,
  input: VersionedInput,
  signal: AbortSignal,
): Promise<VersionedOutput> {
  const key = encoder.encode(input.key);
  if (input.kind === 'get') {
    await node.readIndex({ signal });
    const record = machine.lookup(key);
    return record === undefined
      ? {}
      : { value: decoder.decode(record.value), version: record.version };
  }
  const ifVersion = input.kind === 'put' ? undefined : input.version;
  const command =
    input.kind === 'delete'
      ? encodeCommand({ kind: 'delete', key, ifVersion })
      : encodeCommand({ kind: 'put', key, value: encoder.encode(input.value), ifVersion });
  const { status, number } = decodeAnswer(await node.propose(command, { signal }));
  if (input.kind === 'put') return { version: number };
  const ok = status === 'ok';
  if (input.kind === 'delete') return input.version === undefined ? {} : { ok };
  return ok ? { ok, version: number } : { ok };
}

function channel({ transport, clock, random }: NodeEnvironment): Channel {
  return new Requests<VersionedInput, VersionedOutput>({
    transport,
    clock,
    random,
    name: 'coordination',
    decodeRequest: (plain) => plain as VersionedInput,
    decodeResponse: (plain) => plain as VersionedOutput,
  });
}

/** One operation after the other, each asked once, of any member. */
async function beClient(environment: NodeEnvironment, history: OperationHistory): Promise<never> {
  const { clock, random, self } = environment;
  const requests = channel(environment);
  const seen = new Map<string, number>();
  for (let count = 0; ; count += 1) {
    const input = drawInput(random, seen, `${self}.${count}`);
    const call = history.call(input, self);
    const to = MEMBERS[Math.floor(random() * MEMBERS.length)]!;
    try {
      const output = await requests.request(to, input, { timeoutMs: 50 + random() * 200 });
      call.returned(output);
      if (output.version !== undefined) seen.set(input.key, output.version);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (error.remoteCode === 'RAFT_NOT_LEADER' || input.kind === 'get') call.hadNoEffect();
    }
    await sleep(clock, random() * 20);
  }
}

function drawInput(
  random: () => number,
  seen: ReadonlyMap<string, number>,
  value: string,
): VersionedInput {
  const key = `k${Math.floor(random() * 2)}`;
  const version = seen.get(key);
  const draw = random();
  if (draw < 0.35) return { kind: 'get', key };
  if (draw < 0.55 || version === undefined) return { kind: 'put', key, value };
  if (draw < 0.9) return { kind: 'cas', key, value, version };
  return { kind: 'delete', key, version };
}
