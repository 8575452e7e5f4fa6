import { compareBytes } from '@ds/storage';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../src/conformance/seeded.ts';
import { lookUp, type Node, PersistentTree, walk } from '../../src/persistent-tree.ts';

const MAX_SLOTS = 64;

const keyOf = (n: number): Uint8Array => Uint8Array.of(n >>> 16, (n >>> 8) & 0xff, n & 0xff);
const list = (root: Node, reverse = false) =>
  Array.from(walk(root, { reverse }), ({ key, value }) => `${key}=${value}`);

/** `expect` is too slow for what is asked a million times. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

/** Checks what the head of the source file promises; gives the height. */
function checkShape(node: Node, isRoot: boolean, from?: Uint8Array, to?: Uint8Array): number {
  const slots = node.children ? node.children.length : node.keys.length;
  must(slots <= MAX_SLOTS, 'a node has at most its slots');
  must(isRoot || slots > 0, 'no node but the root is empty');
  node.keys.forEach((key, i) => {
    must(i === 0 || compareBytes(node.keys[i - 1]!, key) < 0, 'keys ascend');
    must(from === undefined || compareBytes(from, key) <= 0, 'keys are above what is left of them');
    must(to === undefined || compareBytes(key, to) < 0, 'keys are below what is right of them');
  });
  if (!node.children) return 1;
  must(node.children.length === node.keys.length + 1, 'a separator lies between two children');
  const heights = node.children.map((child, i) =>
    checkShape(child, false, node.keys[i - 1] ?? from, node.keys[i] ?? to),
  );
  must(new Set(heights).size === 1, 'all leaves are at one depth');
  return heights[0]! + 1;
}

describe('a persistent tree', () => {
  it.each([1, 2, 3])('keeps every frozen root as it was (seed %i)', (seed) => {
    const draw = seeded(seed);
    const tree = new PersistentTree();
    const model = new Map<number, number>();
    const frozen: { root: Node; entries: string[] }[] = [];
    const entries = () =>
      [...model].sort(([a], [b]) => a - b).map(([n, value]) => `${keyOf(n)}=${value}`);
    // It grows, shrinks to little, and grows again.
    for (let step = 0; step < 24_000; step += 1) {
      const n = draw(3_000);
      const shrinks = step > 9_000 && step < 18_000;
      if (draw(10) < (shrinks ? 8 : 2)) {
        const value = tree.delete(keyOf(n));
        must(value?.[0] === model.get(n), 'delete gives what was there');
        model.delete(n);
      } else {
        const value = draw(256);
        const previous = tree.set(keyOf(n), Uint8Array.of(value));
        must(previous?.[0] === model.get(n), 'set gives what was there');
        model.set(n, value);
      }
      if (step % 2_000 === 0) frozen.push({ root: tree.freeze(), entries: entries() });
      if (step % 6_000 === 0) checkShape(tree.freeze(), true);
    }
    frozen.push({ root: tree.freeze(), entries: entries() });
    for (const { root, entries: kept } of frozen) {
      expect(list(root)).toEqual(kept);
      expect(list(root, true)).toEqual([...kept].reverse());
    }
    const missing = Uint8Array.of(9, 9, 9);
    expect(lookUp(frozen.at(-1)!.root, missing)).toBe(undefined);
  });

  it('is empty again, and of one node, when all is deleted', () => {
    const tree = new PersistentTree();
    for (let n = 0; n < 10_000; n += 1) tree.set(keyOf(n), Uint8Array.of(1));
    expect(checkShape(tree.freeze(), true)).toBeLessThanOrEqual(4);
    for (let n = 9_999; n >= 0; n -= 1) tree.delete(keyOf(n));
    expect(tree.freeze()).toMatchObject({ keys: [], values: [] });
  });
});
