/** Writes until it is killed; run by kill-trial.ts. */
import { writeUntilKilled } from '@ds/sim/kill-loop';
import { nodeFileSystem } from '@ds/storage/node';
import { openBtreeStore } from '../../src/index.ts';
import { TINY } from '../tiny.ts';

await writeUntilKilled((directory) =>
  openBtreeStore({ ...TINY, directory, fileSystem: nodeFileSystem() }),
);
