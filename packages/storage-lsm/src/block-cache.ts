/**
 * Data blocks kept in memory, up to a budget of bytes.
 *
 * Blocks hang in their table's own array, so a hit costs one array access and one flag; this is the
 * queue that decides which to let go: the oldest that has not been used since it last came round
 * (second chance, Corbató 1968).
 */
export interface CachedBlock {
  readonly bytes: Uint8Array;
  /** Set by each reader. */
  used: boolean;
  readonly owner: BlockOwner;
  readonly index: number;
}

export interface BlockOwner {
  readonly blocks: (CachedBlock | undefined)[];
}

/** What a block costs beyond its bytes, roughly. */
const OVERHEAD_BYTES = 160;

export class BlockCache {
  readonly #budgetBytes: number;
  #queue: CachedBlock[] = [];
  #head = 0;
  bytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  add(owner: BlockOwner, index: number, bytes: Uint8Array): void {
    const cost = bytes.length + OVERHEAD_BYTES;
    if (cost > this.#budgetBytes) return;
    const block = { bytes, used: false, owner, index };
    owner.blocks[index] = block;
    this.#queue.push(block);
    this.bytes += cost;
    while (this.bytes > this.#budgetBytes) this.#evictOne();
  }

  /** Forgets every block of a table that is closed. */
  drop(owner: BlockOwner): void {
    for (const block of owner.blocks) {
      if (block !== undefined) this.bytes -= block.bytes.length + OVERHEAD_BYTES;
    }
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
    this.bytes -= block.bytes.length + OVERHEAD_BYTES;
  }
}

function isLive(block: CachedBlock): boolean {
  return block.owner.blocks[block.index] === block;
}
