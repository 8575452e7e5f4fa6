/**
 * Bad luck for a short run of a toy protocol: which kinds, how strong and when, all of it drawn
 * before the run, so that what is left out of a shrunk schedule shifts nothing else.
 */
import { type NetworkOptions, type Schedule, seededRandom, World } from '@ds/sim';

export interface Weather {
  readonly seed: number;
  readonly schedule: Schedule<World> | undefined;
  readonly nodes: readonly string[];
  /** What a crash leaves of the disk; without it nobody crashes. */
  readonly crash?: 'random' | 'process';
  readonly network?: Partial<NetworkOptions>;
}

/** When the last fault is over. */
export const CALM_MS = 200;

/** A world whose network is bad in this seed's way. */
export function worldIn({ seed, schedule, network }: Weather): World {
  const random = seededRandom(seed, 'network weather');
  const some = (most: number): number => (random() < 0.5 ? random() * most : 0);
  return new World({
    seed,
    schedule,
    disk: { sync: { minMs: 0.2, meanMs: 8, maxMs: 60 } },
    network: {
      loss: some(0.3),
      duplicate: some(0.3),
      reorder: some(0.5),
      delay: { minMs: 0.5, meanMs: 2, maxMs: 30 },
      connect: { minMs: 0.5, meanMs: 0.5, maxMs: 0.5 },
      ...network,
    },
  });
}

/** Lets crashes, pauses and partitions happen until {@link CALM_MS}; then all is well. */
export function strike(world: World, { seed, nodes, crash }: Weather): void {
  const random = seededRandom(seed, 'node weather');
  const when = (): number => random() * (CALM_MS - 60);
  const who = (): string => nodes[Math.floor(random() * nodes.length)]!;
  const often = (most: number): number => (random() < 0.6 ? Math.ceil(random() * most) : 0);
  for (let left = often(4); left > 0; left -= 1) {
    const [id, atMs, forMs] = [who(), when(), random() * 40];
    if (crash === undefined) continue;
    world.after(atMs, () => world.crash(id, { disk: crash }));
    world.after(atMs + forMs, () => {
      if (world.node(id).state === 'crashed') world.restart(id);
    });
  }
  for (let left = often(2); left > 0; left -= 1) {
    const [id, atMs, forMs] = [who(), when(), random() * 40];
    world.after(atMs, () => world.pause(id));
    world.after(atMs + forMs, () => world.resume(id));
  }
  for (let left = often(2); left > 0; left -= 1) {
    const [id, atMs] = [who(), when()];
    const others = nodes.filter((other) => other !== id);
    world.after(atMs, () => world.partition([[id], others]));
  }
  world.after(CALM_MS, () => {
    world.heal();
    world.configureNetwork({ loss: 0, duplicate: 0, reorder: 0 });
  });
}

/** Lets `count` operations happen at drawn times, each of which a smaller run may do without. */
export function operate(
  world: World,
  { seed, nodes }: Weather,
  count: number,
  operation: (node: string, n: number, draw: number) => void,
): void {
  const random = seededRandom(seed, 'operations');
  for (let n = 1; n <= count; n += 1) {
    const node = nodes[Math.floor(random() * nodes.length)]!;
    const [atMs, draw] = [5 + random() * (CALM_MS - 80), random()];
    if (!world.takes(`operation ${node} ${n}`)) continue;
    world.after(atMs, () => {
      if (world.node(node).state === 'running') operation(node, n, draw);
    });
  }
}
