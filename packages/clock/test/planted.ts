/**
 * Clocks with one mistake each: the scenarios, which see only timestamps and deliveries, have to
 * notice. `npm run planted -- clock` prints the table.
 */
import {
  CausalDelivery,
  type CausalDeliveryOptions,
  CausalStability,
  HybridLogicalClock,
  type HybridTimestamp,
  IntervalTreeClock,
  LamportClock,
  SortableIds,
  type VectorClock,
  VersionVector,
} from '../src/index.ts';
import { boundedDecisions, runBounded } from './simulation/bounded-scenario.ts';
import { type ClockScheme, runCausality } from './simulation/causality-scenario.ts';
import { intervalTree, lamport, TreeProcess, vector } from './simulation/causality-schemes.ts';
import { deliveryDecisions, runDelivery } from './simulation/delivery-scenario.ts';
import { hybridDecisions, runHybrid } from './simulation/hybrid-scenario.ts';
import { runSiblings, siblingDecisions } from './simulation/sibling-scenario.ts';
import { Violation } from './simulation/toy-network.ts';

type Receive<T> = (own: T, message: T) => T;

/** A vector clock with another receipt: what it makes of its own vector and the message's. */
function vectorThat(receives: Receive<VersionVector>): ClockScheme<VersionVector> {
  const start: (typeof vector)['start'] = (count) =>
    Array.from({ length: count }, (_, i) => {
      let own = new VersionVector();
      const tick = (): VersionVector => {
        own.increment(`p${i}`);
        return own.clone();
      };
      const receive: VectorClock['receive'] = (message) => {
        own = receives(own, message);
        return tick();
      };
      return { event: tick, receive };
    });
  return { ...vector, start };
}

/** Timestamps of the wall clock alone. */
class WallClock extends HybridLogicalClock {
  override now(): HybridTimestamp {
    const { wallMs } = super.now();
    return { wallMs: wallMs - this.status().aheadMs, logical: 0 };
  }
}

class DeafClock extends HybridLogicalClock {
  override receive(): HybridTimestamp {
    return this.now();
  }
}

/** Heeds what the sender has sent before, and nothing of what others have. */
class OrderedBySender<M> extends CausalDelivery<M> {
  override receive(...[sender, sent, message]: Parameters<CausalDelivery<M>['receive']>) {
    const own = VersionVector.from([[sender, sent.get(sender)]]);
    return super.receive(sender, own, message);
  }
}

class DeliversTwice<M> extends CausalDelivery<M> {
  readonly #deliver: CausalDeliveryOptions<M>['deliver'];

  constructor(options: CausalDeliveryOptions<M>) {
    super(options);
    this.#deliver = options.deliver;
  }

  override receive(...[sender, sent, message]: Parameters<CausalDelivery<M>['receive']>) {
    const receipt = super.receive(sender, sent, message);
    if (receipt === 'duplicate') this.#deliver(message, sender, sent);
    return receipt;
  }
}

/** Counts only on members that it has heard. */
class HastyStability extends CausalStability {
  constructor() {
    super([]);
  }

  override observe(member: string, known: VersionVector): boolean {
    this.add(member);
    return super.observe(member, known);
  }
}

/** Both halves of a share are the share. */
class CopiedShare extends TreeProcess {
  override fork(): TreeProcess {
    return new CopiedShare(this.stamp);
  }
}

class DeafLamport extends LamportClock {
  override receive(): ReturnType<LamportClock['receive']> {
    return this.tick();
  }
}

/** Nobody leaves: the two copies of a share would be put together, and refused. */
const { replace: _, ...lastingTrees } = intervalTree;

export interface PlantedBug {
  readonly name: string;
  run(seed: number): number | Promise<number>;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a Lamport clock does not heed what it receives',
    run: (seed) =>
      runCausality(seed, {
        ...lamport,
        start: (count) =>
          Array.from({ length: count }, (_, i) => {
            const clock = new DeafLamport({ id: `p${i}` });
            return { event: () => clock.tick(), receive: () => clock.receive() };
          }),
      }),
  },
  {
    name: 'concurrent is taken for equal',
    run: (seed) =>
      runCausality(seed, {
        ...vector,
        contradicts: (a, b, truth) => {
          const verdict = a.compare(b);
          return (verdict === 'concurrent' ? 'equal' : verdict) !== truth;
        },
      }),
  },
  {
    name: 'a vector clock does not heed what it receives',
    run: (seed) =>
      runCausality(
        seed,
        vectorThat((own) => own),
      ),
  },
  {
    name: 'a vector clock takes the message in place of its own',
    run: (seed) =>
      runCausality(
        seed,
        vectorThat((_own, message) => message),
      ),
  },
  {
    name: 'a fork of an interval tree clock keeps the whole share',
    run: (seed) =>
      runCausality(seed, {
        ...lastingTrees,
        start: (count) => {
          const first = new CopiedShare(IntervalTreeClock.seed());
          return [first, ...Array.from({ length: count - 1 }, () => first.fork())];
        },
      }),
  },
  {
    name: 'timestamps are those of the wall clock',
    run: (seed) => runHybrid(seed, { ...hybridDecisions, clock: (o) => new WallClock(o) }),
  },
  {
    name: 'a hybrid clock does not heed what it receives',
    run: (seed) => runHybrid(seed, { ...hybridDecisions, clock: (o) => new DeafClock(o) }),
  },
  {
    name: 'any remote wall clock is believed',
    run: (seed) =>
      runHybrid(seed, {
        ...hybridDecisions,
        clock: (o) => new HybridLogicalClock({ ...o, maxOffsetMs: 0 }),
      }),
  },
  {
    name: 'a restart forgets the bound',
    run: (seed) =>
      runHybrid(seed, {
        ...hybridDecisions,
        clock: ({ startAboveMs: _, ...o }) => new HybridLogicalClock(o),
      }),
  },
  {
    name: 'a bound counts before it is on disk',
    run: (seed) => runHybrid(seed, { ...hybridDecisions, boundIsDurable: false }),
  },
  {
    name: 'ids are those of the wall clock',
    run: (seed) =>
      runHybrid(seed, {
        ...hybridDecisions,
        ids: (_clock, wall, random) => {
          const now = () => ({ wallMs: Math.floor(wall.now()), logical: 0 });
          return new SortableIds({ clock: { now }, random });
        },
      }),
  },
  {
    name: 'drift is not counted',
    run: (seed) => runBounded(seed, { ...boundedDecisions, maxDriftPpm: 0 }),
  },
  {
    name: 'the way of an answer takes no time',
    run: (seed) =>
      runBounded(seed, {
        ...boundedDecisions,
        measured: (measurement) => ({ ...measurement, askedAtMs: measurement.heardAtMs }),
      }),
  },
  {
    name: 'a commit does not wait',
    run: (seed) => runBounded(seed, { ...boundedDecisions, waitsBeforeCommit: false }),
  },
  {
    name: 'messages are only in the order of their sender',
    run: (seed) =>
      runDelivery(seed, { ...deliveryDecisions, delivery: (o) => new OrderedBySender(o) }),
  },
  {
    name: 'a message that comes twice is delivered twice',
    run: (seed) =>
      runDelivery(seed, { ...deliveryDecisions, delivery: (o) => new DeliversTwice(o) }),
  },
  {
    name: 'who was never heard does not count for stability',
    run: (seed) =>
      runDelivery(seed, { ...deliveryDecisions, stability: () => new HastyStability() }),
  },
  {
    name: 'what has arrived counts as stable',
    run: (seed) =>
      runDelivery(seed, {
        ...deliveryDecisions,
        stability: ([first = '']) => new CausalStability([first]),
      }),
  },
  {
    name: 'a server takes a blind write for one that has read all',
    run: (seed) =>
      runSiblings(seed, {
        ...siblingDecisions,
        write: (held, server, value) => held.write(server, value, held.join()),
      }),
  },
  {
    name: 'the side that knows more writes wins',
    run: (seed) =>
      runSiblings(seed, {
        ...siblingDecisions,
        sync: (one, other) => {
          const count = (set: typeof one) => set.entries.reduce((sum, e) => sum + e.counter, 0);
          return count(one) >= count(other) ? one : other;
        },
      }),
  },
];

export interface PlantedOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export interface Caught {
  readonly name: string;
  readonly caught: boolean;
  readonly seeds: number;
  readonly events: number;
}

/** Runs seed after seed until one notices the bug. */
export async function hunt(bug: PlantedBug, options: PlantedOptions): Promise<Caught> {
  const { name } = bug;
  let events = 0;
  for (let seeds = 1; seeds <= options.seeds; seeds += 1) {
    options.signal.throwIfAborted();
    options.progress(`${name}: seed ${seeds}`);
    try {
      events += await bug.run(options.firstSeed + seeds - 1);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { name, caught: true, seeds, events };
    }
  }
  return { name, caught: false, seeds: options.seeds, events };
}

export async function run(options: PlantedOptions): Promise<{ bugs: Caught[] }> {
  const bugs: Caught[] = [];
  for (const bug of plantedBugs) bugs.push(await hunt(bug, options));
  return { bugs };
}
