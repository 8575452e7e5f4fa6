import {
  bridge,
  drawPartition,
  halves,
  isolateOne,
  majoritiesRing,
  oneWay,
  PARTITION_KINDS,
  type Partition,
  seededRandom,
  World,
} from '@ds/sim';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const nodesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

/** Whom a node can exchange messages with, itself included. */
function reached(nodes: readonly string[], { cut }: Partition, id: string): Set<string> {
  const lost = new Set(cut.flatMap(([from, to]) => (from === id ? [to] : to === id ? [from] : [])));
  return new Set(nodes.filter((other) => !lost.has(other)));
}

describe('a partition', () => {
  it('isolates one node and nobody else', () => {
    const nodes = nodesOf(4);
    const partition = isolateOne(nodes, 'n2');
    expect(reached(nodes, partition, 'n2')).toEqual(new Set(['n2']));
    expect(reached(nodes, partition, 'n0')).toEqual(new Set(['n0', 'n1', 'n3']));
  });

  it('into halves lets nobody reach the other half', () => {
    const nodes = nodesOf(5);
    const partition = halves(nodes, ['n0', 'n3']);
    expect(reached(nodes, partition, 'n3')).toEqual(new Set(['n0', 'n3']));
    expect(reached(nodes, partition, 'n1')).toEqual(new Set(['n1', 'n2', 'n4']));
  });

  it('with a bridge leaves one node that sees both halves', () => {
    const nodes = nodesOf(5);
    const partition = bridge(nodes, 'n2', ['n0', 'n1']);
    expect(reached(nodes, partition, 'n2')).toEqual(new Set(nodes));
    expect(reached(nodes, partition, 'n0')).toEqual(new Set(['n0', 'n1', 'n2']));
    expect(reached(nodes, partition, 'n4')).toEqual(new Set(['n2', 'n3', 'n4']));
  });

  it('into a ring of majorities shows every node a majority, and no two the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 25 }), (count) => {
        const nodes = nodesOf(count);
        const partition = majoritiesRing(nodes);
        const views = nodes.map((id) => reached(nodes, partition, id));
        const majority = Math.floor(count / 2) + 1;
        for (const view of views) {
          expect(view.size).toBe(majority % 2 === 1 ? majority : majority + 1);
          expect(view.size).toBeLessThan(count);
        }
        expect(new Set(views.map((view) => [...view].join(' '))).size).toBe(count);
      }),
    );
  });

  it('one way makes a node deaf or mute, and leaves its other ear or mouth', async () => {
    for (const impairment of ['deaf', 'mute'] as const) {
      const world = new World({ seed: 3 });
      const heard = new Map<string, string[]>();
      const speak = new Map<string, (to: string) => void>();
      for (const id of ['a', 'b', 'c']) {
        world.addNode(id, ({ transport }) => {
          const channel = transport.channel('talk', String);
          heard.set(id, []);
          channel.onMessage((from) => heard.get(id)!.push(from));
          speak.set(id, (to) => void channel.send(to, 'hello'));
        });
      }
      await world.runFor(50);
      world.partition(oneWay(['a', 'b', 'c'], 'a', impairment));
      for (const [id, say] of speak) for (const to of ['a', 'b', 'c']) if (to !== id) say(to);
      await world.runFor(15);
      const mute = impairment === 'mute';
      expect(heard.get('a')).toHaveLength(mute ? 2 : 0);
      expect(heard.get('b')!.includes('a')).toBe(!mute);
      expect(heard.get('c')!.includes('b')).toBe(true);
      await world.close();
    }
  });

  it('that is drawn takes every shape, and always cuts something', () => {
    const random = seededRandom(4);
    for (const count of [2, 3, 5]) {
      const kinds = new Set<string>();
      for (let i = 0; i < 300; i += 1) {
        const { kind, cut } = drawPartition(random, nodesOf(count));
        kinds.add(kind);
        if (kind !== 'bridge') expect(cut.length).toBeGreaterThan(0);
      }
      expect(kinds.size).toBe(count > 3 ? PARTITION_KINDS.length : PARTITION_KINDS.length - 1);
    }
    expect(drawPartition(random, nodesOf(3), ['majorities-ring']).kind).toBe('isolate-one');
  });

  it('replaces the one before, and is gone when the network is healed', async () => {
    const nodes = nodesOf(5);
    const world = new World({ seed: 1, network: { detect: { kind: 'constant', ms: 1 } } });
    const handles = nodes.map((id) => world.addNode(id, ({ transport }) => transport).handle);
    const peers = (): number[] => handles.map((transport) => [...transport.peers()].length);
    world.partition(isolateOne(nodes, 'n0'));
    world.partition(majoritiesRing(nodes));
    await world.runFor(100);
    expect(peers()).toEqual([2, 2, 2, 2, 2]);
    world.heal();
    await world.runFor(100);
    expect(peers()).toEqual([4, 4, 4, 4, 4]);
    expect(world.counts().partitions).toBe(2);
    expect(() => world.partition({ kind: 'halves', cut: [['n0', 'x']] })).toThrow("no node 'x'");
  });
});
