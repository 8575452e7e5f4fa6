/**
 * The versions of one value that no write has replaced, under one clock for all of them: a dotted
 * version vector set.
 *
 * For each server the set holds how many writes it has taken, and the values of the latest of them
 * that are still siblings. So the clock has an entry per server, not per client and not per
 * sibling, and a write by someone who has read all siblings replaces them all.
 *
 * Sets are values: every operation returns a new one. Invariants: entries ascend strictly by id;
 * an entry has at most as many values as writes. Cost: O(servers + siblings) for everything.
 *
 * Source: N. Preguiça et al., "Dotted Version Vectors", 2010; R. Gonçalves, P. S. Almeida et al.,
 * "Concise Server-Wide Causality Management for Eventually Consistent Data Stores", 2015.
 */
import { type Causality, causalityOf, LESS, MORE } from './causality.ts';
import { ClockError } from './errors.ts';
import { checkReplicaId, MAX_REPLICAS, nextCounter } from './replica-id.ts';
import { VersionVector } from './version-vector.ts';

/** The most siblings of one value: clients that never read what they replace go no further. */
export const MAX_SIBLINGS = 1_024;

/** The writes that one server has taken: their count, and the siblings among them. */
export interface SiblingEntry<V> {
  readonly id: string;
  readonly counter: number;
  /** The newest first: `values[i]` is of the write `counter - i`. */
  readonly values: readonly V[];
}

export class SiblingSet<V> {
  /** By ascending id. */
  readonly entries: readonly SiblingEntry<V>[];

  private constructor(entries: readonly SiblingEntry<V>[]) {
    this.entries = entries;
  }

  static empty<V>(): SiblingSet<V> {
    return new SiblingSet<V>([]);
  }

  /**
   * From entries with distinct ids, as {@link entries} gives them.
   * @throws {RangeError} for entries that no set has.
   */
  static from<V>(entries: Iterable<SiblingEntry<V>>): SiblingSet<V> {
    const sorted = [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const [i, { id, counter, values }] of sorted.entries()) {
      const isCount = Number.isSafeInteger(counter) && counter > 0 && counter >= values.length;
      if (!isCount || checkReplicaId(id) === sorted[i - 1]?.id) {
        throw new RangeError(`no set has the entry ${JSON.stringify(id)} with ${counter} writes`);
      }
    }
    return new SiblingSet(sorted);
  }

  /** All siblings, by server, the newest of each first. */
  get values(): V[] {
    return this.entries.flatMap(({ values }) => values);
  }

  /** What a reader of all siblings has read: the context of its next write. */
  join(): VersionVector {
    return VersionVector.from(this.entries.map(({ id, counter }) => [id, counter]));
  }

  /**
   * After a write at server `id` by someone who has read `context`, an empty vector for one who
   * has read nothing. What was read is replaced, what was not stays a sibling.
   * @throws {ClockError} `CLOCK_LIMIT` for more than 1,024 siblings.
   */
  write(id: string, value: V, context: VersionVector): SiblingSet<V> {
    checkReplicaId(id);
    const read = [...context].map(([name, counter]) => ({ id: name, counter, values: [] }));
    const kept = this.sync(new SiblingSet<V>(read)).entries;
    const own = kept.find((entry) => entry.id === id);
    const counter = nextCounter(own?.counter ?? 0);
    const written = { id, counter, values: [value, ...(own?.values ?? [])] };
    const others = kept.filter((entry) => entry !== own);
    return SiblingSet.#limited([...others, written].sort(byId));
  }

  /**
   * What two servers hold together: each sibling that the other has not replaced.
   * @throws {ClockError} `CLOCK_LIMIT` for more than 1,024 siblings.
   */
  sync(other: SiblingSet<V>): SiblingSet<V> {
    const merged: SiblingEntry<V>[] = [];
    let i = 0;
    let j = 0;
    while (i < this.entries.length || j < other.entries.length) {
      const order = orderOf(this.entries[i], other.entries[j]);
      const ours = order <= 0 ? this.entries[i++] : undefined;
      const theirs = order >= 0 ? other.entries[j++] : undefined;
      const entry = ours && theirs ? mergeEntries(ours, theirs) : (ours ?? theirs);
      if (entry) merged.push(entry);
    }
    return SiblingSet.#limited(merged);
  }

  /** Whether the writes here are part of `other`'s, or the other way round. */
  compare(other: SiblingSet<V>): Causality {
    let seen = 0;
    let i = 0;
    let j = 0;
    while (i < this.entries.length || j < other.entries.length) {
      const order = orderOf(this.entries[i], other.entries[j]);
      const ours = order <= 0 ? (this.entries[i++]?.counter ?? 0) : 0;
      const theirs = order >= 0 ? (other.entries[j++]?.counter ?? 0) : 0;
      if (ours !== theirs) seen |= ours < theirs ? LESS : MORE;
    }
    return causalityOf(seen);
  }

  toJSON(): readonly SiblingEntry<V>[] {
    return this.entries;
  }

  static #limited<V>(entries: readonly SiblingEntry<V>[]): SiblingSet<V> {
    let siblings = 0;
    for (const { values } of entries) siblings += values.length;
    if (siblings > MAX_SIBLINGS || entries.length > MAX_REPLICAS) {
      const limits = `${MAX_SIBLINGS} siblings and ${MAX_REPLICAS} servers`;
      throw new ClockError('CLOCK_LIMIT', `a value has at most ${limits}`);
    }
    return new SiblingSet(entries);
  }
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** Which of two lists goes on: the first (negative), the second (positive), or both (0). */
function orderOf(a: { readonly id: string } | undefined, b: typeof a): number {
  if (a === undefined) return 1;
  return b === undefined ? -1 : byId(a, b);
}

/** Of a server's writes those stay that neither side knows as replaced. */
function mergeEntries<V>(ours: SiblingEntry<V>, theirs: SiblingEntry<V>): SiblingEntry<V> {
  const newer = ours.counter >= theirs.counter ? ours : theirs;
  const older = newer === ours ? theirs : ours;
  const replaced = Math.max(
    newer.counter - newer.values.length,
    older.counter - older.values.length,
  );
  const left = Math.max(0, newer.counter - replaced);
  return left >= newer.values.length ? newer : { ...newer, values: newer.values.slice(0, left) };
}
