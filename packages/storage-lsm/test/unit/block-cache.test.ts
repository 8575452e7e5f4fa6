/**
 * Blocks of all sizes in one budget: random tables fill, look up, and drop blocks, some in frames,
 * some too large for one, some with memory of their own.
 */
import { drawInteger, seededRandom } from '@ds/sim';
import { describe, expect, it } from 'vitest';
import { BlockCache, CachedBlock } from '../../src/block/block-cache.ts';

const FRAME_BYTES = 256;
const TABLES = 4;
const BLOCKS = 40;

interface TableBlocks {
  readonly blocks: (CachedBlock | undefined)[];
}

/** What is wrong after some step of a random walk; `undefined` when nothing ever is. */
function walk(
  seed: number,
  cacheOf: (budgetBytes: number) => BlockCache,
): 'over its budget' | 'another block' | undefined {
  const random = seededRandom(seed);
  const budgetBytes = drawInteger(random, 0, 2) * drawInteger(random, 0, 20_000);
  const cache = cacheOf(budgetBytes);
  const tables: TableBlocks[] = Array.from({ length: TABLES }, () => ({ blocks: [] }));
  // What a block is filled with: no two share it.
  const stampOf = (table: number, index: number): number => table * BLOCKS + index;
  const largest = random() < 0.5 ? FRAME_BYTES : 6 * FRAME_BYTES;
  for (let step = 0; step < 2000; step += 1) {
    const table = drawInteger(random, 0, TABLES - 1);
    const index = drawInteger(random, 0, BLOCKS - 1);
    const owner = tables[table]!;
    const cached = owner.blocks[index];
    if (cached !== undefined) {
      cached.used = true;
    } else if (random() < 0.1) {
      cache.add(cache.wrap(new Uint8Array(largest).fill(stampOf(table, index))), owner, index);
    } else {
      const block = cache.take(drawInteger(random, 1, largest));
      block.bytes.fill(stampOf(table, index), block.start, block.start + block.capacity);
      if (random() < 0.1) cache.giveBack(block);
      else cache.add(block, owner, index);
    }
    if (random() < 0.005) cache.drop(owner);
    let held = 0;
    for (const [ofTable, { blocks }] of tables.entries()) {
      for (const [ofIndex, block] of blocks.entries()) {
        if (block === undefined) continue;
        held += block.capacity;
        const stamp = stampOf(ofTable, ofIndex);
        const end = block.start + block.capacity;
        const isWhole = block.bytes[block.start] === stamp && block.bytes[end - 1] === stamp;
        if (!isWhole) return 'another block';
      }
    }
    if (held > cache.bytes || cache.bytes > budgetBytes) return 'over its budget';
  }
  return undefined;
}

/** Now and then gives out memory in which another block lies. */
class Sharing extends BlockCache {
  #last: CachedBlock | undefined;

  override take(length: number): CachedBlock {
    const last = this.#last;
    this.#last = undefined;
    if (last !== undefined && length <= last.capacity) {
      return new CachedBlock(last, last.start, last.capacity);
    }
    this.#last = super.take(length);
    return this.#last;
  }
}

/** Takes a tenth more than it is allowed. */
class Greedy extends BlockCache {
  constructor(budgetBytes: number, frameBytes: number) {
    super(budgetBytes * 1.1, frameBytes);
  }
}

const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);

describe('a block cache', () => {
  for (const seed of SEEDS) {
    it(`keeps blocks as they are, within its budget (seed ${seed})`, () => {
      expect(walk(seed, (budget) => new BlockCache(budget, FRAME_BYTES))).toBe(undefined);
    });
  }

  it('is noticed when it shares memory or takes too much (planted)', () => {
    const found = SEEDS.map((seed) => walk(seed, (budget) => new Sharing(budget, FRAME_BYTES)));
    expect(found).toContain('another block');
    const greedy = SEEDS.map((seed) => walk(seed, (budget) => new Greedy(budget, FRAME_BYTES)));
    expect(greedy).toContain('over its budget');
  });

  it('keeps what fits, and lets go of what has not been used for longest', () => {
    const cache = new BlockCache(64 * (FRAME_BYTES + 112), FRAME_BYTES);
    const owner: TableBlocks = { blocks: [] };
    for (let index = 0; index < 64; index += 1) cache.add(cache.take(200), owner, index);
    expect(owner.blocks.filter((block) => block !== undefined)).toHaveLength(64);
    for (let index = 0; index < 63; index += 1) owner.blocks[index]!.used = true;
    cache.add(cache.take(200), owner, 64);
    expect(owner.blocks[63]).toBe(undefined);
  });
});
