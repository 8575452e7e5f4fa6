/**
 * A cluster on one thread, in virtual time, with every piece of chance drawn from one seed.
 *
 * Invariants: the same seed and the same calls give the same events, byte for byte, and so the same
 * {@link World.traceHash}; virtual time moves only inside `runFor`, `runUntil`, `runForSync`,
 * `stop` and `close`; idle time costs nothing. Hosted code must take time, chance, messages and
 * files from its environment alone; promises are its to use.
 *
 * Cost: one turn of the host's queue per event, which lets promises run; none under `runForSync`.
 */
import type { Timer } from '@ds/clock';
import { checkNodeId, type NodeId } from '@ds/transport';
import { SimDisk } from './disk/disk.ts';
import { type DiskOptions, resolveDiskOptions } from './disk/disk-options.ts';
import type { Loss } from './disk/survival.ts';
import { SimulationError } from './errors.ts';
import { MachineClock, SimClock } from './kernel/clock.ts';
import { Kernel } from './kernel/kernel.ts';
import { Forks, type Random } from './kernel/random.ts';
import type { TraceEvent } from './kernel/trace.ts';
import { findLeftovers } from './leftovers.ts';
import { Link } from './network/link.ts';
import { Network } from './network/network.ts';
import { type NetworkOptions, resolveNetworkOptions } from './network/network-options.ts';
import { type Partition, waysBetween } from './network/partitions.ts';
import { SimTransport } from './network/transport.ts';
import { Life, type NodeFactory, type NodeHandle, SimNode } from './node.ts';
import type { Schedule } from './runner/schedule.ts';
import { describeWaiting } from './waiting.ts';
import {
  resolveWorldOptions,
  type WaitOptions,
  type WorldCounts,
  type WorldOptions,
} from './world-options.ts';

const STOP_WITHIN_MS = 60_000;

export class World implements AsyncDisposable {
  readonly seed: number;
  readonly #kernel: Kernel;
  readonly #forks: Forks;
  readonly #network: Network;
  readonly #nodes = new Map<NodeId, SimNode>();
  readonly #wallMs: number;
  readonly #leavesNothing: boolean;
  readonly #schedule: Schedule | undefined;
  #disk: DiskOptions;
  #counts = { crashes: 0, restarts: 0, pauses: 0, partitions: 0 };
  #closed = false;

  constructor(options: WorldOptions) {
    const {
      seed,
      schedule,
      network = {},
      disk = {},
      wallMs,
      leavesNothing,
      ...limits
    } = resolveWorldOptions(options);
    this.seed = seed;
    this.#forks = new Forks(seed);
    this.#kernel = new Kernel({ ...limits, seed, keepOrigins: leavesNothing });
    this.#leavesNothing = leavesNothing;
    this.#wallMs = wallMs;
    this.#schedule = schedule;
    schedule?.govern(this);
    const plan = schedule && { seed, takes: (step: string) => schedule.takes(step) };
    this.#network = new Network(
      this.#kernel,
      this.fork('network'),
      resolveNetworkOptions(network),
      plan,
    );
    this.#disk = resolveDiskOptions(disk);
  }

  /** Virtual ms since the world began. */
  get now(): number {
    return this.#kernel.now;
  }

  /** What happened so far; empty unless the world was made with `trace: true`. */
  get trace(): readonly TraceEvent[] {
    return this.#kernel.trace.events;
  }

  /** The nodes, in the order they were added. */
  get nodes(): readonly SimNode[] {
    return [...this.#nodes.values()];
  }

  /** Two runs of one seed are the same run exactly when this is the same. */
  traceHash(): string {
    return this.#kernel.trace.hash;
  }

  /** How much has happened, and of what. */
  counts(): WorldCounts {
    const { events, nodeEvents } = this.#kernel;
    return { events, nodeEvents, ...this.#network.counts(), ...this.#counts };
  }

  /** The stream of chance called `name`; draws from it shift no other stream. */
  fork(name: string): Random {
    return this.#forks.fork(name);
  }

  /**
   * Whether an optional part of the scenario happens: always, unless a schedule is being shrunk and
   * tries without it. Name it after what it is and whom it concerns: `'operation c1'`, `'node r2'`.
   */
  takes(step: string): boolean {
    return this.#schedule?.takes(step) ?? true;
  }

  /**
   * Asks after every event whether a property holds; when it does not, the run ends with
   * `SIM_VIOLATED`. The check returns nothing when all is well, and what is wrong otherwise.
   */
  always(property: string, check: () => string | undefined, node?: () => NodeId | undefined): void {
    this.#kernel.watch(() => {
      const wrong = check();
      return wrong === undefined ? undefined : this.violated(property, wrong, node?.());
    });
  }

  /** Marks in the trace that a property is violated here and now; the error is yours to throw. */
  violated(property: string, message: string, node?: NodeId): SimulationError {
    this.record('violated', { property, message }, node);
    return this.#kernel.error('SIM_VIOLATED', `${property}: ${message}`, { node, property });
  }

  /** Adds a node and starts its code at once. */
  addNode<H>(id: NodeId, factory: NodeFactory<H>): SimNode<H> {
    checkNodeId(id);
    this.#checkOpen();
    if (this.#nodes.has(id)) throw new RangeError(`node '${id}' is in this world already`);
    const disk = new SimDisk({
      ...this.#disk,
      random: this.fork(`disk ${id}`),
      allow: () => this.takes(`fail-disk ${id}`),
      defer: (delayMs, fire) => {
        if (node.life !== undefined) this.#kernel.schedule('sync', delayMs, node.life, fire);
      },
      // When a process dies, its machine says goodbye for it; when a machine dies, nobody does.
      onCrash: (loss) => this.#end(node, 'crashed', loss === 'process'),
    });
    const clock = new MachineClock(this.#kernel, this.#wallMs);
    const node = new SimNode<H>(id, this.#nodes.size, disk, clock, factory);
    this.#nodes.set(id, node as SimNode);
    this.#network.add(node);
    this.#start(node);
    return node;
  }

  /** The node called `id`. Its type is what `addNode` returned; say so when you need it. */
  node<H = unknown>(id: NodeId): SimNode<H> {
    const node = this.#nodes.get(id);
    if (node === undefined) {
      throw new SimulationError('SIM_NODE_UNKNOWN', `there is no node '${id}'`, { node: id });
    }
    return node as SimNode<H>;
  }

  /**
   * Cuts a node's power: its code never runs again, and of what its disk was not told to keep a
   * random part survives. `disk: 'process'` kills only its process, whose writes all survive;
   * `'lost'` takes the whole disk. Others notice later. Harmless when the node is down.
   */
  crash(id: NodeId, { disk = 'random' }: { disk?: Loss } = {}): void {
    const node = this.node(id);
    if (node.life === undefined || !this.takes(`crash ${id}`)) return;
    node.disk.crash(disk);
  }

  /** Starts a node again on what its disk kept; a running one is crashed first. */
  restart<H>(id: NodeId, factory?: NodeFactory<H>): SimNode<H> {
    this.#checkOpen();
    const node = this.node<H>(id);
    if (node.life !== undefined) {
      if (!this.takes(`restart ${id}`)) return node;
      node.disk.crash();
    }
    if (factory !== undefined) node.factory = factory;
    this.#counts.restarts += 1;
    this.#start(node);
    return node;
  }

  /** Ends a node in good order: runs the world until its `stop()` is done. */
  async stop(id: NodeId): Promise<void> {
    const node = this.node(id);
    const { life } = node;
    if (life === undefined) return;
    if (node.paused) this.resume(id);
    const stopping = this.#askToStop(node, life);
    if (stopping !== undefined) {
      await this.runUntil(() => stopping.done || !life.alive, { withinMs: STOP_WITHIN_MS });
    }
    if (!life.alive) return;
    this.#end(node, 'stopped', true);
    node.disk.crash('process');
  }

  /** Lets a node stand still: what should happen on it waits until {@link resume}. */
  pause(id: NodeId): void {
    const node = this.node(id);
    if (node.life === undefined || node.paused || !this.takes(`pause ${id}`)) return;
    node.paused = true;
    this.#counts.pauses += 1;
    this.#note(node, 'pause');
    this.#network.changed(node);
  }

  resume(id: NodeId): void {
    const node = this.node(id);
    if (!node.paused) return;
    node.paused = false;
    this.#note(node, 'resume');
    this.#kernel.release(node.held.splice(0));
    this.#network.changed(node);
  }

  /**
   * Lets each message, timer and sync on a node take `eventMs` of its time, one after another, so
   * that it is late with all it does, and ever later when too much comes. 0: as quick as ever.
   */
  slow(id: NodeId, eventMs: number): void {
    const node = this.node(id);
    checkSpan(eventMs);
    if (eventMs > 0 && !this.takes(`slow ${id}`)) return;
    node.eventMs = eventMs;
    this.#note(node, 'slow', eventMs);
  }

  /**
   * Cuts the network into groups that cannot reach one another, a node in no group reaching all; or
   * into a shape of partitions.ts. Replaces every earlier partition, block and flapping.
   */
  partition(shape: readonly (readonly NodeId[])[] | Partition): void {
    const cut = 'cut' in shape ? shape.cut : waysBetween(shape);
    const ways = cut.map(([from, to]) => [this.node(from), this.node(to)] as const);
    if (!this.takes('partition')) return;
    this.#counts.partitions += 1;
    this.#note(undefined, 'partition', shape);
    this.#network.cutOnly(ways);
  }

  /** One way between two nodes: to give it settings of its own, to clog it, to let it flap. */
  link(from: NodeId, to: NodeId): Link {
    return new Link(this, this.#network, [this.node(from), this.node(to)]);
  }

  /** Blocks the way from one node to another; the way back stays open. */
  block(from: NodeId, to: NodeId): void {
    if (!this.takes(`block ${from}>${to}`)) return;
    this.#note(undefined, 'block', [from, to]);
    this.#network.setCut(this.node(from), this.node(to), true);
  }

  /** Undoes {@link block}. */
  unblock(from: NodeId, to: NodeId): void {
    this.#note(undefined, 'unblock', [from, to]);
    this.#network.setCut(this.node(from), this.node(to), false);
  }

  /** Opens every way between nodes, for good. Settings such as loss stay; see {@link configureNetwork}. */
  heal(): void {
    this.#note(undefined, 'heal');
    this.#network.cutOnly([]);
  }

  /** Changes how the network treats messages sent from here on. */
  configureNetwork(options: Partial<NetworkOptions>): void {
    this.#network.configure(options);
  }

  /** Changes how all disks behave from here on; for one alone see `node.disk.configure`. */
  configureDisks(options: Partial<DiskOptions>): void {
    this.#disk = resolveDiskOptions(options, this.#disk);
    for (const node of this.#nodes.values()) node.disk.configure(options);
  }

  /** Calls `fire` after `delayMs` of virtual time, on no node: for the script of a test. */
  after(delayMs: number, fire: () => void): Timer {
    return this.#kernel.schedule('world', delayMs, undefined, fire);
  }

  /** Puts a fact into the trace and its hash; with `node`, on that node's line. */
  record(kind: string, data?: unknown, node?: NodeId): void {
    this.#note(node === undefined ? undefined : this.#nodes.get(node), kind, data);
  }

  /** Lets `ms` of virtual time pass. */
  async runFor(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#kernel.run({ untilMs: this.now + checkSpan(ms), signal });
  }

  /**
   * Lets time pass until `holds()`, which is asked after every event.
   * @throws {SimulationError} `SIM_NOT_REACHED`, telling what each node waits for.
   */
  async runUntil(holds: () => boolean, options: WaitOptions): Promise<void> {
    if (await this.reaches(holds, options)) return;
    throw this.#waiting('SIM_NOT_REACHED', `not reached within ${options.withinMs} ms`);
  }

  /** As {@link runUntil}, and tells whether it came to hold. */
  reaches(holds: () => boolean, { withinMs, signal }: WaitOptions): Promise<boolean> {
    return this.#kernel.run({ untilMs: this.now + checkSpan(withinMs), done: holds, signal });
  }

  /** The error of a world in which nothing moves: `what`, and what each node waits for. */
  stalled(what: string): SimulationError {
    return this.#waiting('SIM_STALLED', what);
  }

  /** As {@link runFor}, for nodes whose code has no promises: none is run. */
  runForSync(ms: number): void {
    this.#kernel.runSync(this.now + checkSpan(ms));
  }

  /** Stops every node in good order, unless the world has failed, and ends the world. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.#kernel.failure === undefined && !this.#kernel.running) {
        await this.#stopAll();
        this.#checkLeftovers();
      }
    } finally {
      this.#closed = true;
      for (const node of this.#nodes.values()) node.end('stopped', false);
      this.#kernel.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stopAll(): Promise<void> {
    const stopping = [...this.#nodes.values()].flatMap(({ id, paused }) => {
      if (paused) this.resume(id);
      const node = this.node(id);
      const asked = node.life === undefined ? undefined : this.#askToStop(node, node.life);
      return asked === undefined ? [] : [asked];
    });
    if (stopping.length === 0) return;
    await this.runUntil(() => stopping.every(({ done }) => done), { withinMs: STOP_WITHIN_MS });
  }

  #checkLeftovers(): void {
    if (!this.#leavesNothing) return;
    const left = findLeftovers(this.nodes, this.#kernel.pending(), this.now);
    if (left === undefined) return;
    const { node, text, timer } = left;
    const cause = timer && this.#kernel.originOf(timer);
    throw this.#kernel.error('SIM_LEFT_BEHIND', `node '${node}' left ${text}`, { node, cause });
  }

  #waiting(code: 'SIM_NOT_REACHED' | 'SIM_STALLED', what: string): SimulationError {
    const waiting = describeWaiting(this.nodes, this.#kernel.pending(), this.now);
    return this.#kernel.error(code, `${what}\n${waiting}\n`);
  }

  #askToStop(node: SimNode, life: Life): { done: boolean } | undefined {
    if (node.state !== 'running') return undefined;
    const handle = node.handle as NodeHandle | null | undefined;
    if (typeof handle?.stop !== 'function') return undefined;
    const stopping = { done: false };
    const stop = async (): Promise<void> => handle.stop?.();
    void this.#kernel
      .runAs(life, stop)
      .catch((error) => this.#kernel.fail(error, life))
      .finally(() => (stopping.done = true));
    return stopping;
  }

  #start<H>(node: SimNode<H>): void {
    node.boot += 1;
    const life = new Life(node as SimNode);
    node.life = life;
    const transport = new SimTransport(this.#kernel, this.#network, node, life, () => {
      if (life.transport === transport) life.transport = undefined;
      this.#network.changed(node);
    });
    life.transport = transport;
    const environment = {
      self: node.id,
      clock: new SimClock(this.#kernel, node.clock, life),
      transport,
      fileSystem: node.disk.fileSystem(),
      random: this.fork(`node ${node.id} boot ${node.boot}`),
      boot: node.boot,
    };
    this.#note(node, 'start', node.boot);
    this.#network.changed(node);
    try {
      const made = this.#kernel.runAs(life, () => node.factory(environment));
      if (!isPromise(made)) {
        if (life.alive) node.begin(made);
        return;
      }
      made.then(
        (handle) => life.alive && node.begin(handle),
        (error) => this.#kernel.fail(error, life),
      );
    } catch (error) {
      this.#kernel.fail(error, life);
      if (life.alive && this.#kernel.failure !== undefined) throw this.#kernel.failure;
    }
  }

  #end(node: SimNode, state: 'crashed' | 'stopped', goodbye: boolean): void {
    if (node.life === undefined) return;
    if (state === 'crashed') this.#counts.crashes += 1;
    this.#note(node, state === 'crashed' ? 'crash' : 'stop');
    node.end(state, goodbye);
    this.#kernel.release(node.held.splice(0));
    this.#network.changed(node);
  }

  #note(node: SimNode | undefined, kind: string, data?: unknown): void {
    const { trace } = this.#kernel;
    trace.add(this.now, node?.index ?? -1, kind);
    trace.addValue(data);
    if (trace.keeps) trace.keep({ atMs: this.now, node: node?.id, kind, data });
  }

  #checkOpen(): void {
    if (this.#closed) throw this.#kernel.error('SIM_CLOSED', 'the world is closed');
  }
}

function checkSpan(ms: number): number {
  if (!(ms >= 0 && Number.isFinite(ms))) {
    throw new RangeError(`a span of time is finite and not negative, got ${ms}`);
  }
  return ms;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined)?.then === 'function';
}
