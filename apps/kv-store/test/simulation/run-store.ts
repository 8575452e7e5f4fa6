/**
 * One simulated life of the whole store: servers as in production but for their ports, clients,
 * faults, then calm, then judgement.
 *
 * The verdict rests on what clients saw (linearizability of the history, final reads included, so a
 * lost acknowledged write shows) and on what each node holds in the end (all the same).
 */
import { RaftError, type RaftStatus } from '@ds/raft';
import {
  checkLinearizability,
  History,
  type LinearizabilityResult,
  type NodeEnvironment,
  type Operation,
  SimulationError,
  skewClocks,
  type VersionedInput,
  type VersionedOutput,
  versionedModel,
  World,
  type WorldCounts,
} from '@ds/sim';
import { openBinaryDoor } from '../../src/binary/door.ts';
import type { KvNode } from '../../src/kv-node.ts';
import { type OpenKvNodeOptions, openKvNode } from '../../src/open-kv-node.ts';
import { FaultInjector, type ServerHandle } from './fault-injector.ts';
import { SimClient } from './sim-client.ts';
import { drawSwarm, type FaultKind, type Swarm } from './swarm.ts';

/** Opens a node; a planted bug opens it with one decision replaced. */
export type OpenNode = (options: OpenKvNodeOptions) => Promise<KvNode>;

export interface RunOptions {
  readonly seed: number;
  readonly open?: OpenNode;
  readonly trace?: boolean;
  /** Faults that must be part of the mix. */
  readonly faults?: readonly FaultKind[];
  /** Changes to what was drawn. */
  readonly shape?: ((swarm: Swarm) => Swarm) | undefined;
}

export interface RunResult {
  readonly seed: number;
  /** Why the run is not as it should be; `undefined` when it is. */
  readonly failure: string | undefined;
  readonly traceHash: string;
  readonly swarm: Swarm;
  /**
   * What users could have noticed: answers that contradict one another, nodes that hold different
   * data, a node that finds its own data impossible and refuses to go on, or one that never again
   * catches up although nothing is wrong any more.
   */
  readonly violation: 'history' | 'divergence' | 'refusal' | 'stuck' | undefined;
  /** Whether the checker gave up before it knew. */
  readonly undecided: boolean;
  readonly operations: number;
  readonly unknownOutcomes: number;
  readonly maxConcurrency: number;
  /** Requests that clients sent again. */
  readonly retries: number;
  readonly memberChanges: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly counts: WorldCounts;
}

const CALM_WITHIN_MS = 60_000;
const DIVERGED = 'holds other data than';
const MAX_STEPS = 100_000;

export async function runStore({
  seed,
  open = openKvNode,
  trace = false,
  faults = [],
  shape = (swarm) => swarm,
}: RunOptions): Promise<RunResult> {
  const world = new World({ seed, trace });
  const swarm = shape(drawSwarm(world.fork('swarm'), faults));
  world.configureNetwork(swarm.network);
  world.configureDisks(swarm.disk);
  const servers = Array.from({ length: swarm.servers + swarm.spares }, (_, i) => `s${i + 1}`);
  const members = servers.slice(0, swarm.servers);
  const clients = Array.from({ length: swarm.clients }, (_, i) => `c${i + 1}`);
  const history = new History<VersionedInput, VersionedOutput>();
  const injector = new FaultInjector(world, swarm, servers, clients);
  let failure: string | undefined;
  let violation: RunResult['violation'];
  try {
    for (const id of servers) {
      const known = members.includes(id) ? members : [];
      world.addNode(id, (environment) => openServer(environment, known, swarm, open));
    }
    for (const id of clients) {
      world.addNode(id, (environment) => openClient({ ...swarm, environment, servers, history }));
    }
    skewClocks(world, swarm.clocks);
    failure = await live(world, swarm, servers, clients, injector);
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    if (error.cause instanceof RaftError) violation = 'refusal';
    else if (error.code === 'SIM_NOT_REACHED') violation = 'stuck';
    failure = `${error.message}${error.cause instanceof Error ? `\n${error.cause.stack}` : ''}`;
  }
  const broken = servers.map((id) => brokenNode(world, id)).find((why) => why !== undefined);
  if (broken !== undefined) {
    violation = 'refusal';
    failure = broken;
  }
  const verdict = judge(history.operations);
  if (failure?.includes(DIVERGED)) violation = 'divergence';
  if (verdict.verdict === 'violated') {
    violation = 'history';
    failure ??= `the history is not linearizable: ${verdict.violation?.message}`;
  }
  const result: RunResult = {
    seed,
    failure,
    traceHash: world.traceHash(),
    swarm,
    violation,
    undecided: verdict.verdict === 'undecided',
    operations: history.operations.length,
    unknownOutcomes: history.operations.filter(({ returnAt }) => returnAt === undefined).length,
    maxConcurrency: verdict.maxConcurrency,
    retries: clients.reduce((sum, id) => sum + world.node<SimClient>(id).handle.retries, 0),
    memberChanges: injector.memberChanges,
    faults: injector.counts,
    counts: world.counts(),
  };
  await world.close().catch((error) => {
    if (failure === undefined) throw error;
  });
  return result;
}

/**
 * Operations of unknown outcome double the search each, and most of them never happened. A history
 * that is linearizable without those nobody saw is linearizable with them; only one that is not
 * needs the search over all.
 */
function judge(
  operations: readonly Operation<VersionedInput, VersionedOutput>[],
): LinearizabilityResult {
  const seen = new Set(operations.map(({ output }) => output?.value));
  const witnessed = operations.filter(({ input, returnAt }) => {
    return returnAt !== undefined || ('value' in input && seen.has(input.value));
  });
  const options = { maxSteps: MAX_STEPS };
  const quick = checkLinearizability(versionedModel, witnessed, options);
  if (quick.verdict === 'linearizable') return quick;
  return checkLinearizability(versionedModel, operations, options);
}

async function live(
  world: World,
  { chaosMs }: Swarm,
  servers: readonly string[],
  clientIds: readonly string[],
  injector: FaultInjector,
): Promise<string | undefined> {
  await world.runFor(500);
  injector.start();
  await world.runFor(chaosMs);
  injector.stop();
  const clients = clientIds.map((id) => world.node<SimClient>(id).handle);
  // Liveness: once faults have ended, everybody gets answers again.
  const before = clients.map(({ answered }) => answered);
  await world.runUntil(() => clients.every(({ answered }, i) => answered > before[i]!), {
    withinMs: CALM_WITHIN_MS,
  });
  for (const client of clients) client.stopping = true;
  await world.runUntil(() => clients.every(({ done }) => done), { withinMs: CALM_WITHIN_MS });
  const last = clients[0]!;
  void last.readAll();
  await world.runUntil(() => last.done, { withinMs: CALM_WITHIN_MS });
  return compareNodes(world, servers);
}

/** Once all members have applied all, all hold the same. */
async function compareNodes(world: World, servers: readonly string[]): Promise<string | undefined> {
  const node = (id: string): KvNode => world.node<ServerHandle>(id).handle.node;
  const status = (id: string): RaftStatus => node(id).raftStatus();
  let held: readonly string[] = [];
  const caughtUp = (): boolean => {
    if (servers.some((id) => world.node(id).state !== 'running')) return false;
    const leaders = servers.filter((id) => status(id).role === 'leader');
    const [leader] = leaders.sort((a, b) => status(b).term - status(a).term);
    if (leader === undefined) return false;
    const { members, lastIndex } = status(leader);
    held = members;
    return members.every((id) => status(id).appliedIndex === lastIndex);
  };
  await world.runUntil(caughtUp, { withinMs: CALM_WITHIN_MS });
  const dumps: string[] = [];
  const collect = async (): Promise<void> => {
    for (const id of held) dumps.push(await dump(node(id)));
  };
  void collect();
  await world.runUntil(() => dumps.length === held.length, { withinMs: CALM_WITHIN_MS });
  const differing = dumps.findIndex((dump) => dump !== dumps[0]);
  if (differing < 0) return undefined;
  return `${held[differing]} ${DIVERGED} ${held[0]}:\n${dumps[differing]}\n${dumps[0]}`;
}

/** All that a node itself holds. */
async function dump(node: KvNode): Promise<string> {
  const { entries } = await node.scan({ limit: 1_000 }, { consistency: 'stale' });
  return JSON.stringify(
    entries.map(({ key, value, version }) => [
      Buffer.from(key).toString(),
      Buffer.from(value).toString(),
      version,
    ]),
  );
}

/** Why a node that runs no longer takes part: disks do not fail here, so it found a contradiction. */
function brokenNode(world: World, id: string): string | undefined {
  const server = world.node<ServerHandle>(id);
  const why = server.state === 'running' ? server.handle.node.failure : undefined;
  return why === undefined ? undefined : `${id} has stopped taking part: ${why}`;
}

async function openServer(
  environment: NodeEnvironment,
  members: readonly string[],
  { raft, store, segmentBytes }: Swarm,
  open: OpenNode,
): Promise<ServerHandle> {
  const { self, transport, clock, fileSystem, random } = environment;
  const node = await open({
    self,
    members,
    clusterId: 'simulation',
    transport,
    clock,
    fileSystem,
    random,
    directory: 'data',
    raft,
    store,
    segmentBytes,
    limits: { timeoutMs: 600 },
  });
  openBinaryDoor({ node, transport, clock, random });
  return { node, stop: () => node.close() };
}

function openClient(options: ConstructorParameters<typeof SimClient>[0]): SimClient {
  const client = new SimClient(options);
  void client.run();
  return client;
}
