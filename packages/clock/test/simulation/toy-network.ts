/** Chance from a seed, a network that does its worst, and what went wrong: for all scenarios. */

/** What the clocks promised did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function ensure(holds: boolean, promise: string): void {
  if (!holds) throw new Violation(promise);
}

/** Draws from one seed (mulberry32): the same seed, the same run. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
    for (let i = 0; i < 3; i += 1) this.next();
  }

  /** A number in [0, 1). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Messages arrive in any order, some twice, some never. */
export class ToyNetwork<M> {
  readonly #chance: Chance;
  readonly #loss: number;
  readonly #duplication: number;
  readonly #inFlight: { readonly to: number; readonly message: M }[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
    this.#loss = chance.between(0, 0.4);
    this.#duplication = chance.between(0, 0.3);
  }

  send(to: number, message: M): void {
    if (this.#chance.happens(this.#loss)) return;
    this.#inFlight.push({ to, message });
    if (this.#chance.happens(this.#duplication)) this.#inFlight.push({ to, message });
  }

  /** One of the messages in flight, whichever; undefined when there is none. */
  take(): { readonly to: number; readonly message: M } | undefined {
    const at = this.#chance.below(this.#inFlight.length);
    const [taken] = this.#inFlight.splice(at, 1);
    return taken;
  }
}
