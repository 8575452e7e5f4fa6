/**
 * What a protocol may be put through while its own assumption stays true, and an account of it.
 *
 * Every protocol promises something as long as something else holds: Raft keeps what it has
 * acknowledged as long as a majority's disks keep what they were told to keep, and moves as long as
 * a majority is up. A fault beyond that proves nothing about the protocol. So before a fault
 * strikes a node the budget is asked, and what it refused is counted by name: a run that refused a
 * lot was a gentle one.
 *
 * Invariants: at most `maxDown` of the nodes are stopped at one time by faults that asked; durable
 * data is ever damaged on at most `maxDamaged` of them (until one is said to be repaired), so that
 * with `maxDamaged` a minority every majority holds an undamaged copy of what a majority holds.
 *
 * Source: TigerBeetle's simulator spreads damage so that a valid copy of everything is left (there
 * by place on the disk, here by whole nodes, which is coarser and needs no knowledge of a format);
 * FoundationDB's asks whether the processes that are left suffice before it kills one.
 */
import type { NodeId } from '@ds/transport';
import { drawOne, type Random } from '../kernel/random.ts';
import type { World } from '../world.ts';

export interface BudgetOptions {
  /** Whom the assumption is about. @default all nodes present */
  readonly nodes?: readonly NodeId[];
  /** How many may be down, paused or without a working disk at one time. @default a minority */
  readonly maxDown?: number;
  /** On how many durable data may be damaged or lost, over the whole run. @default a minority */
  readonly maxDamaged?: number;
}

export interface BudgetReport {
  /** What is true of the run as far as the budget was asked, in words. */
  readonly assumption: string;
  /** The nodes whose durable data may be damaged by now. */
  readonly damaged: readonly NodeId[];
  /** How many faults it granted, by kind. */
  readonly granted: Readonly<Record<string, number>>;
  /** How many it refused, by kind. */
  readonly refused: Readonly<Record<string, number>>;
}

export class FaultBudget {
  readonly nodes: readonly NodeId[];
  readonly maxDown: number;
  readonly maxDamaged: number;
  readonly #world: World;
  /** Nodes that a blow has been dealt to, until they are well again. */
  readonly #stopped = new Set<NodeId>();
  readonly #damaged = new Set<NodeId>();
  readonly #granted: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};

  /** @throws {RangeError} for a number that is none of the nodes'. */
  constructor(world: World, options: BudgetOptions = {}) {
    const { nodes = world.nodes.map(({ id }) => id) } = options;
    const minority = Math.max(0, Math.floor((nodes.length - 1) / 2));
    const { maxDown = minority, maxDamaged = minority } = options;
    for (const [name, value] of Object.entries({ maxDown, maxDamaged })) {
      if (!(Number.isInteger(value) && value >= 0 && value <= nodes.length)) {
        throw new RangeError(`${name} is a number of the ${nodes.length} nodes, got ${value}`);
      }
    }
    this.#world = world;
    this.nodes = nodes;
    this.maxDown = maxDown;
    this.maxDamaged = maxDamaged;
  }

  /** Whether one more node may be stopped just now. */
  get maySpareOne(): boolean {
    return this.#spare().length > 0;
  }

  /** Grants a fault that stops a node which is well, and draws the node; says when it is over. */
  drawToStop(fault: string, random: Random): NodeId | undefined {
    return this.#draw(fault, random, this.#spare(), this.#stopped);
  }

  /** Grants a fault that damages what a node has made durable, and draws the node. */
  drawToDamage(fault: string, random: Random): NodeId | undefined {
    const full = this.#damaged.size >= this.maxDamaged;
    return this.#draw(fault, random, full ? [...this.#damaged] : this.nodes, this.#damaged);
  }

  /** As {@link drawToDamage}, for a fault that stops the node as well. */
  drawToDestroy(fault: string, random: Random): NodeId | undefined {
    const full = this.#damaged.size >= this.maxDamaged;
    const candidates = this.#spare().filter((id) => !full || this.#damaged.has(id));
    const id = this.#draw(fault, random, candidates, this.#damaged);
    if (id !== undefined) this.#stopped.add(id);
    return id;
  }

  /** A stop is over. */
  recovered(id: NodeId): void {
    this.#stopped.delete(id);
  }

  /** The scenario has made a node's data good: wiped it and let it learn everything anew. */
  repaired(id: NodeId): void {
    this.#damaged.delete(id);
  }

  report(): BudgetReport {
    const { nodes, maxDown, maxDamaged } = this;
    return {
      assumption:
        `of ${nodes.join(', ')} at most ${maxDown} are stopped at one time, ` +
        `and durable data is damaged on at most ${maxDamaged}`,
      damaged: [...this.#damaged],
      granted: { ...this.#granted },
      refused: { ...this.#refused },
    };
  }

  #draw(
    fault: string,
    random: Random,
    candidates: readonly NodeId[],
    marked: Set<NodeId>,
  ): NodeId | undefined {
    const id = candidates.length === 0 ? undefined : drawOne(random, candidates);
    const account = id === undefined ? this.#refused : this.#granted;
    account[fault] = (account[fault] ?? 0) + 1;
    if (id !== undefined) marked.add(id);
    return id;
  }

  /** The nodes of which one more may be stopped: those that are well, or none. */
  #spare(): readonly NodeId[] {
    const well = this.nodes.filter((id) => {
      const { state } = this.#world.node(id);
      return !this.#stopped.has(id) && (state === 'running' || state === 'starting');
    });
    return this.nodes.length - well.length < this.maxDown ? well : [];
  }
}
