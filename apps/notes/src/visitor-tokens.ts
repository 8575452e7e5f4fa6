/**
 * Tokens for visitors: whoever can load the page may write the note, and gets an identity to do it
 * under. A token is the identity and an HMAC of it, so that the server keeps no list.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SECRET_BYTES = 32;

export interface Visit {
  readonly identity: string;
  readonly token: string;
}

export class VisitorTokens {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** With the secret kept in `directory`, so that pages that stay open outlive the server. */
  static open(directory: string): VisitorTokens {
    const path = join(directory, 'token.key');
    if (!existsSync(path)) writeFileSync(path, randomBytes(SECRET_BYTES), { mode: 0o600 });
    return new VisitorTokens(readFileSync(path));
  }

  issue(): Visit {
    const identity = `visitor-${randomBytes(6).toString('hex')}`;
    return { identity, token: `${identity}.${this.#sign(identity)}` };
  }

  /** Whose token this is; undefined for nobody's. */
  identityOf(token: string): string | undefined {
    const [identity = '', signature = '', ...rest] = token.split('.');
    const claimed = Buffer.from(signature);
    const expected = Buffer.from(this.#sign(identity));
    const fits = claimed.length === expected.length && timingSafeEqual(claimed, expected);
    return fits && rest.length === 0 ? identity : undefined;
  }

  #sign(identity: string): string {
    return createHmac('sha256', this.#secret).update(identity).digest('base64url');
  }
}
