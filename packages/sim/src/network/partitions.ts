/**
 * The shapes in which networks come apart. Each is a list of ways that are cut, to hand to
 * `world.partition`; a node that no way names reaches everybody.
 *
 * Source: the nemeses of Jepsen (K. Kingsbury), the bridge and the ring of majorities among them.
 */
import type { NodeId } from '@ds/transport';
import { drawInteger, drawOne, type Random, shuffled } from '../kernel/random.ts';

/** Ways that are cut, each from one node to another: the way back is another one. */
export interface Partition {
  readonly kind: PartitionKind;
  readonly cut: readonly (readonly [from: NodeId, to: NodeId])[];
}

export const PARTITION_KINDS = [
  'isolate-one',
  'halves',
  'bridge',
  'majorities-ring',
  'one-way',
] as const;

export type PartitionKind = (typeof PARTITION_KINDS)[number];

/** One node alone; all others reach one another. */
export function isolateOne(nodes: readonly NodeId[], one: NodeId): Partition {
  return { kind: 'isolate-one', cut: between([one], without(nodes, [one])) };
}

/** Two groups: `half` and the rest. */
export function halves(nodes: readonly NodeId[], half: readonly NodeId[]): Partition {
  return { kind: 'halves', cut: between(half, without(nodes, half)) };
}

/** Two groups, `half` and the rest, that only the node `bridge` can reach both of. */
export function bridge(
  nodes: readonly NodeId[],
  bridge: NodeId,
  half: readonly NodeId[],
): Partition {
  const left = without(half, [bridge]);
  return { kind: 'bridge', cut: between(left, without(nodes, [...left, bridge])) };
}

/**
 * Each node reaches a majority, itself included, and no two nodes the same one: in a ring of them
 * each keeps its nearest neighbours, on both sides as many, so one more where a majority is an even
 * number of nodes. With fewer than four that is all of them, and nothing is cut.
 */
export function majoritiesRing(nodes: readonly NodeId[]): Partition {
  const size = nodes.length;
  const reach = Math.ceil(Math.floor(size / 2) / 2);
  const cut: [NodeId, NodeId][] = [];
  for (const [i, from] of nodes.entries()) {
    for (const [j, to] of nodes.entries()) {
      const apart = Math.abs(i - j);
      if (Math.min(apart, size - apart) > reach) cut.push([from, to]);
    }
  }
  return { kind: 'majorities-ring', cut };
}

/** A node that is heard by nobody (`'mute'`), or hears nobody (`'deaf'`). */
export function oneWay(
  nodes: readonly NodeId[],
  one: NodeId,
  impairment: 'mute' | 'deaf',
): Partition {
  const cut = without(nodes, [one]).map((other): [NodeId, NodeId] =>
    impairment === 'mute' ? [one, other] : [other, one],
  );
  return { kind: 'one-way', cut };
}

/** Any of the shapes over any of the nodes. */
export function drawPartition(
  random: Random,
  nodes: readonly NodeId[],
  kinds: readonly PartitionKind[] = PARTITION_KINDS,
): Partition {
  const order = shuffled(random, nodes);
  const [one, ...others] = order as [NodeId, ...NodeId[]];
  // A ring of three has nothing to cut.
  const fitting = kinds.filter((kind) => kind !== 'majorities-ring' || nodes.length > 3);
  const kind = fitting.length > 0 ? drawOne(random, fitting) : 'isolate-one';
  switch (kind) {
    case 'isolate-one':
      return isolateOne(nodes, one);
    case 'halves':
      return halves(nodes, order.slice(0, drawInteger(random, 1, nodes.length - 1)));
    case 'bridge':
      return bridge(nodes, one, others.slice(0, drawInteger(random, 0, others.length)));
    case 'majorities-ring':
      return majoritiesRing(order);
    case 'one-way':
      return oneWay(nodes, one, drawOne(random, ['mute', 'deaf']));
  }
}

/**
 * The ways that are cut between groups of nodes that cannot reach one another.
 * A node in no group reaches all.
 */
export function waysBetween(groups: readonly (readonly NodeId[])[]): [NodeId, NodeId][] {
  return groups.flatMap((group, i) =>
    groups.slice(i + 1).flatMap((other) => between(group, other)),
  );
}

/** Both ways between each of some nodes and each of others. */
function between(some: readonly NodeId[], others: readonly NodeId[]): [NodeId, NodeId][] {
  return some.flatMap((one) =>
    others.flatMap((other): [NodeId, NodeId][] => [
      [one, other],
      [other, one],
    ]),
  );
}

function without(nodes: readonly NodeId[], left: readonly NodeId[]): NodeId[] {
  return nodes.filter((id) => !left.includes(id));
}
