/**
 * Data blocks kept in memory, up to a budget of bytes.
 *
 * Blocks hang in their table's own array, so a hit costs one array access and one flag. All of them
 * stand on a clock whose hand lets go of the first that has not been used since it last came round
 * (second chance, Corbató 1968).
 *
 * Who is let go serves again, memory and all, for the block that takes its place, unless someone
 * may still look at it: a fresh array costs more than reading a block into it does.
 */
import { inWords, type Words } from './xxhash32.ts';

export class CachedBlock implements Words {
  /** The block, and behind its `length` bytes whatever there is. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  length = 0;
  /** Set by each reader. */
  used = false;
  /** Whether it outlives the call that reads it, so that its memory is not used again. */
  shared = false;
  owner: BlockOwner | undefined;
  index = 0;
  /** Its place on the clock. */
  place = 0;

  constructor({ bytes, words }: Words) {
    this.bytes = bytes;
    this.words = words;
    this.length = bytes.length;
  }
}

export interface BlockOwner {
  readonly blocks: (CachedBlock | undefined)[];
}

/** What a block costs beyond its bytes, roughly. */
const OVERHEAD_BYTES = 160;
/** Memory comes in multiples of this, so that one block's fits another. */
const GRAIN_BYTES = 512;
/** What is given back is kept up to this size; beyond the budget, and only one. */
const MAX_SPARE_BYTES = 64 * 1024;

export class BlockCache {
  readonly #budgetBytes: number;
  readonly #clock: CachedBlock[] = [];
  #hand = 0;
  /** Taken and given back. */
  #spare: CachedBlock | undefined;
  bytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** A block with room for at least `length` bytes, to be filled and added, or given back. */
  take(length: number): CachedBlock {
    const capacity = Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES;
    const letGo = this.#makeRoom(capacity);
    const spare = this.#spare;
    if (letGo?.bytes.length === capacity) return letGo;
    if (spare?.bytes.length !== capacity) return new CachedBlock(inWords(new Uint8Array(capacity)));
    this.#spare = undefined;
    return spare;
  }

  /** Takes a block back that nobody looks at. */
  giveBack(block: CachedBlock): void {
    if (block.bytes.length <= MAX_SPARE_BYTES) this.#spare = block;
  }

  /** Keeps block `index` of a table, if the budget allows it at all. */
  add(block: CachedBlock, owner: BlockOwner, index: number): void {
    const cost = costOf(block.bytes.length);
    if (cost > this.#budgetBytes) return;
    this.#makeRoom(block.bytes.length);
    block.owner = owner;
    block.index = index;
    block.used = false;
    block.place = this.#clock.length;
    owner.blocks[index] = block;
    this.#clock.push(block);
    this.bytes += cost;
  }

  /** Forgets every block of a table that is closed. */
  drop(owner: BlockOwner): void {
    for (const block of owner.blocks) if (block !== undefined) this.#remove(block);
    owner.blocks.length = 0;
  }

  /** Lets blocks go until `capacity` bytes fit; the last of them, if it may serve again. */
  #makeRoom(capacity: number): CachedBlock | undefined {
    const clock = this.#clock;
    let last: CachedBlock | undefined;
    while (clock.length > 0 && this.bytes + costOf(capacity) > this.#budgetBytes) {
      if (this.#hand >= clock.length) this.#hand = 0;
      const block = clock[this.#hand]!;
      this.#hand += 1;
      if (block.used) {
        block.used = false;
        continue;
      }
      block.owner!.blocks[block.index] = undefined;
      this.#remove(block);
      last = block.shared ? undefined : block;
    }
    return last;
  }

  /** The newest takes its place on the clock: where the hand has just been, most often. */
  #remove(block: CachedBlock): void {
    const newest = this.#clock.pop()!;
    if (newest !== block) {
      this.#clock[block.place] = newest;
      newest.place = block.place;
    }
    block.owner = undefined;
    this.bytes -= costOf(block.bytes.length);
  }
}

function costOf(capacity: number): number {
  return capacity + OVERHEAD_BYTES;
}
