/**
 * Which pages of the file are in use, and which may be written to.
 *
 * One bit per page says whether the tree as it stands uses it; that map is stored, in pages of its
 * own, with every checkpoint. A second map, in memory alone, says which pages may be handed out: a
 * page that the tree has given up waits, under the version that gave it up, until no meta slot and
 * no reader needs an older version. After opening there are no readers, so what is not in use is
 * free. The lowest free page goes first, which keeps the file dense at its beginning and lets its
 * end fall empty.
 *
 * Invariants: a page is handed out only when it is neither in use nor waiting; bits of page 0 and
 * of pages at or beyond `end` are clear in both maps.
 * Cost: 2 bits of memory per page; allocation is a scan over bytes from the lowest free one on;
 * storing writes only the pieces of the map that changed, 1 page per 64 thousand pages of file.
 */

interface Waiting {
  readonly version: number;
  /** Pairs: first page, number of pages. */
  readonly runs: number[];
  readonly pages: number;
}

export class SpaceMap {
  /** Pages that one stored piece of the map covers. */
  readonly pieceSpan: number;
  /** Pieces that differ from what is stored. */
  readonly changedPieces: Set<number> = new Set();
  #used = new Uint8Array(64);
  #free = new Uint8Array(64);
  /** No byte of the free map below this one has a bit. */
  #lowest = 0;
  /** The page after the last one in use, waiting or free. */
  #end = 1;
  #usedPages = 0;
  #waiting: Waiting[] = [];
  #waitingPages = 0;
  #given: number[] = [];

  constructor(pieceSpan: number) {
    this.pieceSpan = pieceSpan;
  }

  get end(): number {
    return this.#end;
  }

  get usedPages(): number {
    return this.#usedPages;
  }

  get waitingPages(): number {
    return this.#waitingPages;
  }

  /** Pages given up by versions after `version`: what a reader of it keeps from being reused. */
  waitingAfter(version: number): number {
    let sum = 0;
    for (const { version: of, pages } of this.#waiting) if (of > version) sum += pages;
    return sum;
  }

  /** Takes the lowest free page, or a new one at the end. */
  allocate(): number {
    const free = this.#free;
    const limit = (this.#end + 7) >> 3;
    let at = this.#lowest;
    while (at < limit && free[at] === 0) at += 1;
    this.#lowest = at;
    if (at >= limit) return this.#extend(1);
    const bits = free[at]!;
    const id = at * 8 + (31 - Math.clz32(bits & -bits));
    this.#take(id);
    return id;
  }

  /** Takes the lowest `count` free pages that lie side by side, or new ones at the end. */
  allocateRun(count: number): number {
    if (count === 1) return this.allocate();
    const first = this.#lowestRun(count, this.#end);
    if (first === 0) return this.#extend(count);
    for (let id = first; id < first + count; id += 1) this.#take(id);
    return first;
  }

  /** Whether `count` pages side by side, all below page `limit`, are free. */
  hasRunBelow(limit: number, count: number): boolean {
    return this.#lowestRun(count, Math.min(limit, this.#end)) !== 0;
  }

  /** Pages in use above page `limit`. */
  usedAbove(limit: number): number {
    let count = 0;
    for (let id = limit + 1; id < this.#end; id += 1) if (has(this.#used, id)) count += 1;
    return count;
  }

  /** The tree no longer uses `count` pages from `first` on; older versions of it may. */
  giveUp(first: number, count = 1): void {
    for (let id = first; id < first + count; id += 1) this.#setUsed(id, false);
    this.#given.push(first, count);
  }

  /** The pages given up since the last time were so by `version`. */
  endVersion(version: number): void {
    if (this.#given.length === 0) return;
    const runs = this.#given;
    let pages = 0;
    for (let i = 1; i < runs.length; i += 2) pages += runs[i]!;
    this.#waiting.push({ version, runs, pages });
    this.#waitingPages += pages;
    this.#given = [];
  }

  /** What versions up to `version` have given up may be handed out. */
  release(version: number): void {
    const ready = this.#waiting.findIndex((each) => each.version > version);
    const released = this.#waiting.splice(0, ready < 0 ? this.#waiting.length : ready);
    for (const { runs, pages } of released) {
      this.#waitingPages -= pages;
      for (let i = 0; i < runs.length; i += 2) {
        const first = runs[i]!;
        for (let id = first; id < first + runs[i + 1]!; id += 1) this.#setFree(id);
      }
    }
  }

  /** Forgets the free pages at the end; what the file needs ends before the new `end`. */
  dropFreeEnd(): void {
    while (this.#end > 1 && has(this.#free, this.#end - 1)) {
      this.#end -= 1;
      clear(this.#free, this.#end);
    }
  }

  isUsed(id: number): boolean {
    return has(this.#used, id);
  }

  /** The bytes of piece `piece`, into `target` (zeros where the map has ended). */
  encodePiece(piece: number, target: Uint8Array): void {
    const start = (piece * this.pieceSpan) / 8;
    const bytes = this.#used.subarray(start, start + this.pieceSpan / 8);
    target.fill(0);
    target.set(bytes);
  }

  /** Takes a stored piece in; call `loaded` after the last. */
  decodePiece(piece: number, bytes: Uint8Array): void {
    const start = (piece * this.pieceSpan) / 8;
    this.#reserve(start * 8 + this.pieceSpan);
    this.#used.set(bytes, start);
  }

  /** Makes what lies before `end` and is not in use free. */
  loaded(end: number): void {
    this.#reserve(end);
    this.#end = end;
    for (let id = 1; id < end; id += 1) {
      if (has(this.#used, id)) this.#usedPages += 1;
      else this.#setFree(id);
    }
  }

  /** The first of the lowest `count` free pages side by side below `limit`; 0 for none. */
  #lowestRun(count: number, limit: number): number {
    let length = 0;
    for (let id = this.#lowest * 8; id < limit; id += 1) {
      if (this.#free[id >> 3] === 0) {
        length = 0;
        id |= 7;
        continue;
      }
      length = has(this.#free, id) ? length + 1 : 0;
      if (length === count) return id - count + 1;
    }
    return 0;
  }

  #extend(count: number): number {
    const first = this.#end;
    this.#reserve(first + count);
    this.#end = first + count;
    for (let id = first; id < this.#end; id += 1) this.#setUsed(id, true);
    return first;
  }

  #take(id: number): void {
    clear(this.#free, id);
    this.#setUsed(id, true);
  }

  #setUsed(id: number, isUsed: boolean): void {
    this.changedPieces.add(Math.floor(id / this.pieceSpan));
    if (isUsed) this.#used[id >> 3]! |= 1 << (id & 7);
    else clear(this.#used, id);
    this.#usedPages += isUsed ? 1 : -1;
  }

  #setFree(id: number): void {
    this.#free[id >> 3]! |= 1 << (id & 7);
    if (id >> 3 < this.#lowest) this.#lowest = id >> 3;
  }

  #reserve(end: number): void {
    const needed = (end >> 3) + 1;
    if (needed <= this.#used.length) return;
    const length = Math.max(needed, this.#used.length * 2);
    this.#used = grown(this.#used, length);
    this.#free = grown(this.#free, length);
  }
}

function has(bits: Uint8Array, id: number): boolean {
  return (bits[id >> 3]! & (1 << (id & 7))) !== 0;
}

function clear(bits: Uint8Array, id: number): void {
  bits[id >> 3]! &= ~(1 << (id & 7));
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(length);
  result.set(bytes);
  return result;
}
