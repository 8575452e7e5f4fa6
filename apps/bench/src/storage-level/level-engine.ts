/** A Level database as an engine of the workloads: only calls that every one of them has. */
import type { OpenEngine } from '../storage-lsm/workload.ts';

/** What of `abstract-level` is used. */
export interface LevelDatabase {
  open(): Promise<void>;
  put(key: Uint8Array, value: Uint8Array, options: { sync: boolean }): Promise<void>;
  getSync(key: Uint8Array): Uint8Array | undefined;
  iterator(): {
    nextv(count: number): Promise<(readonly [Uint8Array, Uint8Array])[]>;
    close(): Promise<void>;
  };
  close(): Promise<void>;
}

const PORTION = 1000;

export type LevelPut = { readonly type: 'put'; key: Uint8Array; value: Uint8Array };

export async function levelEngine(
  database: LevelDatabase,
  batch: (operations: LevelPut[]) => Promise<void>,
): Promise<OpenEngine> {
  await database.open();
  const scan = async (): Promise<number> => {
    const iterator = database.iterator();
    let bytes = 0;
    for (;;) {
      const entries = await iterator.nextv(PORTION);
      if (entries.length === 0) break;
      for (const [key, value] of entries) bytes += key.length + value.length;
    }
    await iterator.close();
    return bytes;
  };
  return {
    load: (puts) => batch(puts.map(({ key, value }) => ({ type: 'put', key, value }))),
    putDurable: (key, value) => database.put(key, value, { sync: true }),
    get: (key) => database.getSync(key),
    scanCopies: scan,
    scanViews: scan,
    close: () => database.close(),
  };
}
