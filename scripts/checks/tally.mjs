// Everything that ran, counted: what passed, what failed and why, what was skipped and why.

export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;

  /** @param {number} [count] */
  pass(count = 1) {
    this.passed += count;
  }

  /**
   * Prints at once, so that a long run need not end before it can be mended.
   * @param {string} what
   * @param {string} [detail]
   */
  fail(what, detail = '') {
    this.failed += 1;
    console.log(`✗ ${what}`);
    if (detail.trim()) console.log(indent(detail.trim()));
  }

  /**
   * What cannot be checked here is told, never passed over. Where `CI=true` nothing may be missing.
   * @param {string} what
   * @param {string} reason
   */
  skip(what, reason) {
    if (process.env.CI === 'true') {
      this.fail(what, `${reason}, and with CI=true nothing may be skipped`);
      return;
    }
    this.skipped += 1;
    console.log(`- ${what} skipped: ${reason}`);
  }

  /** @param {Tally} part */
  add(part) {
    this.passed += part.passed;
    this.failed += part.failed;
    this.skipped += part.skipped;
  }

  get succeeded() {
    return this.failed === 0 && this.passed > 0;
  }

  toString() {
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }
}

function indent(text) {
  return text.replace(/^/gm, '    ');
}
