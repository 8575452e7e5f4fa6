/** `@ds/storage-level` on the LSM tree. */
import { nodeFileSystem } from '@ds/storage/node';
import { StoreLevel } from '@ds/storage-level';
import { openLsmStore } from '@ds/storage-lsm';
import { ownVersion } from '../contender.ts';
import { runEngine } from '../storage-lsm/workload.ts';
import { levelEngine } from './level-engine.ts';

await runEngine({
  name: '@ds/storage-level on the LSM tree',
  version: ownVersion('@ds/storage-level'),
  configuration: 'defaults, encoding view',
  open: (directory) => {
    const open = () => openLsmStore({ directory, fileSystem: nodeFileSystem() });
    const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
    const database = new StoreLevel<Uint8Array, Uint8Array>(open, encodings);
    return levelEngine(database, (operations) => database.batch(operations));
  },
});
