/**
 * One machine of a world: its clock, its disk and its door last; the code on it lives from a start
 * to the next crash or stop, and is made anew by the factory at each start.
 */
import type { Clock } from '@ds/clock';
import type { FileSystem } from '@ds/storage';
import type { NodeId, Transport } from '@ds/transport';
import type { SimDisk } from './disk/disk.ts';
import { SimulationError } from './errors.ts';
import type { MachineClock } from './kernel/clock.ts';
import type { Owner, SimEvent } from './kernel/event-queue.ts';
import type { SimTransport } from './network/transport.ts';

/** All that hosted code may use to reach anything outside itself. */
export interface NodeEnvironment {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly fileSystem: FileSystem;
  /** A number in [0, 1), from this life's own stream. */
  readonly random: () => number;
  /** Which life this is: 1 at first, one more at each restart. */
  readonly boot: number;
}

/**
 * What a factory may return so that {@link World.stop} and {@link World.close} end it in good
 * order.
 */
export interface NodeHandle {
  stop?(): void | Promise<void>;
}

/** Makes a node's code; called when it is added and again at each restart. */
export type NodeFactory<H> = (environment: NodeEnvironment) => H | Promise<H>;

/**
 * - `'starting'`: the factory's promise is pending
 * - `'running'`: it has answered
 * - `'paused'`: nothing happens on it until it resumes
 * - `'crashed'`, `'stopped'`: it is down
 */
export type NodeState = 'starting' | 'running' | 'paused' | 'crashed' | 'stopped';

/** A machine and the code on it. */
export class SimNode<H = unknown> {
  readonly id: NodeId;
  readonly index: number;
  readonly disk: SimDisk;
  readonly clock: MachineClock;
  readonly held: SimEvent[] = [];
  factory: NodeFactory<H>;
  boot = 0;
  paused = false;
  eventMs = 0;
  freeAtMs = -1;
  life: Life | undefined;
  #handle: { value: H } | undefined;
  #down: 'crashed' | 'stopped' = 'stopped';

  constructor(
    id: NodeId,
    index: number,
    disk: SimDisk,
    clock: MachineClock,
    factory: NodeFactory<H>,
  ) {
    this.id = id;
    this.index = index;
    this.disk = disk;
    this.clock = clock;
    this.factory = factory;
  }

  get state(): NodeState {
    if (this.life === undefined) return this.#down;
    if (this.paused) return 'paused';
    return this.#handle === undefined ? 'starting' : 'running';
  }

  /** The door of the present life; none while it is down or has closed it. */
  get transport(): SimTransport | undefined {
    return this.life?.transport;
  }

  /**
   * What the factory made.
   * @throws {SimulationError} `SIM_NODE_NOT_RUNNING` while the node is starting or down.
   */
  get handle(): H {
    if (this.#handle === undefined) {
      throw new SimulationError('SIM_NODE_NOT_RUNNING', `node '${this.id}' is ${this.state}`, {
        node: this.id,
      });
    }
    return this.#handle.value;
  }

  /** Takes the factory's answer. */
  begin(handle: H): void {
    this.#handle = { value: handle };
  }

  /** Ends the present life: nothing it started happens any more. */
  end(state: 'crashed' | 'stopped', goodbye: boolean): void {
    if (this.life !== undefined) this.life.alive = false;
    this.life?.transport?.abandon(goodbye);
    this.life = undefined;
    this.paused = false;
    this.freeAtMs = -1;
    this.#handle = undefined;
    this.#down = state;
  }
}

/** From a start to the next crash or stop. */
export class Life implements Owner {
  readonly machine: SimNode;
  alive = true;
  transport: SimTransport | undefined;

  constructor(machine: SimNode) {
    this.machine = machine;
  }
}
