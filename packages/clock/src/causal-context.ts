/**
 * Which updates are known, also where some are missing in between: a version vector, and the dots
 * beyond it that came before their turn. When a gap closes, its dots move into the vector.
 *
 * This is what replicas that exchange deltas keep: "seen and not there" then means removed, with
 * no tombstone to say so.
 *
 * Invariant: no loose dot is covered by the vector or next to it. Cost: `covers` and `add` O(log n)
 * for n replicas; `merge` and `compare` O(n + loose dots).
 * Source: P. S. Almeida, A. Shoker, C. Baquero, "Delta State Replicated Data Types", 2018,
 * section 7.2.
 */
import { type Causality, causalityOf, LESS, MORE } from './causality.ts';
import type { Dot } from './dot.ts';
import { ClockError } from './errors.ts';
import { checkCounter, checkReplicaId } from './replica-id.ts';
import { VersionVector } from './version-vector.ts';

/** The most dots that wait for a gap to close. */
export const MAX_LOOSE_DOTS: number = 2 ** 20;

/** Changed in place; {@link CausalContext.clone} before you keep one that others change. */
export class CausalContext {
  readonly #vector: VersionVector;
  readonly #loose = new Map<string, Set<number>>();
  #looseCount = 0;

  /** @param vector what is known without gaps; copied */
  constructor(vector: VersionVector = new VersionVector()) {
    this.#vector = vector.clone();
  }

  /** What is known without gaps, as a copy. */
  get vector(): VersionVector {
    return this.#vector.clone();
  }

  /** The dots that wait for a gap to close, in no order. */
  *loose(): IterableIterator<Dot> {
    for (const [id, counters] of this.#loose) for (const counter of counters) yield { id, counter };
  }

  covers(id: string, counter: number): boolean {
    return this.#vector.covers(id, counter) || this.#loose.get(id)?.has(counter) === true;
  }

  /**
   * Adds the next update of our own replica and returns its dot.
   * @throws {ClockError} `CLOCK_AMNESIA` when later updates of `id` are known: it is not the next.
   */
  next(id: string): Dot {
    if (this.#loose.has(id)) {
      const gap = `updates of ${JSON.stringify(id)} are known whose predecessors are not`;
      throw new ClockError('CLOCK_AMNESIA', `${gap}: its state was lost`);
    }
    return { id, counter: this.#vector.increment(id) };
  }

  /**
   * Adds one update; returns whether it is new.
   * @throws {ClockError} `CLOCK_LIMIT` for more than a million loose dots.
   */
  add(id: string, counter: number): boolean {
    if (this.covers(id, checkCounter(counter))) return false;
    if (counter === this.#vector.get(id) + 1) {
      this.#vector.advance(id, counter);
      this.#close(id);
      return true;
    }
    if (this.#looseCount >= MAX_LOOSE_DOTS) {
      throw new ClockError('CLOCK_LIMIT', `a context has at most ${MAX_LOOSE_DOTS} loose dots`);
    }
    const loose = this.#loose.get(id);
    if (loose) loose.add(counter);
    else this.#loose.set(checkReplicaId(id), new Set([counter]));
    this.#looseCount += 1;
    return true;
  }

  /** Adds all that `other` knows; returns whether anything is new. */
  merge(other: CausalContext): boolean {
    let changed = this.#vector.merge(other.#vector);
    if (changed) for (const id of [...this.#loose.keys()]) this.#dropCovered(id);
    for (const { id, counter } of other.loose()) changed = this.add(id, counter) || changed;
    return changed;
  }

  /** Whether what is known here is part of what `other` knows, or the other way round. */
  compare(other: CausalContext): Causality {
    let seen = 0;
    if (this.#lacks(other)) seen |= LESS;
    if (other.#lacks(this)) seen |= MORE;
    return causalityOf(seen);
  }

  clone(): CausalContext {
    const copy = new CausalContext(this.#vector);
    for (const [id, loose] of this.#loose) copy.#loose.set(id, new Set(loose));
    copy.#looseCount = this.#looseCount;
    return copy;
  }

  toJSON(): { vector: Record<string, number>; loose: Dot[] } {
    return { vector: this.#vector.toJSON(), loose: [...this.loose()] };
  }

  #lacks(other: CausalContext): boolean {
    for (const [id, counter] of other.#vector) {
      for (let missing = this.#vector.get(id) + 1; missing <= counter; missing += 1) {
        if (!this.covers(id, missing)) return true;
      }
    }
    for (const { id, counter } of other.loose()) if (!this.covers(id, counter)) return true;
    return false;
  }

  #dropCovered(id: string): void {
    const loose = this.#loose.get(id) ?? new Set();
    const before = loose.size;
    const known = this.#vector.get(id);
    for (const counter of loose) if (counter <= known) loose.delete(counter);
    this.#looseCount -= before - loose.size;
    this.#close(id);
  }

  /** Moves the loose dots of `id` that come next into the vector. */
  #close(id: string): void {
    const loose = this.#loose.get(id);
    if (!loose) return;
    const before = loose.size;
    let known = this.#vector.get(id);
    while (loose.delete(known + 1)) known += 1;
    this.#vector.advance(id, known);
    this.#looseCount -= before - loose.size;
    if (loose.size === 0) this.#loose.delete(id);
  }
}
