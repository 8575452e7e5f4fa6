/**
 * The network between the machines: what happens to a message. Who is connected with whom is told
 * by connections.ts.
 *
 * A message waits for its turn on a narrow link, is lost, doubled, delayed and reordered as the
 * settings of its direction say, held up while the direction is clogged, and lost when it is
 * blocked at its sending or its arrival.
 *
 * Invariants: a direction never holds more than `maxQueuedBytes`; without loss, duplication,
 * reordering and blocks, messages arrive once and in order within a connection. With reordering,
 * messages may even arrive after their connection has gone, as in a network of datagrams.
 * Cost: one event and one copy per delivery, one event more when it is held up.
 */
import { copyPlain } from '@ds/transport';
import type { SimEvent } from '../kernel/event-queue.ts';
import { ceilToTick, type Kernel, TICK_MS } from '../kernel/kernel.ts';
import { drawChance, type Random, seededRandom } from '../kernel/random.ts';
import { Connections } from './connections.ts';
import type { Carrier, Direction, Station } from './direction.ts';
import { drawExponential, drawLatency, quickLatency } from './latency.ts';
import {
  type LinkOptions,
  type NetworkOptions,
  resolveLinkOptions,
  resolveNetworkOptions,
} from './network-options.ts';

/** For a world with a schedule: which faults to commit, and a seed for a stream per message. */
export interface NetworkPlan {
  readonly seed: number;
  takes(step: string): boolean;
}

/** How long a flapping link is up and down on average. */
export interface FlapOptions {
  readonly upMs: number;
  readonly downMs: number;
}

/** A message on its way. */
interface Parcel {
  readonly direction: Direction;
  readonly connection: number;
  readonly channel: string;
  /** The receiver's own copy; the sender's own message when it is lost. */
  readonly message: unknown;
  /** Counts the messages of the world from 1. */
  readonly id: number;
  /** What it takes of the direction's queue; nothing for a duplicate. */
  readonly bytes: number;
  readonly lost: boolean;
}

export interface NetworkCounts {
  readonly sent: number;
  readonly delivered: number;
  /** In all: by chance, by blocks, by full queues, and because nobody was there. */
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Held up by a clogged direction. */
  readonly clogged: number;
  /** Lost because the direction was full and `whenFull` is `'drop'`. */
  readonly dropped: number;
  /** Times that a flapping link went down. */
  readonly flaps: number;
}

export class Network implements Carrier {
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #connections: Connections;
  readonly #plan: NetworkPlan | undefined;
  /** The next change of each flapping link, by one of its directions. */
  readonly #flapping = new Map<Direction, SimEvent>();
  #options: NetworkOptions;
  #counts = {
    sent: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    clogged: 0,
    dropped: 0,
    flaps: 0,
  };

  constructor(kernel: Kernel, random: Random, options: NetworkOptions, plan?: NetworkPlan) {
    this.#kernel = kernel;
    this.#random = random;
    this.#options = options;
    this.#plan = plan;
    this.#connections = new Connections(kernel, random, () => this.#options);
  }

  get maxMessageBytes(): number {
    return this.#options.maxMessageBytes;
  }

  counts(): NetworkCounts {
    return { ...this.#counts };
  }

  /** Changes the settings of all directions, except where {@link configureLink} says otherwise. */
  configure(options: Partial<NetworkOptions>): void {
    const next = resolveNetworkOptions(options, this.#options);
    for (const direction of this.#connections.directions()) {
      const { overrides } = direction;
      if (overrides !== undefined) direction.settings = resolveLinkOptions(overrides, next);
    }
    this.#options = next;
  }

  /** Gives a direction settings of its own, beside those it has; `undefined` takes them away. */
  configureLink(from: Station, to: Station, options: Partial<LinkOptions> | undefined): void {
    const direction = this.#connections.direction(from, to);
    if (direction === undefined) return;
    const overrides = options && { ...direction.overrides, ...options };
    direction.settings = overrides && resolveLinkOptions(overrides, this.#options);
    direction.overrides = overrides;
  }

  add(station: Station): void {
    this.#connections.add(station);
  }

  /** Notes that a machine came, went, paused or resumed. */
  changed(station: Station): void {
    this.#connections.changed(station);
  }

  /** Cuts these ways, opens all others, and ends all flapping. */
  cutOnly(ways: readonly (readonly [Station, Station])[]): void {
    const cut = new Set(ways.map(([from, to]) => this.#connections.direction(from, to)));
    for (const direction of [...this.#connections.directions()]) {
      this.#setCut(direction, cut.has(direction));
    }
    for (const [direction, change] of this.#flapping) {
      change.cancel();
      this.#setDown(direction, false);
    }
    this.#flapping.clear();
  }

  /** Cuts or opens the direction between two machines. */
  setCut(from: Station, to: Station, cut: boolean): void {
    const direction = this.#connections.direction(from, to);
    if (direction !== undefined) this.#setCut(direction, cut);
  }

  /** Holds up what would arrive in the next `forMs`, and then lets all of it arrive, in order. */
  clog(from: Station, to: Station, forMs: number): void {
    const direction = this.#connections.direction(from, to);
    if (direction === undefined) return;
    const until = this.#kernel.now + ceilToTick(forMs);
    direction.cloggedUntilMs = Math.max(direction.cloggedUntilMs, until);
    // What is sent from here on comes behind what is held up.
    direction.lastArrivalMs = Math.max(direction.lastArrivalMs, until + TICK_MS);
  }

  /**
   * Lets the link between two machines come and go, both ways; it goes down at once. Without
   * options it ends, and the link is up.
   */
  flap(one: Station, other: Station, options: FlapOptions | undefined): void {
    const direction = this.#connections.direction(one, other);
    if (direction === undefined) return;
    const key = this.#flapping.has(this.#back(direction)) ? this.#back(direction) : direction;
    this.#flapping.get(key)?.cancel();
    this.#flapping.delete(key);
    if (options === undefined) {
      this.#setDown(key, false);
      return;
    }
    const { upMs, downMs } = options;
    const turn = (down: boolean): void => {
      if (down) this.#counts.flaps += 1;
      this.#setDown(key, down);
      const delayMs = Math.max(TICK_MS, drawExponential(this.#random, down ? downMs : upMs));
      const next = (): void => turn(!down);
      this.#flapping.set(key, this.#kernel.schedule('network', delayMs, undefined, next));
    };
    turn(true);
  }

  submit(
    direction: Direction,
    connection: number,
    channel: string,
    message: unknown,
    bytes: number,
  ): 'queued' | 'saturated' {
    const self = direction.from === direction.to;
    const settings = direction.settings ?? this.#options;
    const full = direction.queuedBytes + bytes > settings.maxQueuedBytes;
    if (full && (self || settings.whenFull === 'saturate')) {
      direction.saturated = true;
      return 'saturated';
    }
    this.#counts.sent += 1;
    const id = this.#counts.sent;
    const { trace, now } = this.#kernel;
    trace.add(now, direction.from.index, 'send');
    trace.addValue(direction.to.index);
    trace.addValue(message);
    if (trace.keeps) this.#note('send', direction, channel, id, copyPlain(message));
    if (full) {
      this.#counts.dropped += 1;
      this.#lose({ direction, connection, channel, message, id, bytes, lost: true });
      return 'queued';
    }
    direction.queuedBytes += bytes;
    const random = this.#randomFor(direction);
    const lost = !self && (direction.blocked || this.#isLost(direction, settings, random));
    const leavesAt = self ? now : leave(direction, now, bytes, settings);
    const at = self ? now : this.#drawArrival(direction, leavesAt, settings, random);
    const copy = lost ? message : copyPlain(message);
    this.#arriveAt(at, { direction, connection, channel, message: copy, id, bytes, lost });
    if (self || lost || !drawChance(random, settings.duplicate)) return 'queued';
    const againAt = at + drawLatency(random, settings.delay);
    if (this.#takes('duplicate', direction)) {
      this.#counts.duplicated += 1;
      const again = copyPlain(message);
      this.#arriveAt(againAt, {
        direction,
        connection,
        channel,
        message: again,
        id,
        bytes: 0,
        lost,
      });
    }
    return 'queued';
  }

  /** Where a message's fate is drawn from: under a plan, a stream of its own. */
  #randomFor(direction: Direction): Random {
    if (this.#plan === undefined) return this.#random;
    // By time, not by number: what else was sent before makes no difference.
    const name = `${direction.from.id}>${direction.to.id} ${this.#kernel.now.toFixed(3)}`;
    direction.burst = direction.latest === name ? direction.burst + 1 : 1;
    direction.latest = name;
    return seededRandom(this.#plan.seed, `network ${nameOf(direction)}`);
  }

  #isLost(direction: Direction, { loss }: LinkOptions, random: Random): boolean {
    if (drawChance(random, loss) && this.#takes('lose', direction)) return true;
    // Where any message may be lost, a smaller run may do without this one as well.
    return loss > 0 && !this.#takes('message', direction);
  }

  #takes(fault: string, direction: Direction): boolean {
    return this.#plan?.takes(`${fault} ${nameOf(direction)}`) ?? true;
  }

  #drawArrival(
    direction: Direction,
    leavesAt: number,
    { delay, reorder }: LinkOptions,
    random: Random,
  ): number {
    const drawnMs = drawLatency(random, delay);
    const quickMs = quickLatency(delay);
    // A smaller run may do without this message's being late.
    const delayMs = drawnMs > quickMs && !this.#takes('late', direction) ? quickMs : drawnMs;
    if (drawChance(random, reorder)) {
      const longer = drawLatency(random, delay);
      // Overtaken by what is sent meanwhile, and free to overtake.
      if (this.#takes('reorder', direction)) {
        this.#counts.reordered += 1;
        return leavesAt + delayMs + longer;
      }
    }
    const at = Math.max(leavesAt + delayMs, direction.lastArrivalMs);
    direction.lastArrivalMs = at;
    return at;
  }

  #arriveAt(at: number, parcel: Parcel): void {
    const arrive = (): void => this.#arrive(parcel, true);
    this.#kernel.scheduleAt('message', ceilToTick(at), undefined, arrive, parcel.direction.to);
  }

  /** Lets a message through, unless its direction is clogged: then it waits for the end of that. */
  #arrive(parcel: Parcel, first: boolean): void {
    const { direction } = parcel;
    const waitMs = direction.cloggedUntilMs - this.#kernel.now;
    // At the very end those that wait go first, since they were here before.
    if (waitMs < 0 || (waitMs === 0 && !first)) {
      this.#release(direction, parcel.bytes);
      if (parcel.lost || direction.blocked) this.#lose(parcel);
      else this.#deliver(parcel);
      return;
    }
    if (first) this.#counts.clogged += 1;
    const again = (): void => this.#arrive(parcel, false);
    this.#kernel.schedule('message', waitMs, undefined, again, direction.to);
  }

  #deliver(parcel: Parcel): void {
    const { direction, connection, channel, message, id } = parcel;
    const { transport } = direction.to;
    const { from } = direction;
    const current = from === direction.to || transport?.incarnationOf(from.id) === connection;
    const { reorder } = direction.settings ?? this.#options;
    if (transport === undefined || (!current && reorder === 0)) {
      this.#lose(parcel);
      return;
    }
    this.#counts.delivered += 1;
    this.#kernel.trace.addValue(from.index);
    if (this.#kernel.trace.keeps) this.#note('deliver', direction, channel, id, message);
    this.#kernel.blame(transport.owner);
    transport.deliver(from.id, channel, message);
  }

  #lose({ direction, channel, message, id }: Parcel): void {
    this.#counts.lost += 1;
    if (this.#kernel.trace.keeps) this.#note('lose', direction, channel, id, message);
  }

  #note(kind: string, direction: Direction, channel: string, id: number, message: unknown): void {
    const [from, to] = [direction.from.id, direction.to.id];
    const node = kind === 'deliver' ? to : from;
    const data = { from, to, channel, message, id };
    this.#kernel.trace.keep({ atMs: this.#kernel.now, node, kind, data });
  }

  #release(direction: Direction, bytes: number): void {
    direction.queuedBytes -= bytes;
    const { maxQueuedBytes } = direction.settings ?? this.#options;
    if (!direction.saturated || direction.queuedBytes * 2 > maxQueuedBytes) return;
    direction.saturated = false;
    const sender = direction.from.transport;
    if (sender === undefined) return;
    this.#kernel.schedule('drain', 0, sender.owner, () => sender.drain(direction.to.id));
  }

  #back({ from, to }: Direction): Direction {
    return this.#connections.direction(to, from)!;
  }

  #setCut(direction: Direction, cut: boolean): void {
    if (direction.cut === cut) return;
    direction.cut = cut;
    this.#connections.rerouted(direction);
  }

  #setDown(direction: Direction, down: boolean): void {
    direction.down = down;
    this.#back(direction).down = down;
    this.#connections.rerouted(direction);
  }
}

/** When the last byte of a message that is handed over now has left. */
function leave(direction: Direction, now: number, bytes: number, settings: LinkOptions): number {
  const { bytesPerMs } = settings;
  if (bytesPerMs === Number.POSITIVE_INFINITY) return now;
  direction.freeAtMs = Math.max(now, direction.freeAtMs) + bytes / bytesPerMs;
  return direction.freeAtMs;
}

/** The message being sent: its link, its time, and which it is of several at once. */
function nameOf({ latest, burst }: Direction): string {
  return burst === 1 ? latest : `${latest}/${burst}`;
}
