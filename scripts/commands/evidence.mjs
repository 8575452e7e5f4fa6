// What `soak` and `planted` share: each runs a package's test/soak.ts or test/planted.ts.
//
// Such a file exports `run(options)`, see CONTRIBUTING.md. It is loaded from its sources through
// vite, as the tests are, so that nothing has to be built and a stack trace shows the sources;
// `--dist` takes the packages as they would be published instead.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../setup/build.mjs';
import { Progress } from '../setup/progress.mjs';
import { Stop } from '../setup/stop.mjs';
import { members, ROOT } from '../setup/workspace.mjs';

/** What a shell makes of a Ctrl-C. */
const INTERRUPTED = 130;

/**
 * @template Result what the package's file gives, and when
 * @param {object} command
 * @param {string} command.name
 * @param {number} command.defaultSeeds
 * @param {string[]} command.args
 * @param {(result: Result) => void} command.report prints the result for people
 * @param {(result: Result) => boolean} command.passed
 * @returns {Promise<number>} the exit code
 */
export async function evidence({ name, defaultSeeds, args, report, passed }) {
  const { member, json, dist, seeds, firstSeed } = parse(name, defaultSeeds, args);
  if (dist) await build([member.manifest.name]);
  const module = await load(join(member.dir, 'test', `${name}.ts`), dist);
  const progress = new Progress(`${name} ${member.name}, seeds ${firstSeed} and on`);
  const startMs = performance.now();
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort(new Stop('Interrupted.'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const options = {
    seeds,
    firstSeed,
    signal: interrupt.signal,
    progress: (/** @type {string} */ text) => progress.update(text),
  };
  const outcome = await module.run(options).finally(module.close);
  const result = {
    package: member.name,
    date: new Date().toISOString(),
    seconds: (performance.now() - startMs) / 1_000,
    firstSeed,
    ...outcome,
  };
  progress.end(passed(result));
  if (json) console.log(JSON.stringify(result));
  else report(result);
  if (interrupt.signal.aborted) return INTERRUPTED;
  return passed(result) ? 0 : 1;
}

function parse(name, defaultSeeds, args) {
  const known = [...members('packages'), ...members('apps')].filter(({ dir }) =>
    existsSync(join(dir, 'test', `${name}.ts`)),
  );
  const usage = `usage: npm run ${name} -- PACKAGE [--seeds N] [--first-seed N] [--dist] [--json]`;
  const list = `Packages with a test/${name}.ts: ${known.map((m) => m.name).join(', ') || 'none'}.`;
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        seeds: { type: 'string', default: String(defaultSeeds) },
        'first-seed': { type: 'string', default: '1' },
        dist: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Stop(`${error.message}\n${usage}`);
  }
  const { values, positionals } = parsed;
  const member = known.find((candidate) => candidate.name === positionals[0]);
  if (!member || positionals.length > 1) throw new Stop(`${usage}\n${list}`);
  const seeds = Number(values.seeds);
  const firstSeed = Number(values['first-seed']);
  if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(firstSeed)) {
    throw new Stop(usage);
  }
  return { member, json: values.json, dist: values.dist, seeds, firstSeed };
}

/** Imports a TypeScript module, and what it imports, by way of vite. */
async function load(file, dist) {
  const { createServer, createServerModuleRunner } = await import('vite');
  const conditions = [...(dist ? [] : ['@ds/source']), 'module', 'node', 'import', 'default'];
  const server = await createServer({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, ws: false, hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    ssr: { resolve: { conditions } },
  });
  const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
  const module = await runner.import(file);
  if (typeof module.run !== 'function') throw new Stop(`${file} exports no function named run.`);
  return { run: module.run, close: () => server.close() };
}
