/**
 * Who may come in at the door for binary clients: names and secrets, one client a line, from a file
 * that only the nodes can read.
 *
 * Secrets are kept as digests and compared in constant time, each with all of them, so how long an
 * answer takes tells nothing about them. Cost: one digest and one comparison per client and
 * connection.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

const MIN_SECRET_BYTES = 16;
const MAX_CLIENTS = 1_000;

export class ClientTokens {
  readonly #digests = new Map<string, Buffer>();

  /**
   * Reads lines of `NAME SECRET`; empty ones and those that begin with `#` say nothing.
   * @throws {RangeError} naming the line that makes no sense.
   */
  constructor(text: string) {
    for (const [index, line] of text.split('\n').entries()) {
      if (/^\s*(#|$)/.test(line)) continue;
      const [, name, secret] = /^\s*([^\s/]{1,100})\s+(\S+)\s*$/.exec(line) ?? [];
      const where = `line ${index + 1}`;
      if (name === undefined || secret === undefined) {
        throw new RangeError(`${where} is not a name without '/', a space and a secret`);
      }
      if (Buffer.byteLength(name) > 100) throw new RangeError(`${where} has too long a name`);
      if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
        throw new RangeError(`${where} has a secret of less than ${MIN_SECRET_BYTES} bytes`);
      }
      if (this.#digests.has(name)) throw new RangeError(`${where} names '${name}' a second time`);
      this.#digests.set(name, digest(secret));
    }
    const { size } = this.#digests;
    if (size < 1 || size > MAX_CLIENTS) {
      throw new RangeError(`it names 1 to ${MAX_CLIENTS} clients, got ${size}`);
    }
  }

  /** Whose secret this is; `undefined` for nobody's. */
  ownerOf(secret: string): string | undefined {
    const asked = digest(secret);
    let owner: string | undefined;
    for (const [name, known] of this.#digests) if (timingSafeEqual(known, asked)) owner = name;
    return owner;
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
