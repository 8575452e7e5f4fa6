/**
 * What happened, as a hash and, on demand, as a list.
 *
 * The hash runs over every event in order: two runs of one seed are the same run exactly when their
 * hashes are equal (up to chance, 2^-64 per pair). It is two independent 32-bit lanes of a
 * multiply-and-rotate hash (after MurmurHash3, Austin Appleby, 2011), which JavaScript computes
 * without bigints. Cost: a few integer operations per event, and a walk over the beginning of a
 * message.
 */

/** One entry of a trace; it is plain data as long as what was recorded is. */
export interface TraceEvent {
  readonly atMs: number;
  readonly node: string | undefined;
  readonly kind: string;
  readonly data?: unknown;
}

// How much of a message goes into the hash: enough to notice a difference early, cheap for bulk.
const MAX_VALUES = 256;
const MAX_CHARACTERS = 64;

export class Trace {
  readonly #events: TraceEvent[] | undefined;
  readonly #maxEvents: number;
  readonly #words = new Int32Array(2);
  readonly #double = new Float64Array(this.#words.buffer);
  readonly #kinds = new Map<string, number>();
  #a = 0x2545f491;
  #b = 0x6c078965;
  #values = 0;

  constructor(keep: boolean, maxEvents: number) {
    this.#events = keep ? [] : undefined;
    this.#maxEvents = maxEvents;
  }

  /** Whether a list is kept: callers build `data` for it only then. */
  get keeps(): boolean {
    return this.#events !== undefined;
  }

  get events(): readonly TraceEvent[] {
    return this.#events ?? [];
  }

  get hash(): string {
    return hex(this.#a ^ (this.#b >>> 15)) + hex(this.#b ^ (this.#a >>> 13));
  }

  /** Takes an event into the hash: when, where (a node's index, -1 for the world) and what. */
  add(atMs: number, index: number, kind: string): void {
    let code = this.#kinds.get(kind);
    if (code === undefined) {
      code = textHash(kind);
      this.#kinds.set(kind, code);
    }
    this.#double[0] = atMs;
    this.#mix(this.#words[0]!);
    this.#mix(this.#words[1]! ^ code);
    this.#mix(index);
  }

  /** Takes any value into the hash; of a large one the beginning. */
  addValue(value: unknown): void {
    this.#values = 0;
    this.#addValue(value, 0);
  }

  /** Puts an event on the list, if there is one. The oldest half goes when the list is full. */
  keep(event: TraceEvent): void {
    const events = this.#events;
    if (events === undefined) return;
    if (events.length >= this.#maxEvents) events.splice(0, events.length >> 1);
    events.push(event);
  }

  #mix(word: number): void {
    let a = Math.imul(this.#a ^ word, 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    this.#a = (Math.imul(a, 5) + 0x6c6e3d5b) | 0;
    const b = Math.imul(this.#b + word, 0xc2b2ae35);
    this.#b = ((b << 17) | (b >>> 15)) ^ (b >>> 7);
  }

  #addValue(value: unknown, depth: number): void {
    this.#values += 1;
    if (typeof value === 'object') this.#addObject(value, depth);
    else if (typeof value === 'number') {
      this.#double[0] = value;
      this.#mix(this.#words[0]!);
      this.#mix(this.#words[1]!);
    } else this.#mix(textHash(typeof value === 'string' ? value : `${typeof value} ${value}`));
  }

  #addObject(value: object | null, depth: number): void {
    if (value === null || depth > 8) this.#mix(7);
    else if (value instanceof Uint8Array) {
      this.#mix(value.length);
      const step = 1 + (value.length >> 6);
      for (let i = 0; i < value.length; i += step) this.#mix(value[i]!);
    } else if (Array.isArray(value)) {
      this.#mix(value.length);
      for (let i = 0; i < value.length && this.#values < MAX_VALUES; i += 1) {
        this.#addValue(value[i], depth + 1);
      }
    } else {
      for (const key in value) {
        if (this.#values >= MAX_VALUES) break;
        this.#mix(textHash(key));
        this.#addValue((value as Record<string, unknown>)[key], depth + 1);
      }
    }
  }
}

function textHash(text: string): number {
  const length = Math.min(text.length, MAX_CHARACTERS);
  let h = 0x811c9dc5 ^ text.length;
  for (let i = 0; i < length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
