/** What `killLoop` needs to know of this engine, with its programs built. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KillLoopOptions } from '@ds/sim/kill-loop';
import { nodeFileSystem } from '@ds/storage/node';
import { build } from 'tsup';
// @boundaries-ignore how tests build programs is decided once, at the root
import program from '../../../../tsup.program.ts';
import { type BtreeStore, openBtreeStore } from '../../src/index.ts';
import { TINY } from '../tiny.ts';

export type KillTrial = Pick<KillLoopOptions<BtreeStore>, 'program' | 'folder' | 'open' | 'verify'>;

export async function killTrial(folder: string): Promise<KillTrial> {
  const writer = fileURLToPath(new URL('writer.ts', import.meta.url));
  await build(program({ writer }, folder));
  return {
    program: join(folder, 'writer.mjs'),
    folder,
    open: (directory) => openBtreeStore({ ...TINY, directory, fileSystem: nodeFileSystem() }),
    verify: (store) => store.verify(),
  };
}
