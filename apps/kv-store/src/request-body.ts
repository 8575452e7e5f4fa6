/**
 * A request's body, up to a limit, from one request and from all together.
 *
 * What the server holds for requests it is still reading is bounded by `maxBufferedBytes`; beyond
 * it a request is refused rather than queued. Cost: a body that came in one piece is not copied.
 */
import type { IncomingMessage } from 'node:http';
import { KvError } from './errors.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxBufferedBytes: number;
}

export class RequestBodies {
  readonly #limits: BodyLimits;
  #bufferedBytes = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** @throws {KvError} `KV_TOO_LARGE`, `KV_OVERLOADED`, or `KV_BAD_REQUEST` for a broken one. */
  read(request: IncomingMessage): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { maxBodyBytes, maxBufferedBytes } = this.#limits;
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > maxBodyBytes) throw tooLarge(maxBodyBytes);
      const chunks: Buffer[] = [];
      let bytes = 0;
      let settled = false;
      const settle = (how: () => void): void => {
        if (settled) return;
        settled = true;
        this.#bufferedBytes -= bytes;
        how();
      };
      request.on('data', (chunk: Buffer) => {
        if (settled) return;
        bytes += chunk.length;
        this.#bufferedBytes += chunk.length;
        if (bytes > maxBodyBytes) settle(() => reject(tooLarge(maxBodyBytes)));
        else if (this.#bufferedBytes > maxBufferedBytes) settle(() => reject(overloaded()));
        else chunks.push(chunk);
      });
      request.on('end', () =>
        settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes))),
      );
      request.on('close', () =>
        settle(() => reject(new KvError('KV_BAD_REQUEST', 'the body is cut off'))),
      );
      request.on('error', (cause) =>
        settle(() => reject(new KvError('KV_BAD_REQUEST', 'the body is broken', { cause }))),
      );
    });
  }
}

function tooLarge(maxBodyBytes: number): KvError {
  return new KvError('KV_TOO_LARGE', `a body has at most ${maxBodyBytes} bytes`);
}

function overloaded(): KvError {
  const text = 'too many bytes are on their way in; try again later';
  return new KvError('KV_OVERLOADED', text, { retryAfterMs: 1_000 });
}
