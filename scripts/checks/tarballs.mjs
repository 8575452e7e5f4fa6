// The tarballs of all public packages as they would be published, packed once and shared by checks.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm } from '../setup/pnpm.mjs';
import { ROOT, SCRATCH } from '../setup/workspace.mjs';

/** @type {Promise<Map<string, string>> | undefined} */
let packed;

/** @returns {Promise<Map<string, string>>} from a package's name to its tarball's path */
export function tarballs() {
  packed ??= pack();
  return packed;
}

async function pack() {
  const folder = join(SCRATCH, 'tarballs');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const args = ['--filter', './packages/*', '--recursive', 'pack', '--json'];
  const { code, output, stdout } = await pnpm([...args, '--pack-destination', folder], {
    cwd: ROOT,
  });
  if (code !== 0) throw new Error(`the packages could not be packed\n${output}`);
  // One package yields an object, several an array.
  const list = [JSON.parse(stdout)].flat();
  return new Map(list.map(({ name, filename }) => [name, filename]));
}
