/** `@ds/storage-level` on the B+tree. */
import { nodeFileSystem } from '@ds/storage/node';
import { openBtreeStore } from '@ds/storage-btree';
import { StoreLevel } from '@ds/storage-level';
import { ownVersion } from '../contender.ts';
import { runEngine } from '../storage-lsm/workload.ts';
import { levelEngine } from './level-engine.ts';

await runEngine({
  name: '@ds/storage-level on the B+tree',
  version: ownVersion('@ds/storage-level'),
  configuration: 'defaults, encoding view',
  open: (directory) => {
    const open = () => openBtreeStore({ directory, fileSystem: nodeFileSystem() });
    const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
    const database = new StoreLevel<Uint8Array, Uint8Array>(open, encodings);
    return levelEngine(database, (operations) => database.batch(operations));
  },
});
