// `npm test`: every check there is, in the order in which a failure is cheapest to learn of.
//
// The last line is the count of everything that ran. `npm test -- lint readme` runs only the steps
// named; `--json` ends with one JSON document instead.
import { commandStep } from './checks/command-step.mjs';
import { checkInstall } from './checks/install.mjs';
import { checkPublishing } from './checks/publishing.mjs';
import { checkReadmes } from './checks/readmes.mjs';
import { Tally } from './checks/tally.mjs';
import { runVitest } from './checks/vitest.mjs';
import { turbo } from './setup/build.mjs';
import { capture } from './setup/child.mjs';
import { ROOT, tool } from './setup/workspace.mjs';

const node = (/** @type {string[]} */ ...args) => capture(process.execPath, args, { cwd: ROOT });

// One package's failure does not hide another's, and what went well is not worth a line.
const EVERY_FAILURE = ['--continue', '--output-logs=errors-only'];

/** @type {Record<string, (tally: Tally) => Promise<void>>} */
const STEPS = {
  lint: commandStep('lint', () =>
    node(tool('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings', '.'),
  ),
  typecheck: commandStep('typecheck', typecheck),
  boundaries: commandStep('boundaries', () => node(tool('turbo', 'bin/turbo'), 'boundaries')),
  build: commandStep('build', () => turbo('build', EVERY_FAILURE)),
  publishing: checkPublishing,
  tests: runVitest,
  readme: checkReadmes,
  install: checkInstall,
};

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  const json = args.includes('--json');
  const named = args.filter((arg) => arg !== '--json');
  const unknown = named.filter((name) => !Object.hasOwn(STEPS, name));
  if (unknown.length > 0) {
    console.error(
      `There is no step ${unknown.join(', ')}. Steps: ${Object.keys(STEPS).join(', ')}.`,
    );
    return 1;
  }
  const total = new Tally();
  const steps = [];
  for (const name of named.length > 0 ? named : Object.keys(STEPS)) {
    const startMs = performance.now();
    console.log(`\n… ${name}`);
    const part = new Tally();
    await runStep(name, part);
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(`${part.succeeded ? '✓' : '✗'} ${name}: ${part} (${seconds.toFixed(1)} s)`);
    steps.push({ name, seconds, ...part });
    total.add(part);
  }
  console.log(`\n${total}`);
  const { passed, failed, skipped } = total;
  if (json) console.log(JSON.stringify({ passed, failed, skipped, steps }));
  return total.succeeded ? 0 : 1;
}

async function typecheck() {
  const scripts = await node(tool('typescript', 'bin/tsc'), '-p', 'scripts');
  return scripts.code === 0 ? turbo('typecheck', EVERY_FAILURE) : scripts;
}

/** A step that breaks is a failure of that step: the others still run and count. */
async function runStep(name, tally) {
  try {
    await STEPS[name](tally);
  } catch (error) {
    tally.fail(name, error?.stack ?? String(error));
  }
  if (tally.passed + tally.failed + tally.skipped === 0) tally.fail(name, 'it checked nothing');
}
