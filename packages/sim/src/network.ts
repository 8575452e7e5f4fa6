/**
 * The network between the machines: who is connected with whom, and what happens to a message.
 *
 * Between any two running machines there is a connection, which comes up a while after both are
 * there and goes down a while after one of them is gone, paused, or cut off in either direction. A
 * message is lost, doubled, delayed and reordered as the settings say, and lost when its direction
 * is blocked at its sending or its arrival.
 *
 * Invariants: a direction never holds more than `maxQueuedBytes`; without loss, duplication,
 * reordering and blocks, messages arrive once and in order within a connection. With reordering,
 * messages may even arrive after their connection has gone, as in a network of datagrams.
 * Cost: one event and one copy per delivery.
 */
import { copyPlain, type NodeId } from '@ds/transport';
import type { Owner, SimEvent } from './event-queue.ts';
import type { Kernel } from './kernel.ts';
import { type NetworkOptions, resolveNetworkOptions } from './network-options.ts';
import { drawChance, drawDelay, type Random, seededRandom } from './random.ts';
import type { SimTransport } from './transport.ts';

/** What the network has to know of a machine. */
export interface Station {
  readonly id: NodeId;
  readonly index: number;
  readonly paused: boolean;
  readonly held: SimEvent[];
  /** The door of the machine's present life; none while it is down or has closed it. */
  readonly transport: SimTransport | undefined;
}

/** Messages on their way from one machine to another. */
export class Direction {
  readonly from: Station;
  readonly to: Station;
  blocked = false;
  queuedBytes = 0;
  saturated = false;
  lastArrivalMs = 0;
  /** The link and the time of the latest message, and how many there were at that time. */
  latest = '';
  burst = 0;

  constructor(from: Station, to: Station) {
    this.from = from;
    this.to = to;
  }
}

/** For a world with a schedule: which faults to commit, and a seed for a stream per message. */
export interface NetworkPlan {
  readonly seed: number;
  takes(step: string): boolean;
}

interface Parcel {
  readonly channel: string;
  readonly message: unknown;
  /** Counts the messages of the world from 1. */
  readonly id: number;
}

interface Connection {
  readonly incarnation: number;
  readonly first: SimTransport;
  readonly second: SimTransport;
}

type Aim = 'connect' | 'silence' | 'goodbye';

/** Two machines and the connection between them, if there is one. */
interface Pair {
  readonly there: Direction;
  readonly back: Direction;
  connection: Connection | undefined;
  /** What is about to happen to the connection, and when. */
  aim: Aim | undefined;
  change: SimEvent | undefined;
}

export interface NetworkCounts {
  readonly sent: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

export class Network {
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #stations = new Map<NodeId, Station>();
  readonly #pairs = new Map<Station, Map<Station, Pair>>();
  readonly #plan: NetworkPlan | undefined;
  #options: NetworkOptions;
  #incarnation = 0;
  #counts = { sent: 0, delivered: 0, lost: 0, duplicated: 0, reordered: 0 };

  constructor(kernel: Kernel, random: Random, options: NetworkOptions, plan?: NetworkPlan) {
    this.#kernel = kernel;
    this.#random = random;
    this.#options = options;
    this.#plan = plan;
  }

  get options(): NetworkOptions {
    return this.#options;
  }

  counts(): NetworkCounts {
    return { ...this.#counts };
  }

  configure(options: Partial<NetworkOptions>): void {
    this.#options = resolveNetworkOptions(options, this.#options);
  }

  add(station: Station): void {
    const pairs = new Map<Station, Pair>();
    for (const other of this.#stations.values()) {
      const pair: Pair = {
        there: new Direction(station, other),
        back: new Direction(other, station),
        connection: undefined,
        aim: undefined,
        change: undefined,
      };
      pairs.set(other, pair);
      this.#pairs.get(other)!.set(station, pair);
    }
    this.#pairs.set(station, pairs);
    this.#stations.set(station.id, station);
  }

  /** Blocks or opens the direction between two machines. */
  setBlocked(from: Station, to: Station, blocked: boolean): void {
    const pair = this.#pairs.get(from)?.get(to);
    if (pair === undefined) return;
    const direction = pair.there.from === from ? pair.there : pair.back;
    direction.blocked = blocked;
    this.#update(pair);
  }

  /** Notes that a machine came, went, paused or resumed. */
  changed(station: Station): void {
    for (const pair of this.#pairs.get(station)!.values()) this.#update(pair);
  }

  /** Takes a message, or tells why not. `connection` is 0 for a message to oneself. */
  submit(
    direction: Direction,
    connection: number,
    submitted: { channel: string; message: unknown; bytes: number },
  ): 'queued' | 'saturated' {
    const { bytes, message } = submitted;
    if (direction.queuedBytes + bytes > this.#options.maxQueuedBytes) {
      direction.saturated = true;
      return 'saturated';
    }
    direction.queuedBytes += bytes;
    this.#counts.sent += 1;
    const parcel = { ...submitted, id: this.#counts.sent };
    const { trace, now } = this.#kernel;
    trace.add(now, direction.from.index, 'send');
    trace.addValue(direction.to.index);
    trace.addValue(message);
    if (trace.keeps) this.#note('send', direction, parcel, copyPlain(message));
    const self = direction.from === direction.to;
    const random = this.#randomFor(direction);
    const lost = !self && (direction.blocked || this.#isLost(direction, random));
    const at = self ? now : this.#drawArrival(direction, random);
    const copy = lost ? undefined : copyPlain(message);
    this.#arriveAt(at, direction, () => {
      this.#release(direction, bytes);
      if (lost || direction.blocked) this.#lose(direction, parcel);
      else this.#deliver(direction, connection, parcel, copy);
    });
    if (self || lost || !drawChance(random, this.#options.duplicate)) return 'queued';
    const againMs = at - now + drawDelay(random, this.#options.delay);
    if (this.#takes('duplicate', direction)) {
      this.#duplicate(againMs, direction, connection, parcel);
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

  #isLost(direction: Direction, random: Random): boolean {
    const { loss } = this.#options;
    if (drawChance(random, loss) && this.#takes('lose', direction)) return true;
    // Where any message may be lost, a smaller run may do without this one as well.
    return loss > 0 && !this.#takes('message', direction);
  }

  #takes(fault: string, direction: Direction): boolean {
    return this.#plan?.takes(`${fault} ${nameOf(direction)}`) ?? true;
  }

  #duplicate(delayMs: number, direction: Direction, connection: number, parcel: Parcel): void {
    this.#counts.duplicated += 1;
    const again = copyPlain(parcel.message);
    this.#kernel.schedule(
      'message',
      delayMs,
      undefined,
      () => {
        if (!direction.blocked) this.#deliver(direction, connection, parcel, again);
      },
      direction.to,
    );
  }

  #drawArrival(direction: Direction, random: Random): number {
    const { delay, reorder } = this.#options;
    const delayMs = drawDelay(random, delay);
    const { now } = this.#kernel;
    if (drawChance(random, reorder)) {
      const longer = drawDelay(random, delay);
      // Overtaken by what is sent meanwhile, and free to overtake.
      if (this.#takes('reorder', direction)) {
        this.#counts.reordered += 1;
        return now + delayMs + longer;
      }
    }
    const at = Math.max(now + delayMs, direction.lastArrivalMs);
    direction.lastArrivalMs = at;
    return at;
  }

  #arriveAt(at: number, direction: Direction, fire: () => void): void {
    this.#kernel.schedule('message', at - this.#kernel.now, undefined, fire, direction.to);
  }

  #deliver(direction: Direction, connection: number, parcel: Parcel, message: unknown): void {
    const { transport } = direction.to;
    const { from } = direction;
    const current = from === direction.to || transport?.incarnationOf(from.id) === connection;
    if (transport === undefined || (!current && this.#options.reorder === 0)) {
      this.#lose(direction, parcel);
      return;
    }
    this.#counts.delivered += 1;
    this.#kernel.trace.addValue(from.index);
    if (this.#kernel.trace.keeps) this.#note('deliver', direction, parcel, message);
    this.#kernel.blame(transport.owner);
    transport.deliver(from.id, parcel.channel, message);
  }

  #lose(direction: Direction, parcel: Parcel): void {
    this.#counts.lost += 1;
    if (this.#kernel.trace.keeps) this.#note('lose', direction, parcel, parcel.message);
  }

  #note(kind: string, { from, to }: Direction, parcel: Parcel, message: unknown): void {
    const node = kind === 'deliver' ? to.id : from.id;
    const { channel, id } = parcel;
    const data = { from: from.id, to: to.id, channel, message, id };
    this.#kernel.trace.keep({ atMs: this.#kernel.now, node, kind, data });
  }

  #release(direction: Direction, bytes: number): void {
    direction.queuedBytes -= bytes;
    if (!direction.saturated || direction.queuedBytes * 2 > this.#options.maxQueuedBytes) return;
    direction.saturated = false;
    const sender = direction.from.transport;
    if (sender === undefined) return;
    this.#kernel.schedule('drain', 0, sender.owner, () => sender.drain(direction.to.id));
  }

  /** Moves a pair towards what its two machines allow: a connection, or none. */
  #update(pair: Pair): void {
    const { connection } = pair;
    const [first, second] = [pair.there.from.transport, pair.there.to.transport];
    const possible =
      first !== undefined &&
      second !== undefined &&
      !(pair.there.from.paused || pair.there.to.paused) &&
      !(pair.there.blocked || pair.back.blocked);
    const intact = connection?.first === first && connection?.second === second;
    if (connection === undefined) {
      this.#aim(pair, possible ? 'connect' : undefined);
    } else if (possible && intact) {
      this.#aim(pair, undefined);
    } else {
      const known = connection.first.saidGoodbye || connection.second.saidGoodbye;
      this.#aim(pair, known ? 'goodbye' : 'silence');
    }
  }

  /** Lets the change that is due happen after a while; one that is under way already goes on. */
  #aim(pair: Pair, aim: Aim | undefined): void {
    if (pair.aim === aim) return;
    pair.change?.cancel();
    pair.aim = aim;
    pair.change = undefined;
    if (aim === undefined) return;
    // A machine that said goodbye, or is back already, is noticed sooner than one that is silent.
    const { detect, connect } = this.#options;
    const delayMs = drawDelay(this.#random, aim === 'silence' ? detect : connect);
    pair.change = this.#kernel.schedule('network', delayMs, undefined, () => {
      pair.change = undefined;
      pair.aim = undefined;
      if (aim === 'connect') this.#connect(pair);
      else this.#disconnect(pair);
    });
  }

  #connect(pair: Pair): void {
    const [first, second] = [pair.there.from.transport!, pair.there.to.transport!];
    this.#incarnation += 1;
    const incarnation = this.#incarnation;
    pair.connection = { incarnation, first, second };
    this.#tell(first.owner, () => first.connect(pair.there, incarnation));
    this.#tell(second.owner, () => second.connect(pair.back, incarnation));
  }

  #disconnect(pair: Pair): void {
    const { first, second, incarnation } = pair.connection!;
    pair.connection = undefined;
    this.#tell(first.owner, () => first.disconnect(pair.there.to.id, incarnation));
    this.#tell(second.owner, () => second.disconnect(pair.there.from.id, incarnation));
    this.#update(pair);
  }

  #tell(owner: Owner, fire: () => void): void {
    this.#kernel.schedule('peer', 0, owner, fire);
  }
}

/** The message being sent: its link, its time, and which it is of several at once. */
function nameOf({ latest, burst }: Direction): string {
  return burst === 1 ? latest : `${latest}/${burst}`;
}
