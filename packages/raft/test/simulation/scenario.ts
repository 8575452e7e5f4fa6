/**
 * One seeded run of a whole group, with clients, through chaos and out of it: members on simulated
 * disks, a store that keeps what was synced, sessions, snapshots, transfers. It throws when an
 * invariant breaks, when the clients' history is not linearizable, when the group does not come to
 * rest after the faults, or when its members then differ.
 */
import {
  chaos,
  checkLinearizability,
  drawFaults,
  History,
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
  type NodeEnvironment,
  seededRandom,
  skewClocks,
  World,
} from '@ds/sim';
import { raftRules } from '../../src/core/rules.ts';
import { openWithRules, type RaftDriver } from '../../src/driver/driver.ts';
import { openRaftLog, type RaftStatus, type StoreMachine } from '../../src/index.ts';
import { KeyValueMachine } from '../../src/machine/store-machine.ts';
import { isJoint } from '../../src/members/configuration.ts';
import { StoreDisk } from './crash-store.ts';
import { Invariants } from './invariants.ts';
import { applyCommand, KvClient, serve } from './kv-service.ts';
import { nemesis } from './nemesis.ts';

export interface RaftRun {
  readonly hash: string;
  readonly events: number;
  readonly operations: number;
  readonly unknownOutcomes: number;
  readonly undecided: number;
  readonly leaders: number;
  readonly committed: number;
  readonly snapshots: number;
  readonly configurations: number;
  readonly crashes: number;
  readonly partitions: number;
}

interface Member {
  readonly boot: number;
  readonly node: RaftDriver;
  readonly machine: StoreMachine;
}

const CHAOS_MS = 3_000;
/** What it takes to open a log and to elect, beyond the one sync that takes longest. */
const SETTLE_MS = 120_000;
/**
 * A sync that began when the slowest disk was at its slowest goes on when all is well again: twice
 * the election timeout on average, five times that at most, and a hundred times that meanwhile.
 */
const LONGEST_SYNC_IN_ELECTIONS = 2 * 5 * 100;

export async function runRaft(seed: number): Promise<RaftRun> {
  const random = seededRandom(seed, 'scenario');
  const faults = drawFaults(seededRandom(seed, 'faults'));
  const world = new World({ seed, network: faults.network, disk: faults.disk });
  try {
    return await new Scenario(world, random).run(faults);
  } finally {
    await world.close().catch(() => {});
  }
}

class Scenario {
  readonly #world: World;
  readonly #random: () => number;
  /** Who begins. */
  readonly #voters: readonly string[];
  /** All nodes: those, and the ones that may join. */
  readonly #members: readonly string[];
  readonly #invariants = new Invariants();
  readonly #history = new History<KeyValueInput, KeyValueOutput>();
  readonly #disks = new Map<string, StoreDisk>();
  #ambush: () => void = () => {};
  readonly #opened = new Map<string, Member>();
  readonly #settings: ReturnType<typeof drawSettings>;

  constructor(world: World, random: () => number) {
    this.#world = world;
    this.#random = random;
    this.#voters = random() < 0.7 ? ['a', 'b', 'c'] : ['a', 'b', 'c', 'd', 'e'];
    this.#members = random() < 0.5 ? this.#voters : [...this.#voters, 'x', 'y'];
    this.#settings = drawSettings(random);
  }

  async run(faults: ReturnType<typeof drawFaults>): Promise<RaftRun> {
    const world = this.#world;
    for (const id of this.#members) {
      this.#disks.set(id, new StoreDisk());
      world.addNode(id, (environment) => this.#openMember(environment));
    }
    this.#slowSomeDisks();
    const clients = [1, 2, 3, 4].map((number) =>
      world.addNode(
        `client${number}`,
        (environment) => new KvClient(environment, this.#members, this.#history),
      ),
    );
    skewClocks(world, faults.clocks);
    const storm = chaos(world, {
      ...faults.chaos,
      crashEveryMs: faults.chaos.crashEveryMs / 3,
      partitionEveryMs: faults.chaos.partitionEveryMs / 3,
      partitionMs: 300,
      nodes: this.#members,
      // All may be down at once: what was acknowledged is on the disks of a majority.
      maxDown: this.#members.length,
      durationMs: CHAOS_MS,
      downMs: 200,
    });
    this.#ambush = nemesis({
      world,
      members: this.#members,
      random: this.#random,
      electionTimeoutMs: this.#settings.node.electionTimeoutMs,
      untilMs: CHAOS_MS,
      running: () => this.#running(),
    });
    await this.#runFor(CHAOS_MS);
    storm.stop();
    // Raft is live when a round trip, syncs included, is short beside an election timeout.
    world.configureNetwork({ delay: { minMs: 0.2, meanMs: 0.5, maxMs: 2 } });
    world.configureDisks({ sync: { minMs: 0.1, meanMs: 0.3, maxMs: 1 } });
    const before = clients.map(({ handle }) => handle.completed);
    await this.#runUntil(() =>
      clients.every(({ handle }, i) => handle.completed >= before[i]! + 2),
    );
    for (const { id } of clients) world.crash(id);
    await this.#runUntil(() => this.#isAtRest());
    this.#checkEqual();
    return this.#judge();
  }

  /** Some members' disks lag: leaders come and go while one sync is under way there. */
  #slowSomeDisks(): void {
    if (this.#random() < 0.6) return;
    for (const id of this.#members.slice(1)) {
      if (this.#random() < 0.5) continue;
      const meanMs = this.#settings.node.electionTimeoutMs * 2 * this.#random() + 1;
      const sync = { minMs: meanMs / 10, meanMs, maxMs: meanMs * 5 };
      this.#world.node(id).disk.configure({ sync });
    }
  }

  async #openMember(environment: NodeEnvironment): Promise<Member> {
    const { self, clock, transport, fileSystem, random } = environment;
    const { node: settings, segmentBytes, maxSessions } = this.#settings;
    const identity = { self, clusterId: 'simulation' };
    const log = await openRaftLog({ fileSystem, directory: 'raft', segmentBytes, ...identity });
    const store = await this.#disks.get(self)!.open(clock, random);
    const machine = new KeyValueMachine({ store, apply: applyCommand }, maxSessions);
    await machine.recover();
    const apply = machine.apply.bind(machine);
    machine.apply = (entries) => {
      this.#invariants.applied(self, entries);
      return apply(entries);
    };
    const ports = { clock, transport, random, log, machine };
    const members = this.#voters.includes(self) ? this.#voters : [];
    const options = { members, ...identity, ...ports, ...settings };
    const node = await openWithRules(options, raftRules);
    node.onChange(({ state, failure }) => {
      if (state !== 'failed' || !this.#lives(environment)) return;
      throw new Error(`${self} stopped: ${failure}`);
    });
    serve(environment, node, machine);
    const member = { node, machine, boot: environment.boot };
    this.#opened.set(self, member);
    return member;
  }

  /** Not so for what a crash in the middle of an instant has left: its disk answers no more. */
  #lives({ self, boot }: NodeEnvironment): boolean {
    const node = this.#world.node(self);
    return node.boot === boot && node.state !== 'crashed' && node.state !== 'stopped';
  }

  #running(): Map<string, Member> {
    const running = new Map<string, Member>();
    for (const id of this.#members) {
      const { boot, state } = this.#world.node(id);
      const member = this.#opened.get(id);
      const isUp = state === 'running' || state === 'paused';
      if (isUp && member?.boot === boot) running.set(id, member);
    }
    return running;
  }

  #check(): void {
    const cores = new Map([...this.#running()].map(([id, { node }]) => [id, node.core]));
    this.#invariants.check(cores);
  }

  async #runFor(ms: number): Promise<void> {
    let over = false;
    this.#world.after(ms, () => (over = true));
    await this.#runUntil(() => over);
  }

  async #runUntil(holds: () => boolean): Promise<void> {
    const done = (): boolean => {
      this.#check();
      this.#ambush();
      return holds();
    };
    try {
      const longestSyncMs = LONGEST_SYNC_IN_ELECTIONS * this.#settings.node.electionTimeoutMs;
      await this.#world.runUntil(done, { withinMs: SETTLE_MS + longestSyncMs });
    } catch (error) {
      const statuses = [...this.#running().values()].map(({ node }) => node.status());
      throw new Error(`${(error as Error).message}\n${JSON.stringify(statuses)}`, { cause: error });
    }
  }

  #isAtRest(): boolean {
    const leader = this.#leader();
    if (leader === undefined || isJoint(leader.configuration)) return false;
    const statuses = this.#taking(leader).map(({ node }) => node.status());
    const [first] = statuses;
    return (
      statuses.length === leader.members.length &&
      statuses.every((s) => s.appliedIndex === s.lastIndex && s.lastIndex === first!.lastIndex)
    );
  }

  #leader(): RaftStatus | undefined {
    const statuses = [...this.#running().values()].map(({ node }) => node.status());
    const leaders = statuses.filter(({ role }) => role === 'leader');
    return leaders.sort((a, b) => b.term - a.term)[0];
  }

  /** The running ones among the members of the group as it is in the end. */
  #taking({ members }: RaftStatus): Member[] {
    return [...this.#running()].flatMap(([id, it]) => (members.includes(id) ? [it] : []));
  }

  #checkEqual(): void {
    const contents = this.#taking(this.#leader()!).map(({ machine, node: { self: id } }) => {
      const entries = [...machine.range()].map(({ key, value }) => [[...key], [...value]]);
      return [id, JSON.stringify([entries, machine.sessions])] as const;
    });
    for (const [id, content] of contents) {
      if (content !== contents[0]![1]) throw new Error(`${id} differs from ${contents[0]![0]}`);
    }
  }

  #judge(): RaftRun {
    const world = this.#world;
    const { operations } = this.#history;
    const result = checkLinearizability(keyValueModel(), operations, { maxSteps: 5_000_000 });
    world.record('verdict', result.verdict);
    if (result.verdict === 'violated') throw new Error(result.violation?.message);
    const { events, crashes, partitions } = world.counts();
    let snapshots = 0;
    for (const { node } of this.#running().values()) snapshots += node.status().snapshotsInstalled;
    return {
      hash: world.traceHash(),
      events,
      operations: operations.length,
      unknownOutcomes: result.unknownOutcomes,
      // Too many outcomes that nobody knows: the search met its limit.
      undecided: result.verdict === 'undecided' ? 1 : 0,
      leaders: this.#invariants.leaders,
      committed: this.#invariants.committed,
      snapshots,
      configurations: this.#invariants.configurations,
      crashes,
      partitions,
    };
  }
}

/** Small limits, so that short runs reach them. */
function drawSettings(random: () => number) {
  const pick = <T>(...values: T[]): T => values[Math.floor(random() * values.length)]!;
  const electionTimeoutMs = pick(20, 50, 100, 200, 400);
  // One entry at a time, so that a crash finds a log in the middle of being repaired.
  const oneByOne = random() < 0.3;
  return {
    segmentBytes: pick(4096, 8192, 65_536),
    maxSessions: pick(6, 8, 100),
    node: {
      electionTimeoutMs,
      heartbeatIntervalMs: electionTimeoutMs / pick(4, 10),
      maxBatchBytes: oneByOne ? 1 : pick(500, 100_000),
      maxInFlightMessages: oneByOne ? 1 : pick(1, 3, 64),
      maxInFlightBytes: pick(200, 1_000_000),
      maxUncommittedBytes: pick(1_000, 1_000_000),
      maxCacheBytes: pick(1, 1_000, 1_000_000),
      snapshotEveryEntries: pick(5, 20, 1_000),
      compactionTailEntries: pick(0, 3, 20),
      snapshotChunkBytes: pick(50, 500, 60_000),
      snapshotWindowChunks: pick(1, 4),
    },
  };
}
