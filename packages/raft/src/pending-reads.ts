/**
 * Reads whose callers wait. All that arrive before one flush are one read to the core: they share
 * an id, a round and an answer.
 */
import type { RaftError } from './errors.ts';

interface Waiter {
  resolve(index: number): void;
  reject(reason: unknown): void;
}

export class PendingReads {
  #gathered = new Set<Waiter>();
  readonly #asked = new Map<number, Set<Waiter>>();
  #id = 0;
  #size = 0;

  get size(): number {
    return this.#size;
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
  takeGathered(): number {
    this.#id += 1;
    this.#asked.set(this.#id, this.#gathered);
    this.#gathered = new Set();
    return this.#id;
  }

  resolve(id: number, index: number): void {
    const waiters = this.#asked.get(id);
    if (waiters === undefined) return;
    this.#asked.delete(id);
    this.#size -= waiters.size;
    for (const waiter of waiters) waiter.resolve(index);
  }

  rejectAll(reason: RaftError): void {
    for (const waiters of [this.#gathered, ...this.#asked.values()]) {
      for (const waiter of waiters) waiter.reject(reason);
    }
    this.#gathered = new Set();
    this.#asked.clear();
    this.#size = 0;
  }
}
