/**
 * Things that go wrong on purpose: nodes crash and come back, stand still or slow down, lose one
 * another, and have bad links, disks and clocks. What there is stands in strikes.ts.
 *
 * All draws come from the world's forks named `chaos ...`, one for each kind, so a run is replayed
 * by its seed. A fault that could break what the protocol assumes asks a {@link FaultBudget} first:
 * by default a minority may be down at one time, and a minority's durable data may be damaged.
 */
import type { Timer } from '@ds/clock';
import type { NodeId } from '@ds/transport';
import { drawOne, type Random } from '../kernel/random.ts';
import { drawExponential } from '../network/latency.ts';
import type { World } from '../world.ts';
import { type ChaosOptions, type ChaosSettings, resolveChaosOptions } from './chaos-options.ts';
import { type BudgetReport, FaultBudget } from './fault-budget.ts';
import { STRIKES, type Storm } from './strikes.ts';

/** Chaos under way. */
export interface Chaos {
  readonly active: boolean;
  /** What the run was spared, and what it was not: see {@link FaultBudget}. */
  readonly budget: FaultBudget;
  /** How many faults of each kind were dealt, and what the budget says about it. */
  report(): ChaosReport;
  /**
   * Ends it, for the liveness phase: the network is whole and neither loses, doubles nor reorders,
   * disks work, slow and paused nodes go on and crashed ones are started again. Clocks stay wrong
   * and damage stays done; what is held up in a clogged link still takes its time. Idempotent.
   */
  stop(): void;
}

export interface ChaosReport extends BudgetReport {
  /** Blows dealt, by kind; those that the budget refused are not among them. */
  readonly dealt: Readonly<Record<string, number>>;
}

/** Starts chaos; it goes on while the world runs. */
export function chaos(world: World, options: ChaosOptions = {}): Chaos {
  return new Weather(world, resolveChaosOptions(options), new FaultBudget(world, options));
}

class Weather implements Chaos, Storm {
  readonly world: World;
  readonly settings: ChaosSettings;
  readonly budget: FaultBudget;
  readonly #timers = new Set<Timer>();
  /** What is under way, by how it ends. */
  readonly #endings = new Set<() => void>();
  readonly #struck: Record<string, number> = {};
  #active = true;

  constructor(world: World, settings: ChaosSettings, budget: FaultBudget) {
    this.world = world;
    this.settings = settings;
    this.budget = budget;
    for (const [kind, pace, strike] of STRIKES) {
      const random = world.fork(`chaos ${kind}`);
      this.#repeat(random, settings[pace], () => {
        this.#struck[kind] = (this.#struck[kind] ?? 0) + 1;
        strike(this, random);
      });
    }
    this.#after(settings.durationMs, () => this.stop());
  }

  get active(): boolean {
    return this.#active;
  }

  report(): ChaosReport {
    const account = this.budget.report();
    const dealt = Object.entries(this.#struck).map(([kind, count]): [string, number] => [
      kind,
      count - (account.refused[kind] ?? 0),
    ]);
    return { ...account, dealt: Object.fromEntries(dealt) };
  }

  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const end of [...this.#endings]) end();
    const { world } = this;
    world.configureNetwork({ loss: 0, duplicate: 0, reorder: 0 });
    world.configureDisks({ failSync: 0, failCall: 0 });
    world.heal();
    for (const id of this.budget.nodes) {
      world.node(id).disk.clearFaults();
      world.resume(id);
      if (world.node(id).state === 'crashed') world.restart(id);
    }
  }

  // A property, so that strikes can take it out of the storm.
  readonly lasting = (random: Random, meanMs: number, end: () => void): void => {
    const finish = (): void => {
      this.#endings.delete(finish);
      end();
    };
    this.#endings.add(finish);
    this.#after(drawExponential(random, meanMs), finish);
  };

  restart(id: NodeId, random: Random, anew?: 'anew'): void {
    const node = this.world.node(id);
    const versions = this.settings.versions?.(id) ?? [];
    const version = random() < 0.5 && versions.length > 0 ? drawOne(random, versions) : undefined;
    if (anew !== undefined && node.life !== undefined) this.world.crash(id, { disk: 'process' });
    if (node.state === 'crashed') this.world.restart(id, version);
  }

  #repeat(random: Random, everyMs: number, strike: () => void): void {
    if (everyMs === Number.POSITIVE_INFINITY) return;
    this.#after(drawExponential(random, everyMs), () => {
      strike();
      this.#repeat(random, everyMs, strike);
    });
  }

  #after(delayMs: number, fire: () => void): void {
    const timer = this.world.after(delayMs, () => {
      this.#timers.delete(timer);
      if (this.#active) fire();
    });
    this.#timers.add(timer);
  }
}
