// The packages and apps of this repository, found by reading their manifests: no list to maintain.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');

/** Where logs and other passing files go; ignored by git. */
export const SCRATCH = join(ROOT, '.ds');

/**
 * @typedef {object} Member
 * @property {'packages' | 'apps'} kind
 * @property {string} name the folder's name
 * @property {string} dir
 * @property {Record<string, any>} manifest
 */

/**
 * @param {'packages' | 'apps'} kind
 * @returns {Member[]} in the order of their names
 */
export function members(kind, root = ROOT) {
  const parent = join(root, kind);
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .sort()
    .map((name) => ({ kind, name, dir: join(parent, name) }))
    .filter(({ dir }) => existsSync(join(dir, 'package.json')))
    .map((member) => ({ ...member, manifest: readJson(join(member.dir, 'package.json')) }));
}

/** The packages that are published. */
export function publicPackages(root = ROOT) {
  return members('packages', root).filter(({ manifest }) => !manifest.private);
}

/** @param {string} file */
export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The file of a tool that the root depends on, to be run by Node itself. */
export function tool(packageName, file) {
  return join(ROOT, 'node_modules', packageName, file);
}
