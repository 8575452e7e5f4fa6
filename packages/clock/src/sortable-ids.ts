/**
 * Unique ids that sort by the time at which they were made: UUIDs of version 7.
 *
 * The time and the count come from a hybrid logical clock, so ids of one source strictly increase,
 * also when the wall clock stands still or steps back; and where nodes hand each other's timestamps
 * to that clock, an id made after another was heard of is greater. The 58 bits after them are drawn
 * once for each source: sources that are wrong about the time, or share it, still differ.
 *
 * Invariants: no source makes an id twice; ids of one source ascend, as strings and as bytes. Two
 * sources collide only if they drew the same bits: with n sources of one moment, one chance in
 * 2^59 / n^2. Ids are not secret: whoever has seen one can guess others. Cost: O(1).
 *
 * Source: RFC 9562, sections 5.7 and 6.2 (method 1, a counter of 16 bits).
 */
import { ClockError } from './errors.ts';
import { HybridLogicalClock } from './hybrid-logical-clock.ts';
import type { HybridTimestamp } from './hybrid-timestamp.ts';

export interface SortableIdsOptions {
  /** Share it with all else that takes timestamps in this process. @default one of its own */
  readonly clock?: Pick<HybridLogicalClock, 'now'>;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
}

const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-7([0-9a-f]{3})-([89ab][0-9a-f]{3})-[0-9a-f]{12}$/;

export class SortableIds {
  readonly #clock: Pick<HybridLogicalClock, 'now'>;
  // The last 58 bits: 10 behind the count, and 48.
  readonly #low: number;
  readonly #tail: string;
  #wallMs = -1;
  #prefix = '';

  constructor({ clock = new HybridLogicalClock(), random = Math.random }: SortableIdsOptions = {}) {
    this.#clock = clock;
    const bits = (count: number): number => Math.floor(random() * 2 ** count);
    this.#low = bits(10);
    this.#tail = `-${hex(bits(24), 6)}${hex(bits(24), 6)}`;
  }

  /**
   * The next id, of 36 characters.
   * @throws {ClockError} what the clock's `now` throws
   */
  next(): string {
    const { wallMs, logical } = this.#clock.now();
    if (wallMs !== this.#wallMs) {
      const digits = hex(wallMs, 12);
      this.#prefix = `${digits.slice(0, 8)}-${digits.slice(8)}-`;
      this.#wallMs = wallMs;
    }
    const high = (0x7000 | (logical >>> 4)).toString(16);
    const low = (0x8000 | ((logical & 0xf) << 10) | this.#low).toString(16);
    return `${this.#prefix}${high}-${low}${this.#tail}`;
  }
}

/**
 * When an id was made: hand it to `receive` or `update` of a clock, and later ids are greater.
 * @throws {ClockError} `CLOCK_MALFORMED` for what is no id in small letters.
 */
export function timestampOfId(id: string): HybridTimestamp {
  const parts = UUID.exec(id);
  if (parts === null) {
    throw new ClockError('CLOCK_MALFORMED', `${JSON.stringify(id.slice(0, 60))} is no such id`);
  }
  const [, high = '', low = '', count = '', rest = ''] = parts;
  const logical = Number.parseInt(count, 16) * 16 + ((Number.parseInt(rest, 16) >> 10) & 0xf);
  return { wallMs: Number.parseInt(high + low, 16), logical };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
