/**
 * One line at the bottom of a terminal that is redrawn in place, below lines that stay. Where the
 * output is not a terminal it becomes a plain line at every tenth.
 */
import pc from 'picocolors';

const BAR_WIDTH = 32;

export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  #shown = '';
  #tenth = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Draws `done` of `total`; `detail` follows the bar. */
  update(label: string, done: number, total: number, detail: string): void {
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const count = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
    if (!this.#out.isTTY) {
      const tenth = Math.floor(share * 10);
      if (tenth > this.#tenth) this.line(`         ${label} ${count}, ${detail}`);
      this.#tenth = tenth;
      return;
    }
    const full = Math.round(share * BAR_WIDTH);
    const bar = pc.cyan('━'.repeat(full)) + pc.dim('━'.repeat(BAR_WIDTH - full));
    const plain = `  ${label} ${'━'.repeat(BAR_WIDTH)} ${count}  ${detail}`;
    const tail = plain.length < (this.#out.columns ?? 80) ? `  ${pc.dim(detail)}` : '';
    this.#draw(`  ${label} ${bar} ${count}${tail}`);
  }

  /** Prints a line that stays, above the bar. */
  line(text: string): void {
    if (!this.#out.isTTY) {
      this.#out.write(`${text}\n`);
      return;
    }
    this.#out.write(`\r\x1b[2K${text}\n${this.#shown}`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#out.isTTY && this.#shown !== '') this.#out.write('\r\x1b[2K');
    this.#shown = '';
    this.#tenth = 0;
  }

  #draw(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    this.#out.write(`\r\x1b[2K${text}`);
  }
}
