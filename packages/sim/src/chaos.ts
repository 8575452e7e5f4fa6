/**
 * Things that go wrong on purpose: nodes crash and come back, stand still, lose one another.
 *
 * All draws come from the world's fork named `chaos`, so a run is replayed by its seed. At most
 * `maxDown` nodes are down or paused at one time, by default a minority, so that a protocol which
 * needs a majority has one most of the time; crashes lose only what was not synced, so its durable
 * data survives as well.
 */
import type { Timer } from '@ds/clock';
import type { NodeId } from '@ds/transport';
import { drawChance, drawInteger, drawOne, type Random } from './random.ts';
import type { World } from './world.ts';

export interface ChaosOptions {
  /** Which nodes it may happen to. @default all nodes present */
  readonly nodes?: readonly NodeId[];
  /** How many may be down or paused at one time. @default a minority of `nodes` */
  readonly maxDown?: number;
  /** When it ends by itself. @default 10000 */
  readonly durationMs?: number;
  /** The mean time between crashes; `Infinity`: none. @default 2000 */
  readonly crashEveryMs?: number;
  /** How long a crashed node stays down on average. @default 500 */
  readonly downMs?: number;
  /** The probability that a crash strikes within one of the next disk calls. @default 0.3 */
  readonly crashInDiskCall?: number;
  /** The probability that only the process dies and the machine's cache survives. @default 0.2 */
  readonly crashProcess?: number;
  /** The mean time between pauses; `Infinity`: none. @default 3000 */
  readonly pauseEveryMs?: number;
  /** How long a pause lasts on average. @default 300 */
  readonly pauseMs?: number;
  /** The mean time between partitions; `Infinity`: none. @default 2000 */
  readonly partitionEveryMs?: number;
  /** How long a partition lasts on average. @default 800 */
  readonly partitionMs?: number;
}

/** Chaos under way. */
export interface Chaos {
  readonly active: boolean;
  /**
   * Ends it, for the liveness phase: the network is whole and neither loses, doubles nor reorders,
   * disks work, paused nodes go on and crashed ones are started again. Idempotent.
   */
  stop(): void;
}

type Settings = Required<ChaosOptions>;

/** Starts chaos; it goes on while the world runs. */
export function chaos(world: World, options: ChaosOptions = {}): Chaos {
  return new Storm(world, resolve(world, options));
}

class Storm implements Chaos {
  readonly #world: World;
  readonly #settings: Settings;
  readonly #random: Random;
  readonly #timers = new Set<Timer>();
  /** Nodes that a blow has been dealt to, until they are seen well again. */
  readonly #struck = new Set<NodeId>();
  #active = true;

  constructor(world: World, settings: Settings) {
    this.#world = world;
    this.#settings = settings;
    this.#random = world.fork('chaos');
    const { crashEveryMs, pauseEveryMs, partitionEveryMs, durationMs } = settings;
    this.#repeat(crashEveryMs, () => this.#crash());
    this.#repeat(pauseEveryMs, () => this.#pause());
    this.#repeat(partitionEveryMs, () => this.#partition());
    this.#after(durationMs, () => this.stop());
  }

  get active(): boolean {
    return this.#active;
  }

  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const world = this.#world;
    world.configureNetwork({ loss: 0, duplicate: 0, reorder: 0 });
    world.configureDisks({ failSync: 0, failCall: 0 });
    world.heal();
    for (const id of this.#settings.nodes) {
      world.node(id).disk.clearFaults();
      world.resume(id);
      if (world.node(id).state === 'crashed') world.restart(id);
    }
  }

  #crash(): void {
    const id = this.#pick();
    if (id === undefined) return;
    const { crashInDiskCall, crashProcess, downMs } = this.#settings;
    const { disk } = this.#world.node(id);
    this.#struck.add(id);
    if (drawChance(this.#random, crashInDiskCall)) {
      const callsAhead = drawInteger(this.#random, 0, 20);
      if (this.#world.takes(`crash-in-disk-call ${id}`)) {
        disk.failAt(disk.calls + callsAhead, 'crash');
      }
    } else {
      const processOnly = drawChance(this.#random, crashProcess);
      this.#world.crash(id, { disk: processOnly ? 'process' : 'random' });
    }
    this.#after(this.#exponential(downMs), () => {
      // One that was to crash in a disk call and made none has been spared.
      disk.clearFaults();
      this.#struck.delete(id);
      if (this.#world.node(id).state === 'crashed') this.#world.restart(id);
    });
  }

  #pause(): void {
    const id = this.#pick();
    if (id === undefined) return;
    this.#struck.add(id);
    this.#world.pause(id);
    this.#after(this.#exponential(this.#settings.pauseMs), () => {
      this.#struck.delete(id);
      this.#world.resume(id);
    });
  }

  #partition(): void {
    const { nodes, partitionMs } = this.#settings;
    if (nodes.length < 2) return;
    const shuffled = this.#shuffle(nodes);
    const [one, ...others] = shuffled as [NodeId, ...NodeId[]];
    switch (drawInteger(this.#random, 0, 3)) {
      case 0:
        this.#world.partition([[one], others]);
        break;
      case 1: {
        const cut = drawInteger(this.#random, 1, nodes.length - 1);
        this.#world.partition([shuffled.slice(0, cut), shuffled.slice(cut)]);
        break;
      }
      case 2:
        // A node that is heard by nobody, or hears nobody.
        for (const other of others) {
          if (this.#random() < 0.5) this.#world.block(one, other);
          else this.#world.block(other, one);
        }
        break;
      default: {
        // A bridge: two groups that only one node can reach both of.
        const cut = drawInteger(this.#random, 0, others.length);
        this.#world.partition([others.slice(0, cut), others.slice(cut)]);
      }
    }
    this.#after(this.#exponential(partitionMs), () => this.#world.heal());
  }

  /** A node that is well, if one more may suffer. */
  #pick(): NodeId | undefined {
    const { nodes, maxDown } = this.#settings;
    const well = nodes.filter((id) => {
      const { state } = this.#world.node(id);
      return !this.#struck.has(id) && (state === 'running' || state === 'starting');
    });
    if (nodes.length - well.length >= maxDown || well.length === 0) return undefined;
    return drawOne(this.#random, well);
  }

  #repeat(everyMs: number, strike: () => void): void {
    if (everyMs === Number.POSITIVE_INFINITY) return;
    this.#after(this.#exponential(everyMs), () => {
      strike();
      this.#repeat(everyMs, strike);
    });
  }

  #after(delayMs: number, fire: () => void): void {
    const timer = this.#world.after(delayMs, () => {
      this.#timers.delete(timer);
      if (this.#active) fire();
    });
    this.#timers.add(timer);
  }

  #exponential(meanMs: number): number {
    return -meanMs * Math.log(1 - this.#random());
  }

  #shuffle(nodes: readonly NodeId[]): NodeId[] {
    const shuffled = [...nodes];
    for (let i = shuffled.length - 1; i > 0; i -= 1) {
      const j = drawInteger(this.#random, 0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    return shuffled;
  }
}

function resolve(
  world: World,
  {
    nodes = world.nodes.map(({ id }) => id),
    maxDown = Math.floor((nodes.length - 1) / 2),
    durationMs = 10_000,
    crashEveryMs = 2_000,
    downMs = 500,
    crashInDiskCall = 0.3,
    crashProcess = 0.2,
    pauseEveryMs = 3_000,
    pauseMs = 300,
    partitionEveryMs = 2_000,
    partitionMs = 800,
  }: ChaosOptions,
): Settings {
  const spans = { crashEveryMs, pauseEveryMs, partitionEveryMs, downMs, pauseMs, partitionMs };
  for (const [name, value] of Object.entries(spans)) {
    if (!(value > 0)) throw new RangeError(`${name} is positive, got ${value}`);
  }
  for (const [name, value] of Object.entries({ durationMs, downMs, pauseMs, partitionMs })) {
    if (!Number.isFinite(value)) throw new RangeError(`${name} is finite, got ${value}`);
  }
  return { nodes, maxDown, durationMs, crashInDiskCall, crashProcess, ...spans };
}
