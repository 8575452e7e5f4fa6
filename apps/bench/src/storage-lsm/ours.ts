/** `@ds/storage-lsm` as it is, on the machine's files. */
import { nodeFileSystem } from '@ds/storage/node';
import { openLsmStore } from '@ds/storage-lsm';
import { deflateCodec, workerCompactor } from '@ds/storage-lsm/node';
import { ownVersion } from '../contender.ts';
import { type EngineOptions, type OpenEngine, runEngine } from './workload.ts';

await runEngine({
  name: '@ds/storage-lsm',
  version: ownVersion('@ds/storage-lsm'),
  configuration: 'defaults, merging in a worker thread; compressed: deflate',
  open: openOurs,
  compresses: false,
});

async function openOurs(
  directory: string,
  { compressed = false }: EngineOptions = {},
): Promise<OpenEngine> {
  const store = await openLsmStore({
    directory,
    fileSystem: nodeFileSystem(),
    compactor: workerCompactor(),
    ...(compressed && { compression: deflateCodec() }),
  });
  const scan = async (views: boolean): Promise<number> => {
    let bytes = 0;
    for (const { key, value } of store.range({ views })) bytes += key.length + value.length;
    return bytes;
  };
  return {
    load: (batch) => store.write(batch.map(({ key, value }) => ({ type: 'put', key, value }))),
    putDurable: (key, value) => store.write([{ type: 'put', key, value }], { durable: true }),
    get: (key) => store.get(key),
    scanCopies: () => scan(false),
    scanViews: () => scan(true),
    close: () => store.close(),
  };
}
