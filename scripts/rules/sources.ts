/** The TypeScript and JavaScript files of this repository, and how a rule reports a fault in one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A file, by its path from the root with forward slashes. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** Reads as `packages/raft/src/log.ts:12: what is wrong`. */
export type Fault = string;

const SOURCE = /\.(ts|tsx|mts|mjs|js)$/;
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', 'golden']);

/** All source files under `folder`, in the order of their paths. */
export function sourcesUnder(root: string, folder: string): Source[] {
  return walk(join(root, folder))
    .filter((path) => SOURCE.test(path))
    .sort()
    .map((path) => ({
      file: relative(root, path).split(sep).join('/'),
      text: readFileSync(path, 'utf8'),
    }));
}

/** The folders under `folder`, also the empty ones, by their paths from the root. */
export function foldersUnder(root: string, folder: string): string[] {
  return subfolders(join(root, folder)).flatMap((path) => {
    const name = relative(root, path).split(sep).join('/');
    return [name, ...foldersUnder(root, name)];
  });
}

export function fault(source: Source, position: number, message: string): Fault {
  return `${source.file}:${source.text.slice(0, position).split('\n').length}: ${message}`;
}

function walk(path: string): string[] {
  const files = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(path, entry.name));
  return [...files, ...subfolders(path).flatMap(walk)];
}

function subfolders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .filter((entry) => !NOT_OURS.has(entry.name) && !entry.name.startsWith('.'))
    .map((entry) => join(path, entry.name));
}
