/** Growth in work, counted and not timed: what is kept follows what is there. */
import { describe, expect, it } from 'vitest';
import { Text } from '../../src/index.ts';
import { CountedTree } from '../../src/text/counted-tree.ts';
import { Rope } from '../../src/text/rope.ts';

describe('growth', () => {
  it('a document with a million deleted characters loads, reads and saves as a small one', () => {
    const author = new Text({ replica: 1 });
    for (let round = 0; round < 100; round += 1) {
      author.insert(0, `${round} ${'lorem ipsum '.repeat(840)}`);
      author.delete(0, author.length);
    }
    author.insert(0, 'still here');
    const archive = author.save();
    expect(archive.length).toBeLessThan(20_000);
    const loaded = Text.load(archive, { replica: 2 });
    expect(loaded.toString()).toBe('still here');
    loaded.insert(5, ' very');
    author.apply(loaded.updateSince(author.known()));
    expect(author.toString()).toBe('still very here');
  });

  it('a tree of counts agrees with a list under insertions, removals and changes', () => {
    const tree = new CountedTree(2);
    const list: { leaf: number; counts: [number, number] }[] = [];
    let state = 7;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
      return state % below;
    };
    let fresh = 0;
    for (let round = 0; round < 6000; round += 1) {
      const growing = round < 3000 ? 7 : 3;
      if (list.length === 0 || draw(10) < growing) {
        const at = draw(list.length + 1);
        tree.insertAfter(list[at - 1]?.leaf ?? -1, fresh);
        const counts: [number, number] = [draw(5), draw(9)];
        for (const metric of [0, 1]) tree.add(fresh, metric, counts[metric] as number);
        list.splice(at, 0, { leaf: fresh, counts });
        fresh += 1;
      } else {
        const [gone] = list.splice(draw(list.length), 1);
        for (const metric of [0, 1])
          tree.add(gone?.leaf as number, metric, -(gone?.counts[metric] as number));
        tree.remove(gone?.leaf as number);
      }
      if (round % 200 === 0 && list.length > 0) check();
    }
    function check(): void {
      const leaves = list.map(({ leaf }) => leaf);
      const before: number[] = [];
      let sum = 0;
      for (const { counts } of list) {
        before.push(sum);
        sum += counts[1];
      }
      expect([tree.total(1), tree.first, tree.last]).toEqual([sum, leaves[0], leaves.at(-1)]);
      expect(leaves.map((leaf) => tree.before(leaf, 1))).toEqual(before);
      expect(leaves.map((leaf) => tree.next(leaf))).toEqual([...leaves.slice(1), -1]);
      expect(leaves.map((leaf) => tree.previous(leaf))).toEqual([-1, ...leaves.slice(0, -1)]);
      const ordered = leaves.slice(1).every((leaf, at) => tree.compare(leaves[at] ?? -1, leaf) < 0);
      expect(ordered).toBe(true);
      const found = list.every(
        ({ leaf, counts }, at) => counts[1] === 0 || tree.find(1, before[at] ?? 0, true) === leaf,
      );
      expect(found).toBe(true);
    }
  });

  it('a rope agrees with a string under edits of any size and alphabet', () => {
    const rope = new Rope();
    let text = '';
    let state = 11;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
      return state % below;
    };
    for (let round = 0; round < 4000; round += 1) {
      if (text === '' || draw(10) < (round % 400 < 200 ? 7 : 3)) {
        const at = draw(text.length + 1);
        const word = (draw(9) === 0 ? '中' : 'x').repeat(draw(draw(20) === 0 ? 2000 : 6));
        rope.insert(at, word);
        text = text.slice(0, at) + word + text.slice(at);
      } else {
        const at = draw(text.length);
        const count = Math.min(text.length - at, 1 + draw(draw(5) === 0 ? 3000 : 5));
        rope.delete(at, count);
        text = text.slice(0, at) + text.slice(at + count);
      }
      expect(rope.length).toBe(text.length);
      if (round % 40 === 0) expect(rope.toString()).toBe(text);
      const from = draw(text.length + 1);
      const to = from + draw(text.length - from + 1);
      if (round % 10 === 0) expect(rope.slice(from, to)).toBe(text.slice(from, to));
    }
    expect(rope.toString()).toBe(text);
  });
});
