// One line that tells what is going on, on the error stream: rewritten in place on a terminal,
// printed now and then where there is none.

const QUIET_MS = 5_000;

export class Progress {
  #title;
  #startMs = performance.now();
  #shownMs = Number.NEGATIVE_INFINITY;
  #terminal = process.stderr.isTTY === true;

  /** @param {string} title */
  constructor(title) {
    this.#title = title;
    this.#show('');
  }

  /** @param {string | undefined} detail */
  update(detail) {
    if (detail === undefined) return;
    if (this.#terminal || performance.now() - this.#shownMs >= QUIET_MS) this.#show(`: ${detail}`);
  }

  /** @param {boolean} succeeded */
  end(succeeded) {
    const seconds = ((performance.now() - this.#startMs) / 1_000).toFixed(1);
    this.#write(`${succeeded ? '✓' : '✗'} ${this.#title} (${seconds} s)`, '\n');
  }

  #show(detail) {
    this.#shownMs = performance.now();
    this.#write(`… ${this.#title}${detail}`, this.#terminal ? '' : '\n');
  }

  #write(line, end) {
    const columns = process.stderr.columns || 100;
    process.stderr.write(
      this.#terminal ? `\r\x1b[K${line.slice(0, columns - 1)}${end}` : line + end,
    );
  }
}
