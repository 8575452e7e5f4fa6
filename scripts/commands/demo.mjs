// `npm run demo -- [APP] [ARGUMENTS]`: builds an app and runs the file that its manifest names in
// `"ds": { "demo": "./dist/demo.js" }`.
import { join } from 'node:path';
import { build } from '../setup/build.mjs';
import { handOver } from '../setup/child.mjs';
import { Stop } from '../setup/stop.mjs';
import { members, ROOT } from '../setup/workspace.mjs';

const DEFAULT_APP = 'kv-store';

/** @param {string[]} args */
export async function run(args) {
  const named = args.length > 0 && !args[0].startsWith('-');
  const name = named ? args[0] : DEFAULT_APP;
  const apps = members('apps').filter(({ manifest }) => manifest.ds?.demo);
  const app = apps.find((candidate) => candidate.name === name);
  if (!app) {
    const known = apps.map((candidate) => candidate.name).join(', ') || 'none yet';
    throw new Stop(`There is no demo named ${name}. There are: ${known}.`);
  }
  await build([app.manifest.name]);
  const file = join(app.dir, app.manifest.ds.demo);
  return handOver(process.execPath, [file, ...args.slice(named ? 1 : 0)], { cwd: ROOT });
}
