/**
 * An immutable map from names to values, as the state of a model: changed by copying, compared by a
 * hash that each change keeps up to date.
 *
 * Invariant: equal maps have equal hashes. Cost: a change copies two arrays of as many places as
 * there are entries, and hashes the two values concerned; a comparison looks at the entries only
 * when the hashes are equal.
 */
export interface ValueKind<V> {
  hash(value: V): number;
  equals(a: V, b: V): boolean;
}

export class StateMap<V> {
  readonly #kind: ValueKind<V>;
  /** Sorted, and beside each its value. */
  readonly #names: readonly string[];
  readonly #values: readonly V[];
  /** Equal for equal maps, and seldom for others. */
  readonly hash: number;

  private constructor(
    kind: ValueKind<V>,
    names: readonly string[],
    values: readonly V[],
    hash: number,
  ) {
    this.#kind = kind;
    this.#names = names;
    this.#values = values;
    this.hash = hash;
  }

  static empty<V>(kind: ValueKind<V>): StateMap<V> {
    return new StateMap(kind, [], [], 0);
  }

  get(name: string): V | undefined {
    const at = this.#find(name);
    return this.#names[at] === name ? this.#values[at] : undefined;
  }

  /** The map with this entry changed, or without it; the same map when nothing changes. */
  with(name: string, value: V | undefined): StateMap<V> {
    const at = this.#find(name);
    const before = this.#names[at] === name ? this.#values[at] : undefined;
    if (before === undefined && value === undefined) return this;
    if (before !== undefined && value !== undefined && this.#kind.equals(before, value))
      return this;
    const hash = this.hash ^ this.#hashOf(name, before) ^ this.#hashOf(name, value);
    const values = this.#values.slice();
    if (before !== undefined && value !== undefined) {
      values[at] = value;
      return new StateMap(this.#kind, this.#names, values, hash);
    }
    const names = this.#names.slice();
    if (value === undefined) {
      names.splice(at, 1);
      values.splice(at, 1);
    } else {
      names.splice(at, 0, name);
      values.splice(at, 0, value);
    }
    return new StateMap(this.#kind, names, values, hash);
  }

  equals(other: StateMap<V>): boolean {
    if (this === other) return true;
    const { length } = this.#names;
    if (this.hash !== other.hash || other.#names.length !== length) return false;
    for (let i = 0; i < length; i += 1) {
      if (this.#names[i] !== other.#names[i]) return false;
      if (!this.#kind.equals(this.#values[i]!, other.#values[i]!)) return false;
    }
    return true;
  }

  /** Where `name` stands, or would. */
  #find(name: string): number {
    let [low, high] = [0, this.#names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#names[middle]! < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #hashOf(name: string, value: V | undefined): number {
    return value === undefined ? 0 : mixHashes(hashText(name), this.#kind.hash(value));
  }
}

/** FNV-1a over the characters; 32 bits. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** One hash of two, in this order. */
export function mixHashes(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return h ^ (h >>> 13);
}
