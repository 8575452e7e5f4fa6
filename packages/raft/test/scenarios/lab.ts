/**
 * A group as the Raft lab of MIT 6.5840 has it: servers that can be connected, crashed and
 * restarted, a network that can be made unreliable, and commands that are agreed upon. Servers are
 * whole members with logs on simulated disks; time is virtual, chance comes from the seed.
 */
import { type NodeEnvironment, seededRandom, World } from '@ds/sim';
import type { Channel, Transport } from '@ds/transport';
import { raftRules } from '../../src/core/rules.ts';
import { openWithRules, type RaftDriver } from '../../src/driver/driver.ts';
import { openRaftLog, type RaftNodeOptions, type Transaction } from '../../src/index.ts';
import { KeyValueMachine } from '../../src/machine/store-machine.ts';
import { StoreDisk } from '../simulation/crash-store.ts';
import { Invariants } from '../simulation/invariants.ts';

export interface LabOptions {
  readonly servers?: number;
  readonly unreliable?: boolean;
  /** Compacts every so many entries. */
  readonly snapshotEvery?: number;
}

interface Server {
  readonly node: RaftDriver;
  readonly machine: KeyValueMachine;
  readonly boot: number;
}

const ELECTION_MS = 100;
const HISTORY = new TextEncoder().encode('history');
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the machine keeps: all commands, one a line. */
function apply(transaction: Transaction, command: Uint8Array): Uint8Array {
  const before = decoder.decode(transaction.get(HISTORY) ?? new Uint8Array(0));
  transaction.put(HISTORY, encoder.encode(`${before}${decoder.decode(command).slice(0, 40)}\n`));
  return command;
}

export class Lab {
  readonly world: World;
  readonly ids: readonly string[];
  /** Messages sent between servers so far, and the bytes of commands in them. */
  sent = { messages: 0, bytes: 0 };
  readonly #options: LabOptions;
  readonly #random: () => number;
  readonly #servers = new Map<string, Server>();
  readonly #disks = new Map<string, StoreDisk>();
  readonly #connected = new Set<string>();
  readonly #invariants = new Invariants();

  constructor(seed: number, options: LabOptions = {}) {
    this.#options = options;
    this.#random = seededRandom(seed, 'story');
    const delay = { minMs: 0.2, meanMs: 0.5, maxMs: 2 };
    const sync = { minMs: 0.1, meanMs: 0.3, maxMs: 1 };
    this.world = new World({ seed, network: { delay }, disk: { sync } });
    this.ids = Array.from({ length: options.servers ?? 3 }, (_, i) => `s${i + 1}`);
    for (const id of this.ids) {
      this.#disks.set(id, new StoreDisk());
      this.#connected.add(id);
      this.world.addNode(id, (environment) => this.#open(environment));
    }
    if (options.unreliable) this.setUnreliable(true);
  }

  random(below: number): number {
    return Math.floor(this.#random() * below);
  }

  any(): string {
    return this.ids[this.random(this.ids.length)]!;
  }

  /** Lost and late messages, or none. */
  setUnreliable(unreliable: boolean): void {
    const delay = unreliable
      ? { minMs: 0.2, meanMs: 5, maxMs: 27 }
      : { minMs: 0.2, meanMs: 0.5, maxMs: 2 };
    this.world.configureNetwork({ delay, loss: unreliable ? 0.1 : 0, duplicate: 0 });
  }

  disconnect(...ids: readonly string[]): void {
    for (const id of ids) this.#connected.delete(id);
    this.#partition();
  }

  connect(...ids: readonly string[]): void {
    for (const id of ids) this.#connected.add(id);
    this.#partition();
  }

  crash(...ids: readonly string[]): void {
    for (const id of ids) if (this.world.node(id).state === 'running') this.world.crash(id);
  }

  restart(...ids: readonly string[]): void {
    for (const id of ids) if (this.world.node(id).state === 'crashed') this.world.restart(id);
  }

  isUp(id: string): boolean {
    return this.#server(id) !== undefined;
  }

  server(id: string): Server {
    const server = this.#server(id);
    if (server === undefined) throw new Error(`${id} does not run`);
    return server;
  }

  /** Lets time pass. */
  run(timeouts: number): Promise<void> {
    const untilMs = this.world.now + timeouts * ELECTION_MS;
    return this.until(() => this.world.now >= untilMs);
  }

  /** Lets time pass until something holds, and checks what must always hold. */
  async until(holds: () => boolean, timeouts = 600): Promise<void> {
    const deadlineMs = this.world.now + timeouts * ELECTION_MS;
    let over = false;
    // An event of its own, so that the world comes this far even when nothing happens.
    this.world.after(timeouts * ELECTION_MS, () => (over = true));
    await this.world.runUntil(
      () => {
        this.#check();
        return holds() || (over && this.world.now >= deadlineMs);
      },
      { withinMs: timeouts * ELECTION_MS + 1 },
    );
    if (!holds()) throw new Error('it did not come to pass');
  }

  /** The one leader among those connected, once there is one. */
  async leader(): Promise<string> {
    await this.until(() => this.#leaders().length === 1);
    return this.#leaders()[0]!;
  }

  hasLeader(): boolean {
    return this.#leaders().length > 0;
  }

  terms(): number[] {
    return this.ids.flatMap((id) => (this.isUp(id) ? [this.server(id).node.core.term] : []));
  }

  /** Proposes at `id`; the outcome may never be known. */
  start(id: string, command: string | Uint8Array): Promise<Uint8Array> {
    const bytes = typeof command === 'string' ? encoder.encode(command) : command;
    const proposed = this.server(id).node.propose(bytes);
    proposed.catch(() => {});
    return proposed;
  }

  /** Has a command agreed upon, trying again until it is, and applied by `servers` of them. */
  async one(command: string | Uint8Array, servers: number = this.#connected.size): Promise<void> {
    for (;;) {
      const leader = await this.leader();
      let outcome: boolean | undefined;
      this.start(leader, command).then(
        () => (outcome = true),
        () => (outcome = false),
      );
      await this.until(() => outcome !== undefined || !this.isUp(leader));
      if (outcome !== true) continue;
      const { appliedIndex } = this.server(leader).machine;
      await this.until(() => this.countApplied(appliedIndex) >= servers);
      return;
    }
  }

  countApplied(index: number): number {
    return this.ids.filter((id) => this.isUp(id) && this.server(id).machine.appliedIndex >= index)
      .length;
  }

  /** The commands that a server has applied, in order. */
  history(id: string): string[] {
    const bytes = this.server(id).machine.get(HISTORY);
    return bytes === undefined ? [] : decoder.decode(bytes).trimEnd().split('\n');
  }

  #leaders(): string[] {
    const leading = this.ids.filter(
      (id) =>
        this.#connected.has(id) && this.isUp(id) && this.server(id).node.core.role === 'leader',
    );
    const latest = Math.max(...leading.map((id) => this.server(id).node.core.term));
    return leading.filter((id) => this.server(id).node.core.term === latest);
  }

  #server(id: string): Server | undefined {
    const { boot, state } = this.world.node(id);
    const server = this.#servers.get(id);
    return state === 'running' && server?.boot === boot ? server : undefined;
  }

  #partition(): void {
    this.world.heal();
    const connected = this.ids.filter((id) => this.#connected.has(id));
    const alone = this.ids.filter((id) => !this.#connected.has(id));
    if (alone.length > 0) this.world.partition([connected, ...alone.map((id) => [id])]);
  }

  #check(): void {
    const running = this.ids.filter((id) => this.isUp(id));
    this.#invariants.check(new Map(running.map((id) => [id, this.server(id).node.core])));
  }

  async #open(environment: NodeEnvironment): Promise<Server> {
    const { self, clock, fileSystem, random } = environment;
    const identity = { self, clusterId: 'lab' };
    const log = await openRaftLog({ fileSystem, directory: 'raft', ...identity });
    const store = await this.#disks.get(self)!.open(clock, random);
    const machine = new KeyValueMachine({ store, apply }, 100);
    await machine.recover();
    const applyEntries = machine.apply.bind(machine);
    machine.apply = (entries) => {
      this.#invariants.applied(self, entries);
      return applyEntries(entries);
    };
    const { snapshotEvery = 100_000 } = this.#options;
    const settings: Partial<RaftNodeOptions> = {
      electionTimeoutMs: ELECTION_MS,
      heartbeatIntervalMs: ELECTION_MS / 5,
      snapshotEveryEntries: snapshotEvery,
      compactionTailEntries: 0,
    };
    const transport = this.#counted(environment.transport);
    const ports = { clock, transport, random, log, machine };
    const options = { members: this.ids, ...identity, ...ports, ...settings };
    const node = await openWithRules(options, raftRules);
    const server = { node, machine, boot: environment.boot };
    this.#servers.set(self, server);
    return server;
  }

  #counted(transport: Transport): Transport {
    const channel = <M>(name: string, decode: (plain: unknown) => M): Channel<M> => {
      const opened = transport.channel(name, decode);
      const send = opened.send.bind(opened);
      opened.send = (to, message) => {
        this.sent.messages += 1;
        for (const field of message as readonly unknown[]) {
          if (field instanceof Uint8Array) this.sent.bytes += field.length;
        }
        return send(to, message);
      };
      return opened;
    };
    return new Proxy(transport, {
      get(target, name) {
        if (name === 'channel') return channel;
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
