/** `@ds/storage-btree` as it is, on the machine's files. */
import { nodeFileSystem } from '@ds/storage/node';
import { openBtreeStore } from '@ds/storage-btree';
import { ownVersion } from '../contender.ts';
import { type EngineOptions, type OpenEngine, runEngine } from '../storage-lsm/workload.ts';

await runEngine({
  name: '@ds/storage-btree',
  version: ownVersion('@ds/storage-btree'),
  configuration: 'defaults; cached: a cache of 2 GiB',
  open,
  caches: true,
});

async function open(
  directory: string,
  { cached = false }: EngineOptions = {},
): Promise<OpenEngine> {
  const store = await openBtreeStore({
    directory,
    fileSystem: nodeFileSystem(),
    ...(cached && { cacheBytes: 2 * 1024 * 1024 * 1024 }),
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
