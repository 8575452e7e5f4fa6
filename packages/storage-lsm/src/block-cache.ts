/**
 * Data blocks kept in memory, up to a budget of bytes.
 *
 * Blocks hang in their table's own array, so a hit costs one array access and one flag; this is the
 * queue that decides which to let go: the oldest that has not been used since it last came round
 * (second chance, Corbató 1968).
 *
 * The memory of a block that is let go serves the next one, unless someone may still look at it: a
 * fresh array costs more than reading a block into it does.
 */
export interface CachedBlock {
  /** The block; its memory may go on behind it. */
  readonly bytes: Uint8Array;
  /** Set by each reader. */
  used: boolean;
  /** Whether it outlives the call that reads it, so that its memory is not used again. */
  shared: boolean;
  readonly owner: BlockOwner;
  readonly index: number;
}

export interface BlockOwner {
  readonly blocks: (CachedBlock | undefined)[];
}

/** What a block costs beyond its bytes, roughly. */
const OVERHEAD_BYTES = 160;
/** Memory comes in multiples of this, so that one block's fits another. */
const GRAIN_BYTES = 512;
/** Buffers that wait for a block, at most; only these are beyond the budget. */
const MAX_FREE = 16;
const LARGEST_FREE_BYTES = 64 * 1024;

export class BlockCache {
  readonly #budgetBytes: number;
  readonly #free: ArrayBuffer[] = [];
  #queue: CachedBlock[] = [];
  #head = 0;
  bytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** `length` bytes to read a block into; what is in them is arbitrary. */
  buffer(length: number): Uint8Array {
    const capacity = Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES;
    this.#makeRoom(capacity + OVERHEAD_BYTES);
    const at = this.#free.findIndex(({ byteLength }) => byteLength === capacity);
    if (at < 0) return new Uint8Array(new ArrayBuffer(capacity), 0, length);
    const [buffer] = this.#free.splice(at, 1);
    return new Uint8Array(buffer!, 0, length);
  }

  /** Takes back what `buffer` gave, when nobody looks at it any more. */
  giveBack(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength > LARGEST_FREE_BYTES) return;
    if (this.#free.length === MAX_FREE) this.#free.shift();
    this.#free.push(buffer);
  }

  /** Keeps a block, if the budget allows it at all. */
  add(owner: BlockOwner, index: number, bytes: Uint8Array, shared: boolean): void {
    const block = { bytes, used: false, shared, owner, index };
    const cost = costOf(block);
    if (cost > this.#budgetBytes) return;
    this.#makeRoom(cost);
    owner.blocks[index] = block;
    this.#queue.push(block);
    this.bytes += cost;
  }

  /** Forgets every block of a table that is closed. */
  drop(owner: BlockOwner): void {
    for (const block of owner.blocks) if (block !== undefined) this.bytes -= costOf(block);
    owner.blocks.length = 0;
    // What is left of them in the queue is skipped when it comes round, or removed here once it
    // makes up most of the queue.
    const waiting = this.#queue.slice(this.#head);
    const live = waiting.filter(isLive);
    if (live.length * 2 < waiting.length) {
      this.#queue = live;
      this.#head = 0;
    }
  }

  #makeRoom(cost: number): void {
    while (this.bytes > 0 && this.bytes + cost > this.#budgetBytes) this.#evictOne();
  }

  #evictOne(): void {
    const block = this.#queue[this.#head++]!;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (!isLive(block)) return;
    if (block.used) {
      block.used = false;
      this.#queue.push(block);
      return;
    }
    block.owner.blocks[block.index] = undefined;
    this.bytes -= costOf(block);
    if (!block.shared) this.giveBack(block.bytes);
  }
}

function costOf({ bytes }: CachedBlock): number {
  return bytes.buffer.byteLength + OVERHEAD_BYTES;
}

function isLive(block: CachedBlock): boolean {
  return block.owner.blocks[block.index] === block;
}
