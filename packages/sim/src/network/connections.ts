/**
 * Which machines are connected. Between any two there is a connection, which comes up a while after
 * both are there and goes down a while after one of them is gone, paused, or cut off in either
 * direction.
 *
 * Invariant: every connection has a larger incarnation than all before it. Cost: one event per
 * change, and two to tell both ends.
 */
import type { NodeId } from '@ds/transport';
import type { Owner, SimEvent } from '../kernel/event-queue.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Random } from '../kernel/random.ts';
import { Direction, type Door, type Station } from './direction.ts';
import { drawLatency, type Latency } from './latency.ts';

interface Connection {
  readonly incarnation: number;
  readonly first: Door;
  readonly second: Door;
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

/** How long it takes to notice that a peer is there, and that it is gone. */
export interface Noticing {
  readonly connect: Latency;
  readonly detect: Latency;
}

export class Connections {
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #noticing: () => Noticing;
  readonly #pairs = new Map<Station, Map<Station, Pair>>();
  #incarnation = 0;

  constructor(kernel: Kernel, random: Random, noticing: () => Noticing) {
    this.#kernel = kernel;
    this.#random = random;
    this.#noticing = noticing;
  }

  add(station: Station): void {
    const pairs = new Map<Station, Pair>();
    for (const [other, others] of this.#pairs) {
      const pair: Pair = {
        there: new Direction(station, other),
        back: new Direction(other, station),
        connection: undefined,
        aim: undefined,
        change: undefined,
      };
      pairs.set(other, pair);
      others.set(station, pair);
    }
    this.#pairs.set(station, pairs);
  }

  /** The way from one machine to another; none from a machine to itself. */
  direction(from: Station, to: Station): Direction | undefined {
    const pair = this.#pairs.get(from)?.get(to);
    if (pair === undefined) return undefined;
    return pair.there.from === from ? pair.there : pair.back;
  }

  *directions(): Iterable<Direction> {
    for (const [station, pairs] of this.#pairs) {
      for (const { there, back } of pairs.values()) yield there.from === station ? there : back;
    }
  }

  /** Notes that a direction was blocked or opened. */
  rerouted({ from, to }: Direction): void {
    const pair = this.#pairs.get(from)?.get(to);
    if (pair !== undefined) this.#update(pair);
  }

  /** Notes that a machine came, went, paused or resumed. */
  changed(station: Station): void {
    for (const pair of this.#pairs.get(station)?.values() ?? []) this.#update(pair);
  }

  /** Moves a pair towards what its two machines allow: a connection, or none. */
  #update(pair: Pair): void {
    const { connection, there, back } = pair;
    const [first, second] = [there.from.transport, there.to.transport];
    const possible =
      first !== undefined &&
      second !== undefined &&
      !(there.from.paused || there.to.paused) &&
      !(there.blocked || back.blocked);
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
    const { detect, connect } = this.#noticing();
    const delayMs = drawLatency(this.#random, aim === 'silence' ? detect : connect);
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
    const [one, other]: [NodeId, NodeId] = [pair.there.from.id, pair.there.to.id];
    this.#tell(first.owner, () => first.disconnect(other, incarnation));
    this.#tell(second.owner, () => second.disconnect(one, incarnation));
    this.#update(pair);
  }

  #tell(owner: Owner, fire: () => void): void {
    this.#kernel.schedule('peer', 0, owner, fire);
  }
}
