/**
 * Nodes with wall clocks that are wrong, drift and jump, that crash and start again, and among them
 * at times one that is eight hours ahead. Each timestamp and each id is judged as it comes; when
 * the walls are right again, the clocks have to come back to them.
 */
import {
  type Clock,
  ClockError,
  compareTimestamps,
  HybridLogicalClock,
  type HybridLogicalClockOptions,
  type HybridTimestamp,
  readTimestamp,
  SortableIds,
  timestampOfId,
  writeTimestamp,
} from '../../src/index.ts';
import { Chance, ensure, ToyNetwork } from './toy-network.ts';

type Wall = Pick<Clock, 'now' | 'monotonic'>;

/** What a planted bug replaces. */
export interface HybridDecisions {
  clock(options: HybridLogicalClockOptions & { readonly clock: Wall }): HybridLogicalClock;
  ids(clock: HybridLogicalClock, wall: Wall, random: () => number): Pick<SortableIds, 'next'>;
  /** Whether a bound is on disk when `persist` returns. */
  readonly boundIsDurable: boolean;
}

export const hybridDecisions: HybridDecisions = {
  clock: (options) => new HybridLogicalClock(options),
  ids: (clock, _wall, random) => new SortableIds({ clock, random }),
  boundIsDurable: true,
};

const MAX_OFFSET_MS = 500;
const AHEAD_MS = 200;
const ROGUE_OFFSET_MS = 8 * 3_600_000;

interface Truth {
  ms: number;
}

interface Surroundings {
  readonly truth: Truth;
  readonly chance: Chance;
  readonly decisions: HybridDecisions;
  readonly allIds: Set<string>;
  readonly isBounded: boolean;
}

class Node {
  readonly wall: Wall & { offsetMs: number; rate: number };
  readonly #decisions: HybridDecisions;
  readonly #chance: Chance;
  readonly #allIds: Set<string>;
  readonly #isBounded: boolean;
  #clock: HybridLogicalClock | undefined;
  #ids: Pick<SortableIds, 'next'> | undefined;
  #lastId = '';
  #storedBoundMs = 0;
  #last: HybridTimestamp = { wallMs: -1, logical: 0 };
  #mostPhysicalMs = 0;
  starts = 0;
  refused = 0;

  constructor({ truth, chance, decisions, allIds, isBounded }: Surroundings) {
    const wall = {
      offsetMs: chance.between(-200, 200),
      rate: 1,
      now: () => truth.ms * wall.rate + wall.offsetMs,
      monotonic: () => truth.ms,
    };
    this.wall = wall;
    this.#chance = chance;
    this.#decisions = decisions;
    this.#allIds = allIds;
    this.#isBounded = isBounded;
  }

  crash(): void {
    this.#clock = undefined;
  }

  /** A clock that may take timestamps; undefined while the bound cannot be persisted. */
  async ready(): Promise<HybridLogicalClock | undefined> {
    if (!this.#clock) {
      const { wall } = this;
      this.#clock = this.#decisions.clock({
        clock: wall,
        maxOffsetMs: MAX_OFFSET_MS,
        startAboveMs: this.#storedBoundMs,
        upperBoundMs: this.#isBounded ? 1 : 0,
      });
      this.#ids = this.#decisions.ids(this.#clock, wall, this.#chance.next);
      this.#lastId = '';
      this.starts += 1;
    }
    const { upperBoundMs } = this.#clock.status();
    const reachedMs = Math.max(this.wall.now(), this.#last.wallMs);
    if (upperBoundMs > reachedMs + AHEAD_MS / 2) return this.#clock;
    try {
      await this.#clock.extendUpperBound((boundMs) => this.#persist(boundMs), AHEAD_MS);
    } catch (error) {
      if (error instanceof Error && error.message === 'the disk failed') return undefined;
      throw error;
    }
    return this.#clock;
  }

  /** Judges a timestamp that this node has issued. */
  issued(timestamp: HybridTimestamp, isHonest: boolean): HybridTimestamp {
    const text = `${timestamp.wallMs},${timestamp.logical}`;
    ensure(compareTimestamps(timestamp, this.#last) > 0, `timestamps increase: ${text}`);
    this.#last = timestamp;
    const physicalMs = Math.floor(this.wall.now());
    this.#mostPhysicalMs = Math.max(this.#mostPhysicalMs, physicalMs);
    ensure(timestamp.wallMs >= physicalMs, `a timestamp is not behind the wall clock: ${text}`);
    const aheadMs = timestamp.wallMs - this.#mostPhysicalMs;
    const allowedMs = MAX_OFFSET_MS + AHEAD_MS * (this.starts + 1);
    ensure(!isHonest || aheadMs <= allowedMs, `no timestamp is dragged along: ${aheadMs} ms ahead`);
    return timestamp;
  }

  makeId(): void {
    const id = this.#ids?.next() ?? '';
    ensure(!this.#allIds.has(id), `no id is made twice: ${id}`);
    ensure(id > this.#lastId, `ids of one source ascend: ${id}`);
    this.#allIds.add(id);
    this.#lastId = id;
    this.#last = timestampOfId(id);
  }

  #persist(boundMs: number): void {
    const outcome = this.#chance.next();
    if (outcome > 0.1 && this.#decisions.boundIsDurable) this.#storedBoundMs = boundMs;
    if (outcome < 0.2) throw new Error('the disk failed');
  }
}

/** Half of the runs have no crashes and clocks without a bound. @returns how many were issued */
export async function runHybrid(
  seed: number,
  decisions: HybridDecisions = hybridDecisions,
): Promise<number> {
  const chance = new Chance(seed);
  const truth: Truth = { ms: 1_000_000 };
  const network = new ToyNetwork<Uint8Array>(chance);
  const count = 2 + chance.below(3);
  const isBounded = chance.happens(0.5);
  const surroundings = { truth, chance, decisions, allIds: new Set<string>(), isBounded };
  const nodes = Array.from({ length: count }, () => new Node(surroundings));
  const rogue = chance.happens(0.5) ? nodes[0] : undefined;
  if (rogue) rogue.wall.offsetMs = ROGUE_OFFSET_MS;
  let issued = 0;
  for (let steps = 200; steps > 0; steps -= 1) {
    truth.ms += chance.happens(0.3) ? chance.below(30) : 0;
    const at = chance.below(nodes.length);
    const node = nodes[at]!;
    const kind = chance.next();
    if (kind < 0.04) node.wall.offsetMs += chance.between(-1, 1) * 300;
    else if (kind < 0.07 && isBounded) node.crash();
    else if (kind < 0.6) {
      const clock = await node.ready();
      if (!clock) continue;
      issued += 1;
      if (chance.happens(0.2)) node.makeId();
      else network.send(chance.below(count), onWire(node.issued(clock.now(), node !== rogue)));
    } else issued += await deliver(nodes, network, rogue);
    if (node !== rogue) node.wall.offsetMs = clamp(node.wall.offsetMs, 240);
  }
  await comeBack(nodes, truth, rogue);
  return issued;
}

async function deliver(
  nodes: readonly Node[],
  network: ToyNetwork<Uint8Array>,
  rogue: Node | undefined,
): Promise<number> {
  const arrived = network.take();
  const node = arrived && nodes[arrived.to];
  const clock = await node?.ready();
  if (!(arrived && node && clock)) return 0;
  const remote = readTimestamp(arrived.message);
  const receipt = receive(clock, remote, node);
  if (!receipt) return 0;
  node.issued(receipt, node !== rogue);
  ensure(compareTimestamps(receipt, remote) > 0, 'a receipt is after its message');
  return 1;
}

function receive(
  clock: HybridLogicalClock,
  remote: HybridTimestamp,
  node: Node,
): HybridTimestamp | undefined {
  try {
    return clock.receive(remote);
  } catch (error) {
    if (!(error instanceof ClockError)) throw error;
    // A remote ahead may be above our bound as well: both refuse, and a later one will do.
    const expected = ['CLOCK_REMOTE_AHEAD', 'CLOCK_ABOVE_BOUND'].includes(error.code);
    ensure(expected, `a receipt is refused for a reason: ${error.code}`);
    node.refused += 1;
    return undefined;
  }
}

/** With right walls and time, every clock is at its wall again, and all accept each other. */
async function comeBack(
  nodes: readonly Node[],
  truth: Truth,
  rogue: Node | undefined,
): Promise<void> {
  const honest = nodes.filter((node) => node !== rogue);
  for (const { wall } of honest) wall.offsetMs = 0;
  truth.ms += MAX_OFFSET_MS + AHEAD_MS * (2 + Math.max(...nodes.map(({ starts }) => starts)));
  const clocks: HybridLogicalClock[] = [];
  for (const node of honest) {
    let clock: HybridLogicalClock | undefined;
    for (let tries = 0; tries < 100 && !clock; tries += 1) clock = await node.ready();
    if (!clock) throw new Error('a disk that works one time in two has failed 100 times');
    const { wallMs } = node.issued(clock.now(), true);
    ensure(wallMs === Math.floor(node.wall.now()), 'a clock comes back to its wall');
    clocks.push(clock);
  }
  for (const clock of clocks) for (const other of clocks) clock.receive(other.now());
}

function onWire(timestamp: HybridTimestamp): Uint8Array {
  const bytes = new Uint8Array(8);
  writeTimestamp(timestamp, bytes);
  return bytes;
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value));
}
