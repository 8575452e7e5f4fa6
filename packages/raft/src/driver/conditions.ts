/**
 * Waiting for something to become true of the core: asked again after every flush, so that nothing
 * polls and nothing is missed. Cost: nothing while nobody waits.
 */

interface Condition {
  readonly holds: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Conditions {
  readonly #waiting = new Set<Condition>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves once `holds` says so; rejects with what it throws, or when `signal` aborts. */
  wait(holds: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (holds()) return resolve();
      const settle = (settled: () => void): void => {
        this.#waiting.delete(condition);
        signal?.removeEventListener('abort', abort);
        settled();
      };
      const condition: Condition = {
        holds,
        resolve: () => settle(resolve),
        reject: (reason) => settle(() => reject(reason)),
      };
      const abort = (): void => condition.reject(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(condition);
    });
  }

  check(): void {
    for (const { holds, resolve, reject } of this.#waiting) {
      try {
        if (holds()) resolve();
      } catch (error) {
        reject(error);
      }
    }
  }

  rejectAll(reason: unknown): void {
    for (const { reject } of this.#waiting) reject(reason);
  }
}
