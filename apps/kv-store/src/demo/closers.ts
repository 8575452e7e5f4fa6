/**
 * What has to be given back at the end, in reverse order.
 *
 * Invariant: everything added is closed once, also what is added after the end has begun: an
 * interrupt may come while something is still being opened.
 */
type Close = () => Promise<void> | void;

export class Closers {
  readonly #closes: Close[] = [];
  #ended = false;

  /** Resolves at once, or, after the end, when `close` is done. */
  async add(close: Close): Promise<void> {
    if (this.#ended) await close();
    else this.#closes.push(close);
  }

  async close(): Promise<void> {
    this.#ended = true;
    for (let close = this.#closes.pop(); close !== undefined; close = this.#closes.pop()) {
      await close();
    }
  }
}
