// `npm run bench -- PACKAGE [--rounds N] [--syncs] [--json]`: measures a package against its peers.
//
// The peers are installed here and only here, into apps/bench/peers/node_modules: neither the demo
// nor the tests ever download them.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../setup/build.mjs';
import { handOver } from '../setup/child.mjs';
import { install } from '../setup/install.mjs';
import { Stop } from '../setup/stop.mjs';
import { ROOT, readJson } from '../setup/workspace.mjs';

const BENCH = join(ROOT, 'apps/bench');

/** @param {string[]} args */
export async function run([name, ...args]) {
  const known = readdirSync(join(BENCH, 'src')).filter((folder) =>
    existsSync(join(BENCH, 'src', folder, 'index.ts')),
  );
  if (!known.includes(name)) {
    const usage = 'usage: npm run bench -- PACKAGE [--rounds N] [--syncs] [--json]';
    throw new Stop(`${usage}\nPackages with a bench: ${known.sort().join(', ')}.`);
  }
  const peers = join(BENCH, 'peers');
  if (Object.keys(readJson(join(peers, 'package.json')).dependencies ?? {}).length > 0) {
    const manifests = [join(peers, 'package.json')];
    await install({ dir: peers, manifests, args: ['--ignore-workspace'] });
  }
  // An app is measured as it is built.
  const isApp = existsSync(join(ROOT, 'apps', name, 'package.json'));
  await build(['@ds/bench', ...(isApp ? [`@ds/${name}`] : [])]);
  const file = join(BENCH, 'dist/main.js');
  return handOver(process.execPath, [file, name, ...args], { cwd: ROOT });
}
