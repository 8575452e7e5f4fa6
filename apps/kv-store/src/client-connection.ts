/**
 * One request to one server, over connections that are kept: the client's part below retries.
 *
 * What an error says about the request matters more than its text, so there are two kinds: one that
 * certainly never reached the server, and all others. Cost: one node:http request.
 */
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';

export interface ClientRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long the server may stay silent, where that is not what it is for other requests. */
  readonly silentMs?: number | undefined;
}

export interface ClientResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The server was not reached, or not heard to the end. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Whether the request certainly had no effect. */
  readonly notSent: boolean;

  constructor(message: string, { notSent, cause }: { notSent: boolean; cause: unknown }) {
    super(message, { cause });
    this.notSent = notSent;
  }
}

export interface ConnectionsOptions {
  /** How long a server may stay silent. */
  readonly timeoutMs: number;
  /** Connections to one server. */
  readonly maxSockets: number;
  /** The longest answer taken, in bytes. */
  readonly maxResponseBytes: number;
}

/** Connections to any number of servers. */
export class Connections {
  readonly #agent: Agent;
  readonly #options: ConnectionsOptions;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    // Newest first: under little load few connections stay in use, and the others close.
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: options.maxSockets,
      scheduling: 'lifo',
      timeout: 30_000,
      noDelay: true,
    });
  }

  /**
   * Resolves with whatever the server answered, errors included.
   * @throws {ConnectionError}, or the signal's reason.
   */
  send({ hostname, port }: URL, asked: ClientRequest): Promise<ClientResponse> {
    const { method, path, headers, body, signal } = asked;
    const { timeoutMs: usualMs, maxResponseBytes } = this.#options;
    const silentMs = asked.silentMs ?? usualMs;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const fail = (cause: unknown): void => {
        const notSent = NOT_SENT.has((cause as { code?: string }).code ?? '');
        const text = `no answer from ${hostname}:${port}: ${(cause as Error).message}`;
        reject(signal?.aborted ? signal.reason : new ConnectionError(text, { notSent, cause }));
      };
      const outgoing = request(
        {
          agent: this.#agent,
          hostname: hostname.replace(/^\[|\]$/g, ''),
          port,
          method,
          path,
          headers,
          signal,
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > maxResponseBytes) response.destroy(new Error('the answer is too long'));
            else chunks.push(chunk);
          });
          response.on('error', fail);
          response.on('end', () => {
            const { statusCode = 0, headers } = response;
            const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
            resolve({ status: statusCode, headers, body: whole });
          });
        },
      );
      outgoing.setTimeout(silentMs, () => {
        outgoing.destroy(new Error(`silent for ${silentMs} ms`));
      });
      outgoing.on('error', fail);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
