/**
 * Which nodes there are, in a file: a demo that goes on with what an earlier run left has to start
 * the nodes that were members at its end. Names are never used twice, since a node that comes back
 * empty under an old name could vote twice.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DemoError } from './demo-error.ts';

export interface Roll {
  readonly ids: readonly string[];
  /** The number of the next node. */
  readonly next: number;
}

/** The roll in `directory`; where there is none, `size` new nodes. */
export function readRoll(directory: string, size: number): Roll & { readonly isNew: boolean } {
  const path = rollPath(directory);
  if (!existsSync(path)) {
    const ids = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    return { ids, next: size + 1, isNew: true };
  }
  const { ids, next } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Roll>;
  if (!Array.isArray(ids) || ids.length === 0 || typeof next !== 'number') {
    throw new DemoError(`${path} is not a list of nodes: choose another --data DIR.`);
  }
  return { ids, next, isNew: false };
}

export function writeRoll(directory: string, { ids, next }: Roll): void {
  const path = rollPath(directory);
  writeFileSync(`${path}.part`, `${JSON.stringify({ ids, next })}\n`);
  renameSync(`${path}.part`, path);
}

function rollPath(directory: string): string {
  return join(directory, 'nodes.json');
}
