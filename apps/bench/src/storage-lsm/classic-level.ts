/** LevelDB through classic-level, in its fastest encodings. */
import { peer, peerVersion } from '../contender.ts';
import type { Put } from './records.ts';
import { type OpenEngine, runEngine } from './workload.ts';

interface Iterator {
  nextv(size: number): Promise<[Uint8Array, Uint8Array][]>;
  close(): Promise<void>;
}

interface Level {
  open(): Promise<void>;
  batch(operations: readonly object[], options?: { sync: boolean }): Promise<void>;
  put(key: Buffer, value: Buffer, options: { sync: boolean }): Promise<void>;
  getSync(key: Buffer): Uint8Array | undefined;
  iterator(): Iterator;
  close(): Promise<void>;
}

const { ClassicLevel } = await peer<{
  ClassicLevel: new (directory: string, options: object) => Level;
}>('classic-level');

await runEngine({
  name: 'classic-level',
  version: peerVersion('classic-level'),
  configuration: 'defaults (snappy), encoding "view", getSync, nextv of 1000',
  open,
  compresses: true,
});

async function open(directory: string): Promise<OpenEngine> {
  const level = new ClassicLevel(directory, { keyEncoding: 'view', valueEncoding: 'view' });
  await level.open();
  const scan = async (): Promise<number> => {
    const iterator = level.iterator();
    let bytes = 0;
    for (;;) {
      const entries = await iterator.nextv(1000);
      if (entries.length === 0) break;
      for (const [key, value] of entries) bytes += key.length + value.length;
    }
    await iterator.close();
    return bytes;
  };
  return {
    load: (batch: readonly Put[]) =>
      level.batch(batch.map(({ key, value }) => ({ type: 'put', key, value }))),
    putDurable: (key, value) => level.put(key, value, { sync: true }),
    get: (key) => level.getSync(key),
    scanCopies: scan,
    scanViews: scan,
    close: () => level.close(),
  };
}
