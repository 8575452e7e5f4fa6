// `npm run soak -- PACKAGE [--seeds N] [--first-seed N] [--json]`: the long simulations.
import { evidence } from './evidence.mjs';

const DEFAULT_SEEDS = 10_000;

/** @param {string[]} args */
export function run(args) {
  return evidence({ name: 'soak', defaultSeeds: DEFAULT_SEEDS, args, report, passed });
}

/** @param {{ seeds: number, failed: unknown[] }} result */
function passed({ seeds, failed }) {
  return seeds > 0 && failed.length === 0;
}

/** @param {{ seeds: number, seconds: number, failed: { seed: number, message: string }[] }} result */
function report({ seeds, seconds, failed, ...rest }) {
  console.log(`${seeds} seeds in ${seconds.toFixed(0)} s, ${failed.length} failed`);
  for (const { seed, message } of failed) console.log(`  seed ${seed}: ${message}`);
  if (rest.coverage) console.log(JSON.stringify(rest.coverage, null, 2));
}
