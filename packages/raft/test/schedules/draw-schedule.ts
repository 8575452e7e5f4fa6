/**
 * What befalls a group, drawn from a seed: each seed has its own mix, since what brings one mistake
 * out hides another (swarm testing).
 */
import { type Random, seededRandom } from '@ds/sim';
import type { Action } from './action.ts';
import { planStory, type Story } from './plan-story.ts';
import type { ScheduleWorld, WorldSettings } from './schedule-world.ts';
import { drawOne, type Step } from './story-steps.ts';

type Kind = Action['do'] | 'beat' | Story;

const ELECTION_MS = 100;
const NODES = ['a', 'b', 'c', 'd', 'e'];

export function drawSettings(random: Random, leaseReads: boolean): WorldSettings {
  const voters = NODES.slice(0, drawOne(random, [1, 2, 3, 3, 3, 4, 4, 5, 5]));
  const joiners = NODES.slice(voters.length, voters.length + drawOne(random, [0, 1, 2]));
  const all = [...voters, ...joiners];
  const hasSlowDisks = random() < 0.5;
  const slowDisks = all.filter(() => hasSlowDisks && random() < 0.7);
  const maxClockDrift = 0.3;
  const rate = (): number => 1 + maxClockDrift * (random() * 2 - 1);
  return {
    voters,
    joiners,
    slowDisks,
    rates: Object.fromEntries(all.map((id) => [id, leaseReads ? rate() : 1])),
    core: {
      electionTimeoutMs: ELECTION_MS,
      heartbeatIntervalMs: drawOne(random, [10, 50]),
      electionPriority: 1,
      leaseReads,
      maxClockDrift,
      maxBatchBytes: drawOne(random, [1, 100_000]),
      maxInFlightMessages: drawOne(random, [1, 8]),
      maxInFlightBytes: 100_000,
      maxUncommittedBytes: 100_000,
      maxCacheBytes: drawOne(random, [1, 100_000]),
    },
  };
}

/** Draws action after action, each for the moment in which it is taken. */
export class ScheduleDraw {
  readonly #random: Random;
  readonly #world: ScheduleWorld;
  readonly #nodes: readonly string[];
  readonly #weights: readonly (readonly [Kind, number])[];
  readonly #total: number;
  /** What comes next, each for as long as it gives actions. */
  #plan: Step[] = [];

  constructor(seed: number, world: ScheduleWorld) {
    const random = seededRandom(seed, 'actions');
    this.#random = random;
    this.#world = world;
    this.#nodes = [...world.nodes.keys()];
    const leases = [...world.nodes.values()].some(({ leaseReads }) => leaseReads) ? 1 : 0;
    const some = (strongest: number): number => (random() < 0.6 ? random() * strongest : 0);
    this.#weights = [
      ['deliver', 4 + some(6)],
      ['exchange', 0.2 + some(1)],
      ['coup', some(0.5)],
      ['turns', some(0.5)],
      ['usurpation', leases * some(0.5)],
      ['hand-over', 0.03 + leases * some(0.3)],
      ['split-vote', some(0.1)],
      ['figure-8', some(0.1)],
      ['learner-quorum', some(0.3)],
      ['replaced-voters', some(0.3)],
      ['unconfirmed-change', some(0.3)],
      ['slow-clock', leases * some(0.5)],
      ['overtaken-write', some(0.3)],
      ['late-snapshot', some(0.3)],
      ['stage', 0.5 + some(2)],
      ['wake', 0.3 + some(1.5)],
      ['beat', 0.3 + some(1.5)],
      ['propose', 0.5 + some(1)],
      ['persist', 0.5 + some(5)],
      ['drop', some(1)],
      ['double', some(0.5)],
      ['delay', some(1)],
      ['crash', some(1)],
      ['cut', some(0.3)],
      ['join', 0.4],
      ['read', some(1)],
      ['retry', some(0.7)],
      ['compact', some(0.5)],
      ['transfer', some(0.3)],
      ['change', some(0.8)],
    ];
    this.#total = this.#weights.reduce((sum, [, weight]) => sum + weight, 0);
  }

  next(): Action {
    while (this.#plan.length > 0) {
      const action = this.#plan[0]!();
      if (action !== undefined) return action;
      this.#plan.shift();
    }
    const random = this.#random;
    const node = drawOne(random, this.#nodes);
    const kind = this.#kind();
    switch (kind) {
      case 'wake':
        return { do: 'wake', node, random: drawOne(random, [0, 0.5]) };
      case 'beat':
        return { do: 'wake', node: this.#leader() ?? node, random: 0 };
      case 'exchange':
      case 'coup':
      case 'turns':
      case 'usurpation':
      case 'hand-over':
      case 'split-vote':
      case 'figure-8':
      case 'learner-quorum':
      case 'replaced-voters':
      case 'unconfirmed-change':
      case 'slow-clock':
      case 'overtaken-write':
      case 'late-snapshot':
        this.#plan = planStory(kind, { random, world: this.#world, change: this.#change });
        return this.next();
      case 'deliver':
      case 'drop':
      case 'double':
      case 'delay':
        return this.#onLink(kind);
      case 'persist':
        return { do: 'persist', node, writes: drawOne(random, [1, 1, 100]) };
      case 'crash':
        return { do: 'crash', node: this.#target(node), kept: drawOne(random, [0, 0, 1, 2]) };
      case 'cut':
        return { do: kind, node: this.#target(node) };
      case 'join':
      case 'stage':
        return { do: kind, node };
      case 'change':
        return this.#change(this.#leader() ?? node);
      default:
        return { do: kind, node: random() < 0.8 ? (this.#leader() ?? node) : node };
    }
  }

  #kind(): Kind {
    let left = this.#random() * this.#total;
    for (const [kind, weight] of this.#weights) {
      left -= weight;
      if (left < 0) return kind;
    }
    return 'deliver';
  }

  #onLink(kind: 'deliver' | 'drop' | 'double' | 'delay'): Action {
    const random = this.#random;
    const links = this.#world.busyLinks();
    if (links.length === 0) return { do: 'wake', node: drawOne(random, this.#nodes), random: 0 };
    const [from, to] = drawOne(random, links);
    return { do: kind, from, to };
  }

  /** Leaders are struck more often than chance would have it. */
  #target(node: string): string {
    return this.#random() < 0.5 ? (this.#leader() ?? node) : node;
  }

  /** Somebody who leads, or believes so. */
  #leader(): string | undefined {
    const leaders = this.#nodes.filter((id) => {
      return this.#world.nodes.get(id)!.core.role === 'leader';
    });
    return leaders.length === 0 ? undefined : drawOne(this.#random, leaders);
  }

  readonly #change = (node: string): Action => {
    const random = this.#random;
    const count = drawOne(random, [1, 1, 1, 2, 4]);
    const changes = Array.from({ length: count }, () => {
      const type = drawOne(random, ['voter', 'voter', 'learner', 'remove'] as const);
      return { type, id: drawOne(random, this.#nodes) };
    });
    return { do: 'change', node, changes };
  };
}
