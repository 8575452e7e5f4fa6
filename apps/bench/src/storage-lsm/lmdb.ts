/** LMDB through lmdb-js: transactions of its own making, durable ones awaited by `flushed`. */
import { peer, peerVersion } from '../contender.ts';
import type { Put } from './records.ts';
import { type OpenEngine, runEngine } from './workload.ts';

interface Database {
  readonly flushed: Promise<void>;
  put(key: Buffer, value: Buffer): Promise<boolean>;
  getBinary(key: Buffer): Uint8Array | undefined;
  getRange(options?: object): Iterable<{ key: Uint8Array; value: Uint8Array }>;
  transactionSync(run: () => void): void;
  close(): Promise<void>;
}

const lmdb = await peer<{ open(options: object): Database }>('lmdb');

await runEngine({
  name: 'lmdb',
  version: peerVersion('lmdb'),
  configuration: 'defaults, binary keys and values, loads in synchronous transactions',
  open,
  // It maps its file, so whatever the system has in memory is cached.
  caches: true,
});

async function open(directory: string): Promise<OpenEngine> {
  const database = lmdb.open({ path: directory, keyEncoding: 'binary', encoding: 'binary' });
  const scan = async (): Promise<number> => {
    let bytes = 0;
    for (const { key, value } of database.getRange()) bytes += key.length + value.length;
    return bytes;
  };
  return {
    load: async (batch: readonly Put[]) =>
      database.transactionSync(() => {
        for (const { key, value } of batch) void database.put(key, value);
      }),
    putDurable: async (key, value) => {
      await database.put(key, value);
      await database.flushed;
    },
    get: (key) => database.getBinary(key),
    scanCopies: scan,
    scanViews: scan,
    close: () => database.close(),
  };
}
