/** A bar on a terminal, a line every few seconds elsewhere; always on standard error. */
export interface ProgressState {
  /** Of the source's bytes, from 0 to 1. */
  readonly fraction: number;
  readonly records: number;
  readonly retries: number;
}

const WIDTH = 28;
const TERMINAL_EVERY_MS = 100;
const LOG_EVERY_MS = 5_000;

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  readonly #firstRecord: number;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(firstRecord: number, out: NodeJS.WriteStream = process.stderr) {
    this.#firstRecord = firstRecord;
    this.#out = out;
  }

  /** Shows `state`, unless something was shown a moment ago. */
  update(state: ProgressState): void {
    const now = performance.now();
    const everyMs = this.#out.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
    if (now - this.#shownMs < everyMs) return;
    this.#shownMs = now;
    this.#show(state);
  }

  /** Shows the last state, whenever the one before was shown. */
  finish(state: ProgressState): void {
    this.#show(state);
    if (this.#out.isTTY) this.#out.write('\n');
  }

  #show({ fraction, records, retries }: ProgressState): void {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const perSecond = seconds > 0 ? Math.round((records - this.#firstRecord) / seconds) : 0;
    const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
    const retried = retries === 0 ? '' : `, ${retries} retries`;
    const facts = `${percent}  ${records} records, ${perSecond}/s${retried}`;
    if (!this.#out.isTTY) {
      this.#out.write(`${facts}\n`);
      return;
    }
    const filled = Math.round(fraction * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.#out.write(`\r${bar} ${facts}\u001b[K`);
  }
}
