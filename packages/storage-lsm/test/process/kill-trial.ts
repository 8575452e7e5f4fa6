/** What `killLoop` needs to know of this engine, with its programs built. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KillLoopOptions } from '@ds/sim/kill-loop';
import { nodeFileSystem } from '@ds/storage/node';
import { build } from 'tsup';
// @boundaries-ignore how tests build programs is decided once, at the root
import program from '../../../../tsup.program.ts';
import { type LsmStore, openLsmStore } from '../../src/index.ts';
import { TINY } from '../tiny.ts';

export type KillTrial = Pick<KillLoopOptions<LsmStore>, 'program' | 'folder' | 'open' | 'verify'>;

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export async function killTrial(folder: string): Promise<KillTrial> {
  const worker = source('../../src/compaction-worker.ts');
  await build(program({ writer: source('writer.ts'), 'compaction-worker': worker }, folder));
  return {
    program: join(folder, 'writer.mjs'),
    folder,
    open: (directory) => openLsmStore({ ...TINY, directory, fileSystem: nodeFileSystem() }),
    verify: (store) => store.verify(),
  };
}
