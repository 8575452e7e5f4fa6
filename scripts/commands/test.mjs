// `npm test`: everything there is to check, in a process of its own that may import what the
// installation has just brought.
import { join } from 'node:path';
import { handOver } from '../setup/child.mjs';
import { ROOT } from '../setup/workspace.mjs';

/** @param {string[]} args */
export function run(args) {
  return handOver(process.execPath, [join(ROOT, 'scripts/test.mjs'), ...args], { cwd: ROOT });
}
