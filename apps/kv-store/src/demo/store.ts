/**
 * The demo's clients: the app's own client module, with what the demo needs of it. There is no
 * private way in; whatever holds for these clients holds for anybody's.
 */
import { KvClient } from '../client.ts';
import type { SourceRecord } from './data-set.ts';
import type { BatchWriter } from './importer.ts';

/** A node that was killed breaks the connection at once; this is for one that hangs. */
const ATTEMPT_WITHIN_MS = 3_000;
/** How long a user may leave a majority dead before a client reports it (and then goes on). */
const CALL_WITHIN_MS = 60_000;
const PAGE_RECORDS = 1_000;
/** An election takes less than a second, so waiting long between attempts would only hide it. */
const BACKOFF = { initialMs: 10, maxMs: 100 };

export interface Store extends BatchWriter {
  put(key: string, value: string, signal: AbortSignal): Promise<void>;
  /** Linearizable. */
  get(key: string, signal: AbortSignal): Promise<string | undefined>;
  /** Requests that were sent again. */
  readonly retries: number;
  /** Asks these nodes from now on. */
  follow(urls: readonly string[]): void;
  close(): Promise<void>;
}

/** A client with a session of its own, that may ask any of the nodes, `first` before the others. */
export function openStore(urls: readonly string[], first = 0): Store {
  const at = first % urls.length;
  const client = new KvClient({
    endpoints: [...urls.slice(at), ...urls.slice(0, at)],
    attemptTimeoutMs: ATTEMPT_WITHIN_MS,
    timeoutMs: CALL_WITHIN_MS,
    backoff: BACKOFF,
  });
  return {
    get retries() {
      return client.counters.retries;
    },
    async put(key, value, signal) {
      await client.put(key, value, { signal });
    },
    async get(key, signal) {
      const found = await client.get(key, { signal });
      return found?.value.toString('utf8');
    },
    async batch(records, signal) {
      const operations = records.map(({ key, value }) => ({
        type: 'put' as const,
        key: Buffer.from(key),
        value: Buffer.from(value),
      }));
      await client.batch(operations, { signal });
    },
    follow: (nodes) => client.useEndpoints(nodes),
    close: () => client.close(),
  };
}

/** All records under `prefix` as one node holds them, without asking the others. */
export async function* scanNode(
  url: string,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<SourceRecord, void, undefined> {
  await using client = new KvClient({ endpoints: [url], timeoutMs: CALL_WITHIN_MS });
  const options = { prefix, consistency: 'stale', pageSize: PAGE_RECORDS, signal } as const;
  for await (const { key, value } of client.scan(options)) {
    yield { key: text(key), value: text(value) };
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
