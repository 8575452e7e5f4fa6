/**
 * Data blocks kept in memory, up to a budget of bytes.
 *
 * Blocks hang in their table's own array, so a hit costs one array access and one flag. All of them
 * stand on a clock whose hand lets go of the first that has not been used since it last came round
 * (second chance, Corbató 1968).
 *
 * Blocks of the usual size lie in frames of equal size, cut from slabs of up to 1 MiB: memory that
 * serves block after block, and of which the garbage collector sees next to nothing. With an array
 * for each block, 64 MiB of them took 35 MB more. A block that is larger than a frame, and what a
 * codec has made, has memory of its own.
 *
 * Invariant: slabs, and what lies outside them, never take more than the budget. Where the one kind
 * needs the other's room, whole slabs go.
 */
import { inWords, type Words } from './xxhash32.ts';

/** `bytes[start, start + length)`. */
export interface BlockBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly length: number;
}

export class CachedBlock implements BlockBytes, Words {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly start: number;
  /** How long a block may be that lies here. */
  readonly capacity: number;
  readonly slab: Slab | undefined;
  length: number;
  /** Set by each reader. */
  used = false;
  owner: BlockOwner | undefined;
  index = 0;
  /** Its place on the clock. */
  place = 0;

  constructor({ bytes, words }: Words, start: number, capacity: number, slab?: Slab) {
    this.bytes = bytes;
    this.words = words;
    this.start = start;
    this.capacity = capacity;
    this.length = capacity;
    this.slab = slab;
  }
}

/** Who a block belongs to: an open table. */
export interface BlockOwner {
  readonly blocks: (CachedBlock | undefined)[];
}

/** Frames of one piece of memory. */
interface Slab {
  readonly frames: CachedBlock[];
}

/** What a block costs beyond its bytes, roughly. */
const OVERHEAD_BYTES = 112;
const MAX_SLAB_BYTES = 1024 * 1024;
/** No slab takes a greater share of the budget, if more than one frame fits into that. */
const MAX_SLAB_SHARE = 1 / 16;
/** What is not kept serves for the next block that is not, up to this size. */
const MAX_SCRATCH_BYTES = 64 * 1024;
const NO_WORDS = new Int32Array(0);

export class BlockCache {
  readonly #budgetBytes: number;
  readonly #frameBytes: number;
  readonly #framesPerSlab: number;
  readonly #clock: CachedBlock[] = [];
  #hand = 0;
  readonly #slabs: Slab[] = [];
  /** Frames without a block. */
  #free: CachedBlock[] = [];
  #scratch: CachedBlock | undefined;
  /** The memory of slabs, and of blocks outside them. */
  bytes = 0;

  /** `frameBytes` is what most blocks fit into. */
  constructor(budgetBytes: number, frameBytes: number) {
    this.#budgetBytes = budgetBytes;
    this.#frameBytes = Math.ceil(frameBytes / 4) * 4;
    const slabBytes = Math.min(MAX_SLAB_BYTES, budgetBytes * MAX_SLAB_SHARE);
    this.#framesPerSlab = Math.max(1, Math.floor(slabBytes / costOf(this.#frameBytes)));
  }

  /** Room for a block of `length` bytes, to be filled, and then added or given back. */
  take(length: number): CachedBlock {
    return (length <= this.#frameBytes ? this.#takeFrame() : undefined) ?? this.#takeOther(length);
  }

  /** Takes room back that nobody looks at. */
  giveBack(block: CachedBlock): void {
    if (block.slab !== undefined) this.#free.push(block);
    else if (block.words !== NO_WORDS && block.capacity <= MAX_SCRATCH_BYTES) {
      this.#scratch = block;
    }
  }

  /** A block outside the slabs, whose memory is nobody else's. */
  wrap(bytes: Uint8Array): CachedBlock {
    return new CachedBlock({ bytes, words: NO_WORDS }, 0, bytes.length);
  }

  /** Keeps a block as block `index` of a table, if the budget allows it at all. */
  add(block: CachedBlock, owner: BlockOwner, index: number): void {
    if (block.slab === undefined) {
      const cost = costOf(block.capacity);
      if (cost > this.#budgetBytes) {
        this.giveBack(block);
        return;
      }
      this.#makeRoom(cost);
      this.bytes += cost;
    }
    block.owner = owner;
    block.index = index;
    block.used = false;
    block.place = this.#clock.length;
    owner.blocks[index] = block;
    this.#clock.push(block);
  }

  /** Forgets every block of a table that is closed. */
  drop(owner: BlockOwner): void {
    for (const block of owner.blocks) if (block !== undefined) this.#remove(block);
    owner.blocks.length = 0;
  }

  /** Gives all memory back. There is no table any more that has blocks here. */
  close(): void {
    this.#slabs.length = 0;
    this.#free = [];
    this.#scratch = undefined;
    this.bytes = 0;
  }

  /** `undefined` when the budget has no room for any. */
  #takeFrame(): CachedBlock | undefined {
    const cost = this.#framesPerSlab * costOf(this.#frameBytes);
    if (cost > this.#budgetBytes) return undefined;
    for (;;) {
      const frame = this.#free.pop();
      if (frame !== undefined) return frame;
      if (this.bytes + cost <= this.#budgetBytes) this.#addSlab(cost);
      else if (this.#letGo() === undefined) return undefined;
    }
  }

  #takeOther(length: number): CachedBlock {
    const scratch = this.#scratch;
    this.#scratch = undefined;
    if (scratch !== undefined && scratch.capacity >= length) return scratch;
    const capacity = Math.max(this.#frameBytes, Math.ceil(length / 4) * 4);
    return new CachedBlock(inWords(new Uint8Array(capacity)), 0, capacity);
  }

  #addSlab(cost: number): void {
    const frameBytes = this.#frameBytes;
    const memory = inWords(new Uint8Array(this.#framesPerSlab * frameBytes));
    const slab: Slab = { frames: [] };
    for (let start = 0; start < memory.bytes.length; start += frameBytes) {
      slab.frames.push(new CachedBlock(memory, start, frameBytes, slab));
    }
    this.#slabs.push(slab);
    this.#free.push(...slab.frames);
    this.bytes += cost;
  }

  /** Makes room for `cost` bytes outside the slabs. */
  #makeRoom(cost: number): void {
    while (this.bytes + cost > this.#budgetBytes) {
      const slab = this.#letGo()?.slab ?? (this.#clock.length === 0 ? this.#slabs[0] : undefined);
      if (slab !== undefined) this.#removeSlab(slab);
    }
  }

  #removeSlab(slab: Slab): void {
    for (const frame of slab.frames) if (frame.owner !== undefined) this.#evict(frame);
    this.#free = this.#free.filter((frame) => frame.slab !== slab);
    this.#slabs.splice(this.#slabs.indexOf(slab), 1);
    this.bytes -= slab.frames.length * costOf(this.#frameBytes);
  }

  /** Lets go of the block whose turn it is; `undefined` when there is none. */
  #letGo(): CachedBlock | undefined {
    const clock = this.#clock;
    while (clock.length > 0) {
      if (this.#hand >= clock.length) this.#hand = 0;
      const block = clock[this.#hand]!;
      this.#hand += 1;
      if (!block.used) {
        this.#evict(block);
        return block;
      }
      block.used = false;
    }
    return undefined;
  }

  #evict(block: CachedBlock): void {
    block.owner!.blocks[block.index] = undefined;
    this.#remove(block);
  }

  /** The newest takes its place on the clock: where the hand has just been, most often. */
  #remove(block: CachedBlock): void {
    const newest = this.#clock.pop()!;
    if (newest !== block) {
      this.#clock[block.place] = newest;
      newest.place = block.place;
    }
    block.owner = undefined;
    if (block.slab === undefined) this.bytes -= costOf(block.capacity);
    else this.#free.push(block);
  }
}

function costOf(capacity: number): number {
  return capacity + OVERHEAD_BYTES;
}
