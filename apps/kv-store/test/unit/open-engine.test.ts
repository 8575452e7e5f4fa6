import { MemoryFileSystem } from '@ds/storage/memory';
import { expect, it } from 'vitest';
import { type EngineName, openEngine } from '../../src/open-engine.ts';

it.each<[EngineName, EngineName]>([
  ['lsm', 'btree'],
  ['btree', 'lsm'],
])("a directory made by '%s' is not opened by '%s', and not harmed", async (own, other) => {
  const place = { fileSystem: new MemoryFileSystem(), directory: 'd' };
  const key = Uint8Array.of(1);
  const store = await openEngine(place, { engine: own });
  await store.write([{ type: 'put', key, value: key }]);
  await store.close();
  const names = place.fileSystem.list('d');
  await expect(async () => openEngine(place, { engine: other })).rejects.toMatchObject({
    code: 'STORAGE_FORMAT',
  });
  expect(place.fileSystem.list('d')).toEqual(names);
  await using again = await openEngine(place, { engine: own });
  expect(again.get(key)).toEqual(key);
});
