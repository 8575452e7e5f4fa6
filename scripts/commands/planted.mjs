// `npm run planted -- PACKAGE [--seeds N] [--first-seed N] [--json]`: are the planted bugs caught?
import { evidence } from './evidence.mjs';

const DEFAULT_SEEDS = 10_000;

/** @param {string[]} args */
export function run(args) {
  return evidence({ name: 'planted', defaultSeeds: DEFAULT_SEEDS, args, report, passed });
}

/** @param {{ bugs: { caught: boolean }[] }} result */
function passed({ bugs }) {
  return bugs.length > 0 && bugs.every(({ caught }) => caught);
}

/** @param {{ bugs: { name: string, caught: boolean, seeds: number, events: number }[] }} result */
function report({ bugs }) {
  const width = Math.max(...bugs.map(({ name }) => name.length), 4);
  console.log(`${'bug'.padEnd(width)}  caught  after seeds  events`);
  for (const { name, caught, seeds, events } of bugs) {
    const cells = [caught ? 'yes' : 'NO', seeds, events ?? ''].map(String);
    console.log(
      `${name.padEnd(width)}  ${cells[0].padEnd(6)}  ${cells[1].padStart(11)}  ${cells[2].padStart(6)}`,
    );
  }
}
