/**
 * The newest entries, sorted, in memory: a skip list whose nodes are runs of one Int32Array and
 * whose keys and values are runs of one Uint8Array, so that the garbage collector sees two objects
 * however many entries there are.
 *
 * Each node caches the four key bytes behind the prefix that all keys here share: most comparisons
 * are then of two integers that lie next to the links. A key that shortens the shared prefix has
 * the words computed anew, which can happen only as often as a key has bytes. A key after all
 * others, as in a sequential load, is linked without a search.
 *
 * Invariants: nodes are never changed but for their links, and never removed, so a cursor stays
 * where it is while others insert; sequences rise from insert to insert.
 * Cost: O(log n) expected per insert and search. Source: Pugh, "Skip Lists" (1990).
 */
import { compareBytes } from '../bytes.ts';
import { copyOf } from './copies.ts';
import { type Cursor, compareRanges, NO_BYTES } from './cursor.ts';
import { RangeTombstones } from './range-tombstones.ts';

const MAX_HEIGHT = 12;
const KEY_START = 0;
const KEY_LENGTH = 1;
/** The value lies behind the key; -1 marks a tombstone. */
const VALUE_LENGTH = 2;
/** Relative to the table's first sequence. */
const SEQUENCE = 3;
const WORD = 4;
const LINKS = 5;
/** What is taken at once, in bytes; larger memtables grow. */
const MAX_START_BYTES = 16 * 1024 * 1024;
/** What a range tombstone takes beyond its keys, roughly. */
const RANGE_BYTES = 128;
/** The node before the first; offset 0 in a link means that there is no next node. */
const HEAD = 0;

/** What a lookup found other than a node: nothing, or a range tombstone. */
export const ABSENT = -1;
const DELETED = -2;

/** The memory that a memtable's entries lie in. */
export interface MemtableMemory {
  readonly data: Uint8Array;
  readonly nodes: Int32Array;
}

export class Memtable implements MemtableMemory {
  readonly firstSequence: number;
  data: Uint8Array;
  nodes: Int32Array;
  /** How many ranges read it: as long as there are any, its memory is not to be used again. */
  readers = 0;
  entries = 0;
  lastSequence: number;
  readonly tombstones: RangeTombstones = new RangeTombstones();
  #tombstoneBytes = 0;
  #dataEnd = 0;
  #nodesEnd = LINKS + MAX_HEIGHT;
  #prefixLength = 0;
  #height = 1;
  #randomState = 0x2545f491;
  /** The last node on each level. */
  readonly #tails = new Int32Array(MAX_HEIGHT);
  readonly #before = new Int32Array(MAX_HEIGHT);

  /** `memory` is that of a memtable that nobody needs any more; without, it grows as needed. */
  constructor(firstSequence: number, capacityBytes: number, memory?: MemtableMemory) {
    this.firstSequence = firstSequence;
    this.lastSequence = firstSequence - 1;
    // Memory that has not been touched costs nothing yet, and growing leaves garbage behind.
    const start = Math.min(capacityBytes, MAX_START_BYTES);
    this.data = memory?.data ?? new Uint8Array(start);
    this.nodes = memory?.nodes ?? new Int32Array(Math.max(64, start >> 4));
    this.nodes.fill(0, 0, LINKS + MAX_HEIGHT);
  }

  get isEmpty(): boolean {
    return this.entries === 0 && this.tombstones.isEmpty;
  }

  /** The memory that its entries take, in bytes. */
  get bytes(): number {
    return this.#dataEnd + (this.#nodesEnd - LINKS - MAX_HEIGHT) * 4 + this.#tombstoneBytes;
  }

  /** Adds an entry; without a value, a tombstone. `sequence` is higher than any here. */
  insert(sequence: number, key: Uint8Array, value: Uint8Array | undefined): void {
    const keyStart = this.#store(key, value);
    const word = this.#wordForInsert(key, keyStart);
    const height = this.#randomHeight();
    const before = this.#before;
    const last = this.#tails[0]!;
    if (last === HEAD || this.#orderOf(last, word, key) < 0) before.set(this.#tails);
    else this.#findBefore(word, key, before);
    const node = this.#newNode(height);
    const { nodes } = this;
    nodes[node + KEY_START] = keyStart;
    nodes[node + KEY_LENGTH] = key.length;
    nodes[node + VALUE_LENGTH] = value === undefined ? -1 : value.length;
    nodes[node + SEQUENCE] = sequence - this.firstSequence;
    nodes[node + WORD] = word;
    for (let level = 0; level < height; level += 1) {
      const link = before[level]! + LINKS + level;
      const next = nodes[link]!;
      nodes[node + LINKS + level] = next;
      nodes[link] = node;
      if (next === 0) this.#tails[level] = node;
    }
    if (height > this.#height) this.#height = height;
    this.entries += 1;
    this.lastSequence = sequence;
  }

  /**
   * Deletes the keys from `start` up to but not including `end`. `newestSnapshot` is the highest
   * sequence that a snapshot holds, 0 for none.
   */
  deleteRange(sequence: number, start: Uint8Array, end: Uint8Array, newestSnapshot: number): void {
    this.lastSequence = sequence;
    if (compareBytes(start, end) >= 0) return;
    this.#tombstoneBytes += start.length + end.length + RANGE_BYTES;
    // Not `slice`: that of a Node `Buffer` shares the caller's memory.
    const [from, to] = [new Uint8Array(start), new Uint8Array(end)];
    this.tombstones.add(from, to, sequence, newestSnapshot);
  }

  sequenceOf(node: number): number {
    return this.firstSequence + this.nodes[node + SEQUENCE]!;
  }

  /**
   * What was last done to `key` up to `sequence`: a node to ask for its value, or {@link ABSENT}.
   */
  find(key: Uint8Array, sequence: number): number {
    const node = this.#findEntry(key, sequence);
    if (this.tombstones.isEmpty) return node;
    const deleted = this.tombstones.coveringSequence(key, sequence);
    if (deleted === 0) return node;
    return node === ABSENT || this.sequenceOf(node) < deleted ? DELETED : node;
  }

  #findEntry(key: Uint8Array, sequence: number): number {
    const { nodes, data } = this;
    const highest = sequence - this.firstSequence;
    for (let node = this.seekNode(key); node !== 0; node = nodes[node + LINKS]!) {
      const start = nodes[node + KEY_START]!;
      const end = start + nodes[node + KEY_LENGTH]!;
      if (compareRanges(data, start, end, key, 0, key.length) !== 0) break;
      if (nodes[node + SEQUENCE]! <= highest) return node;
    }
    return ABSENT;
  }

  isTombstone(node: number): boolean {
    return node === DELETED || this.nodes[node + VALUE_LENGTH]! < 0;
  }

  valueOf(node: number): Uint8Array {
    const start = this.nodes[node + KEY_START]! + this.nodes[node + KEY_LENGTH]!;
    return copyOf(this.data, start, start + this.nodes[node + VALUE_LENGTH]!);
  }

  /** The first node whose key is at or after `key`; 0 when there is none. */
  seekNode(key: Uint8Array): number {
    return this.nodes[this.#nodeBefore(key) + LINKS]!;
  }

  /** The last node whose key is before `key`; 0 when there is none. */
  nodeBefore(key: Uint8Array): number {
    return this.#nodeBefore(key);
  }

  get firstNode(): number {
    return this.nodes[HEAD + LINKS]!;
  }

  get lastNode(): number {
    return this.#tails[0]!;
  }

  /** The last key of an entry. */
  lastKey(): Uint8Array | undefined {
    const node = this.lastNode;
    if (node === 0) return undefined;
    const start = this.nodes[node + KEY_START]!;
    return this.data.slice(start, start + this.nodes[node + KEY_LENGTH]!);
  }

  cursor(): Cursor {
    return new MemtableCursor(this);
  }

  /** The node just before `target`, itself a node; 0 when `target` is the first. */
  previousNode(target: number): number {
    const { nodes, data } = this;
    const start = nodes[target + KEY_START]!;
    const key = data.subarray(start, start + nodes[target + KEY_LENGTH]!);
    let node = this.#nodeBefore(key);
    // Versions of one key lie side by side, the newest first.
    for (let next = nodes[node + LINKS]!; next !== target; next = nodes[node + LINKS]!) node = next;
    return node;
  }

  #store(key: Uint8Array, value: Uint8Array | undefined): number {
    const start = this.#dataEnd;
    const end = start + key.length + (value === undefined ? 0 : value.length);
    if (end > this.data.length) {
      const grown = new Uint8Array(Math.max(end, this.data.length * 2));
      grown.set(this.data.subarray(0, start));
      this.data = grown;
    }
    const { data } = this;
    if (key.length <= 48) for (let i = 0; i < key.length; i += 1) data[start + i] = key[i]!;
    else data.set(key, start);
    if (value !== undefined) data.set(value, start + key.length);
    this.#dataEnd = end;
    return start;
  }

  /** The cached word of a key to be inserted, after shortening the shared prefix where needed. */
  #wordForInsert(key: Uint8Array, keyStart: number): number {
    if (this.entries === 0) this.#prefixLength = key.length;
    else {
      const shared = this.#sharedWithPrefix(key);
      if (shared < this.#prefixLength) this.#shortenPrefix(shared);
    }
    return wordAt(this.data, keyStart, key.length, this.#prefixLength);
  }

  #shortenPrefix(length: number): void {
    this.#prefixLength = length;
    const { nodes, data } = this;
    for (let node = nodes[HEAD + LINKS]!; node !== 0; node = nodes[node + LINKS]!) {
      nodes[node + WORD] = wordAt(
        data,
        nodes[node + KEY_START]!,
        nodes[node + KEY_LENGTH]!,
        length,
      );
    }
  }

  /** How many bytes of the shared prefix `key` starts with. The first key stored begins with it. */
  #sharedWithPrefix(key: Uint8Array): number {
    const { data } = this;
    const limit = Math.min(this.#prefixLength, key.length);
    let shared = 0;
    while (shared < limit && data[shared] === key[shared]) shared += 1;
    return shared;
  }

  /** The last node before every entry of `key`, {@link HEAD} when there is none. */
  #nodeBefore(key: Uint8Array): number {
    if (this.entries === 0) return HEAD;
    const prefixLength = this.#prefixLength;
    const shared = this.#sharedWithPrefix(key);
    if (shared < prefixLength) {
      // Outside the shared prefix the key is before every entry or after every one.
      const isBefore = shared === key.length || key[shared]! < this.data[shared]!;
      return isBefore ? HEAD : this.#tails[0]!;
    }
    const word = wordAt(key, 0, key.length, prefixLength);
    return this.#findBefore(word, key, undefined);
  }

  /** Finds the last node before every entry of `key`; fills `before` with those of each level. */
  #findBefore(word: number, key: Uint8Array, before: Int32Array | undefined): number {
    const { nodes } = this;
    let node = HEAD;
    for (let level = this.#height - 1; level >= 0; level -= 1) {
      for (;;) {
        const next = nodes[node + LINKS + level]!;
        if (next === 0) break;
        const nextWord = nodes[next + WORD]!;
        if (nextWord > word || (nextWord === word && this.#compareTail(next, key) >= 0)) break;
        node = next;
      }
      if (before !== undefined) before[level] = node;
    }
    if (before !== undefined) before.fill(HEAD, this.#height);
    return node;
  }

  /** Compares the node's key with `key`, both starting with the shared prefix. */
  #compareTail(node: number, key: Uint8Array): number {
    const { nodes, data } = this;
    const start = nodes[node + KEY_START]!;
    const length = nodes[node + KEY_LENGTH]!;
    const shared = Math.min(length, key.length);
    for (let i = this.#prefixLength; i < shared; i += 1) {
      const difference = data[start + i]! - key[i]!;
      if (difference !== 0) return difference;
    }
    return length - key.length;
  }

  #orderOf(node: number, word: number, key: Uint8Array): number {
    const nodeWord = this.nodes[node + WORD]!;
    return nodeWord === word ? this.#compareTail(node, key) : nodeWord - word;
  }

  #newNode(height: number): number {
    const node = this.#nodesEnd;
    const end = node + LINKS + height;
    if (end > this.nodes.length) {
      const grown = new Int32Array(Math.max(end, this.nodes.length * 2));
      grown.set(this.nodes.subarray(0, node));
      this.nodes = grown;
    }
    this.#nodesEnd = end;
    return node;
  }

  /** Height h with a chance of 1 in 4^(h-1). Its quality matters little, so a xorshift will do. */
  #randomHeight(): number {
    let x = this.#randomState;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#randomState = x;
    let height = 1;
    for (let bits = x >>> 0; height < MAX_HEIGHT && (bits & 3) === 0; bits >>>= 2) height += 1;
    return height;
  }
}

/** Four bytes from `skip` on, zeros where the key ends, ordered as signed integers. */
function wordAt(bytes: Uint8Array, start: number, length: number, skip: number): number {
  const at = start + skip;
  const left = length - skip;
  const first = left > 0 ? bytes[at]! << 24 : 0;
  const second = left > 1 ? bytes[at + 1]! << 16 : 0;
  const third = left > 2 ? bytes[at + 2]! << 8 : 0;
  const fourth = left > 3 ? bytes[at + 3]! : 0;
  return (first | second | third | fourth) ^ 0x8000_0000;
}

class MemtableCursor implements Cursor {
  readonly #table: Memtable;
  #node = 0;
  valid = false;
  keyBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  sequence = 0;
  isTombstone = false;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;

  constructor(table: Memtable) {
    this.#table = table;
  }

  first(): void {
    this.#at(this.#table.firstNode);
  }

  last(): void {
    this.#at(this.#table.lastNode);
  }

  seek(key: Uint8Array): void {
    this.#at(this.#table.seekNode(key));
  }

  seekBefore(key: Uint8Array): void {
    this.#at(this.#table.nodeBefore(key));
  }

  next(): void {
    this.#at(this.#table.nodes[this.#node + LINKS]!);
  }

  previous(): void {
    this.#at(this.#table.previousNode(this.#node));
  }

  #at(node: number): void {
    this.#node = node;
    this.valid = node !== 0;
    if (node === 0) return;
    const { nodes, data, firstSequence } = this.#table;
    const start = nodes[node + KEY_START]!;
    const end = start + nodes[node + KEY_LENGTH]!;
    const valueLength = nodes[node + VALUE_LENGTH]!;
    this.keyBytes = data;
    this.keyStart = start;
    this.keyEnd = end;
    this.sequence = firstSequence + nodes[node + SEQUENCE]!;
    this.isTombstone = valueLength < 0;
    this.valueBytes = data;
    this.valueStart = end;
    this.valueEnd = end + Math.max(valueLength, 0);
  }
}
