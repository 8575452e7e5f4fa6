/** One way between two nodes, as a script bends it: its settings, clogging, flapping. */
import type { NodeId } from '@ds/transport';
import type { SimNode } from '../node.ts';
import type { FlapOptions, Network } from './network.ts';
import type { LinkOptions } from './network-options.ts';

/** What a link wants to know of its world. */
interface LinkWorld {
  takes(step: string): boolean;
  record(kind: string, data: unknown): void;
}

/** Got from `world.link(from, to)`. To block a way altogether, see `world.block`. */
export class Link {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly #ends: readonly [SimNode, SimNode];
  readonly #network: Network;
  readonly #world: LinkWorld;

  constructor(world: LinkWorld, network: Network, ends: readonly [SimNode, SimNode]) {
    this.#world = world;
    this.#network = network;
    this.#ends = ends;
    this.from = ends[0].id;
    this.to = ends[1].id;
  }

  /**
   * Gives this direction settings of its own, beside those it has; they win over the network's.
   * `undefined` takes all of them away.
   */
  configure(options: Partial<LinkOptions> | undefined): void {
    const [from, to] = this.#ends;
    if (options !== undefined && !this.#world.takes(`bend-link ${from.id}>${to.id}`)) return;
    this.#world.record('link', [from.id, to.id, options ?? null]);
    this.#network.configureLink(from, to, options);
  }

  /** Holds up what would arrive in the next `forMs`; then all of it arrives at once, in order. */
  clog(forMs: number): void {
    const [from, to] = this.#ends;
    if (!(forMs >= 0 && Number.isFinite(forMs))) {
      throw new RangeError(`a clog is finite and not negative, got ${forMs}`);
    }
    if (!this.#world.takes(`clog ${from.id}>${to.id}`)) return;
    this.#world.record('clog', [from.id, to.id, forMs]);
    this.#network.clog(from, to, forMs);
  }

  /**
   * Lets the link come and go, both ways, beginning with down: for `downMs` and `upMs` on average.
   * `undefined` ends it, and so do `world.heal` and `world.partition`.
   */
  flap(options: FlapOptions | undefined): void {
    const [from, to] = this.#ends;
    if (options !== undefined) {
      for (const [name, value] of Object.entries({ upMs: options.upMs, downMs: options.downMs })) {
        if (!(value > 0 && Number.isFinite(value))) {
          throw new RangeError(`${name} is positive and finite, got ${value}`);
        }
      }
      if (!this.#world.takes(`flap ${from.id}>${to.id}`)) return;
    }
    this.#world.record(options === undefined ? 'flap-ends' : 'flap', [from.id, to.id]);
    this.#network.flap(from, to, options);
  }
}
