/**
 * What is left of a disk's unsynced changes when a machine goes down, and of the space that files
 * have given back.
 */
import { drawChance, drawInteger, type Random } from '../kernel/random.ts';

/** Which unsynced changes survive a power cut: chosen at random, or none. */
export type Survival = 'random' | 'none';

/**
 * What a crash does to the disk: a power cut, as {@link Survival} says; `'process'`: only the
 * process dies, and all it wrote survives; `'lost'`: the disk is gone, and an empty one in its
 * place.
 */
export type Loss = Survival | 'process' | 'lost';

/** The changes that survive: none, all, the first few, or any subset. */
export function drawSurvivors<C>(
  changes: readonly C[],
  survival: Survival,
  random: Random,
): readonly C[] {
  if (survival === 'none' || changes.length === 0) return [];
  switch (drawInteger(random, 0, 3)) {
    case 0:
      return [];
    case 1:
      return changes;
    case 2:
      return changes.slice(0, drawInteger(random, 0, changes.length));
    default:
      return changes.filter(() => random() < 0.5);
  }
}

const MAX_FREED_BYTES = 64 * 1024;

/**
 * The bytes of files that were removed or cut, the latest 64 KiB of them: what a device shows where
 * a file has grown into its space and the new bytes never came.
 */
export class FreedSpace {
  readonly #random: Random;
  readonly #probability: () => number;
  #bytes = new Uint8Array(0);

  /** `probability`: how often such a place shows old bytes, and not zeros. */
  constructor(random: Random, probability: () => number) {
    this.#random = random;
    this.#probability = probability;
  }

  /** Whether it is of any use to add to it. */
  get matters(): boolean {
    return this.#probability() > 0;
  }

  add(freed: Uint8Array): void {
    const kept = freed.subarray(0, MAX_FREED_BYTES);
    const older = this.#bytes.subarray(0, MAX_FREED_BYTES - kept.length);
    const bytes = new Uint8Array(kept.length + older.length);
    bytes.set(kept);
    bytes.set(older, kept.length);
    this.#bytes = bytes;
  }

  /** Old bytes for a place of `length`; fewer when there are no more, none when chance says so. */
  draw(length: number): Uint8Array {
    if (this.#bytes.length === 0 || !drawChance(this.#random, this.#probability())) {
      return new Uint8Array(0);
    }
    // From the start of what was freed, as a file that is given back and taken again.
    return this.#bytes.slice(0, length);
  }
}
