/**
 * One seed, many independent streams of chance.
 *
 * Each consumer takes a fork by its own name, so that one draw more in one place shifts nothing in
 * another: a failing seed keeps failing the same way while code around it changes.
 *
 * Cost: two steps of a small integer generator per draw. Source: sfc32 (Chris Doty-Humphrey,
 * PractRand, 2010), seeded through the finalizer of MurmurHash3 (Austin Appleby, 2011).
 */

/** A number in [0, 1). */
export type Random = () => number;

/** Hands out one stream per name; asking again for a name continues its stream. */
export class Forks {
  readonly #seed: number;
  readonly #streams = new Map<string, Random>();

  /** @throws {RangeError} unless `seed` is a safe integer of 0 or more. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`a seed is a whole number of 0 or more, got ${seed}`);
    }
    this.#seed = seed;
  }

  fork(name: string): Random {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = seededRandom(this.#seed, name);
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

/** The stream of `seed` called `name`: the same two give the same numbers, everywhere. */
export function seededRandom(seed: number, name = ''): Random {
  let a = mix(seed >>> 0, 0x9e3779b9);
  let b = mix(Math.floor(seed / 2 ** 32) ^ a, 0x85ebca6b);
  let c = b;
  for (let i = 0; i < name.length; i += 1) c = mix(c ^ name.charCodeAt(i), 0xc2b2ae35 + i);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i += 1) next();
  // 53 bits: the high word and 21 bits more.
  return () => (next() * 0x200000 + (next() >>> 11)) / 2 ** 53;
}

function mix(value: number, salt: number): number {
  let h = (value + salt) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A whole number from `low` to `high`, both included. */
export function drawInteger(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** One of `choices`, each as likely. */
export function drawOne<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!;
}

/** `true` with the given probability. A probability of 0 takes no draw. */
export function drawChance(random: Random, probability: number): boolean {
  return probability > 0 && random() < probability;
}

/** @throws {RangeError} unless `probability` lies in [0, 1]. */
export function checkProbability(what: string, probability: number): void {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`${what} is a probability from 0 to 1, got ${probability}`);
  }
}

/** The same items in another order, each order as likely. Source: Fisher and Yates. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = drawInteger(random, 0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
