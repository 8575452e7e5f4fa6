/** Writes until it is killed, with a worker that merges; run by kill-trial.ts. */
import { writeUntilKilled } from '@ds/sim/kill-loop';
import { nodeFileSystem } from '@ds/storage/node';
import { openLsmStore } from '../../src/index.ts';
import { workerCompactor } from '../../src/node.ts';
import { TINY } from '../tiny.ts';

const compactor = workerCompactor({ program: new URL('compaction-worker.mjs', import.meta.url) });
await writeUntilKilled((directory) =>
  openLsmStore({ ...TINY, directory, fileSystem: nodeFileSystem(), compactor }),
);
