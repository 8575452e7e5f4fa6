/**
 * The states of an object made of independent parts, when all of it is searched at once: one number
 * per part instead of the model's state, so that a step asks the model about one part alone, and
 * hardly ever twice.
 *
 * Invariant: equal rows of parts have one number. Cost: O(parts) integer operations per step, and
 * 4 bytes per part and state.
 */
import type { Operation } from './history.ts';
import type { Model } from './models.ts';
import { NOWHERE, StateTable } from './state-table.ts';

export class ProductStates<State, Input, Output> {
  readonly #tables: StateTable<State, Input, Output>[] = [];
  /** For each operation its part, and its place in that part. */
  readonly #partOf: number[] = [];
  readonly #placeOf: number[] = [];
  readonly #width: number;
  readonly #maxBytes: number;
  readonly #row: Int32Array;
  /** For each state the list of it alone, made once. */
  readonly #alone: (readonly number[])[] = [];
  #rows: Int32Array;
  #slots = new Int32Array(1_024);
  #size = 0;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    maxBytes: number,
  ) {
    const parts = new Map<string, Operation<Input, Output>[]>();
    const numbers = new Map<string, number>();
    for (const operation of operations) {
      const name = model.partition?.(operation.input) ?? '';
      const part = parts.get(name) ?? [];
      parts.set(name, part);
      if (!numbers.has(name)) numbers.set(name, numbers.size);
      this.#partOf.push(numbers.get(name)!);
      this.#placeOf.push(part.push(operation) - 1);
    }
    this.#width = parts.size;
    this.#maxBytes = maxBytes / 2;
    for (const part of parts.values()) {
      this.#tables.push(new StateTable(model, part, maxBytes / 2 / parts.size));
    }
    this.#row = new Int32Array(this.#width);
    this.#rows = new Int32Array(256 * this.#width);
  }

  get initial(): number {
    for (const [part, table] of this.#tables.entries()) this.#row[part] = table.initial;
    return this.#numberOfRow();
  }

  get full(): boolean {
    // Both arrays exist twice while they grow, and the list of a state takes some bytes more.
    const bytes = this.#size * (8 * this.#width + 96);
    return bytes > this.#maxBytes || this.#tables.some((table) => table.full);
  }

  /** The states that an operation may lead to from `state`; none when its answer does not fit. */
  next(state: number, operation: number): readonly number[] {
    const part = this.#partOf[operation]!;
    const at = state * this.#width;
    const before = this.#rows[at + part]!;
    const after = this.#tables[part]!.next(before, this.#placeOf[operation]!);
    if (after.length === 0) return NOWHERE;
    if (after.length === 1) {
      const number = after[0] === before ? state : this.#changed(at, part, after[0]!);
      return (this.#alone[number] ??= [number]);
    }
    return after.map((each) => this.#changed(at, part, each));
  }

  #changed(at: number, part: number, to: number): number {
    const row = this.#row;
    for (let i = 0; i < row.length; i += 1) row[i] = this.#rows[at + i]!;
    row[part] = to;
    return this.#numberOfRow();
  }

  #numberOfRow(): number {
    const mask = this.#slots.length - 1;
    let slot = hash(this.#row, 0, this.#width) & mask;
    for (let found = this.#slots[slot]!; found !== 0; found = this.#slots[slot]!) {
      if (this.#isRow((found - 1) * this.#width)) return found - 1;
      slot = (slot + 1) & mask;
    }
    const at = this.#size * this.#width;
    if (at + this.#width > this.#rows.length) {
      const grown = new Int32Array(this.#rows.length * 2);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows.set(this.#row, at);
    this.#size += 1;
    this.#slots[slot] = this.#size;
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
    return this.#size - 1;
  }

  #isRow(at: number): boolean {
    for (let i = 0; i < this.#width; i += 1) if (this.#rows[at + i] !== this.#row[i]) return false;
    return true;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let row = 1; row <= this.#size; row += 1) {
      const at = (row - 1) * this.#width;
      let slot = hash(this.#rows, at, at + this.#width) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row;
    }
    this.#slots = slots;
  }
}

function hash(words: Int32Array, from: number, to: number): number {
  let h = 0x9e3779b9;
  for (let i = from; i < to; i += 1) {
    h = Math.imul(h ^ words[i]!, 0x85ebca6b);
    h ^= h >>> 15;
  }
  return (h ^ (h >>> 13)) >>> 0;
}
