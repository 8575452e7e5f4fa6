// Installs the dependencies with the pnpm that package.json pins, only when a manifest has changed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm } from './pnpm.mjs';
import { Progress } from './progress.mjs';
import { explain, INSTALL_CAUSES } from './stop.mjs';
import { members, ROOT } from './workspace.mjs';

const FLAGS = [
  '--frozen-lockfile',
  '--reporter=append-only',
  // What came from another store, as that of another user, is replaced without a question.
  '--config.confirm-modules-purge=false',
];

/**
 * Installs a folder's dependencies as its lockfile says, unless they are there already.
 * @param {{ dir?: string, manifests?: string[], args?: string[] }} [options]
 */
export async function install({ dir = ROOT, manifests = workspaceManifests(), args = [] } = {}) {
  const stampFile = join(dir, 'node_modules', '.ds-installed');
  const stamp = fingerprint([...manifests, join(dir, 'pnpm-lock.yaml')]);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;

  const progress = new Progress('installing the dependencies');
  const { code, output } = await pnpm(['install', ...FLAGS, ...args], {
    cwd: dir,
    onText: (text) => progress.update(lastProgress(text)),
  });
  progress.end(code === 0);
  if (code !== 0)
    throw explain('installing the dependencies', output, 'install.log', INSTALL_CAUSES);
  writeFileSync(stampFile, stamp);
}

function workspaceManifests() {
  const all = [...members('packages'), ...members('apps')].map(({ dir }) => dir);
  const files = [ROOT, ...all].map((dir) => join(dir, 'package.json'));
  return [...files, join(ROOT, 'pnpm-workspace.yaml')];
}

/** What is installed depends on these files and on this Node; paths count, modes and times do not. */
function fingerprint(files) {
  const hash = createHash('sha256').update(`${process.version} ${process.arch}`);
  for (const file of files) hash.update(`\n${file}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

/** pnpm reports `Progress: resolved 283, reused 280, downloaded 3, added 12` now and then. */
function lastProgress(text) {
  return text
    .match(/Progress: (.*)/g)
    ?.at(-1)
    ?.slice('Progress: '.length);
}
