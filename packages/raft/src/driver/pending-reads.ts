/**
 * Reads whose callers wait. All that arrive before one flush are one read to the core: they share
 * an id, a round and an answer.
 */
import type { RaftError } from '../errors.ts';

interface Waiter {
  resolve(index: number): void;
  reject(reason: unknown): void;
}

export class PendingReads {
  #gathered = new Set<Waiter>();
  readonly #asked = new Map<number, { readonly waiters: Set<Waiter>; readonly askedMs: number }>();
  #confirmedMs = Number.NEGATIVE_INFINITY;
  #id = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The machine shows at least what was newest at this time, by the clock of `takeGathered`. */
  get confirmedMs(): number {
    return this.#confirmedMs;
  }

  get hasGathered(): boolean {
    return this.#gathered.size > 0;
  }

  add({ resolve, reject }: Waiter, signal: AbortSignal | undefined): void {
    const group = this.#gathered;
    this.#size += 1;
    if (signal === undefined) {
      group.add({ resolve, reject });
      return;
    }
    const abort = (): void => {
      group.delete(waiter);
      this.#size -= 1;
      reject(signal.reason);
    };
    const waiter: Waiter = {
      resolve: (index) => {
        signal.removeEventListener('abort', abort);
        resolve(index);
      },
      reject: (reason) => {
        signal.removeEventListener('abort', abort);
        reject(reason);
      },
    };
    signal.addEventListener('abort', abort, { once: true });
    group.add(waiter);
  }

  /** The id under which those gathered so far will be answered. */
  takeGathered(nowMs: number): number {
    this.#id += 1;
    this.#asked.set(this.#id, { waiters: this.#gathered, askedMs: nowMs });
    this.#gathered = new Set();
    return this.#id;
  }

  resolve(id: number, index: number): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    const { waiters, askedMs } = asked;
    this.#confirmedMs = Math.max(this.#confirmedMs, askedMs);
    this.#asked.delete(id);
    this.#size -= waiters.size;
    for (const waiter of waiters) waiter.resolve(index);
  }

  rejectAll(reason: RaftError): void {
    const asked = [...this.#asked.values()].map(({ waiters }) => waiters);
    for (const waiters of [this.#gathered, ...asked]) {
      for (const waiter of waiters) waiter.reject(reason);
    }
    this.#gathered = new Set();
    this.#asked.clear();
    this.#size = 0;
  }
}
