// Every vitest test of the repository, run once from the root; each test counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { handOver } from '../setup/child.mjs';
import { ROOT, readJson, SCRATCH, tool } from '../setup/workspace.mjs';

/** @param {import('./tally.mjs').Tally} tally */
export async function runVitest(tally) {
  mkdirSync(SCRATCH, { recursive: true });
  const reportFile = join(SCRATCH, 'vitest.json');
  rmSync(reportFile, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const code = await handOver(process.execPath, [tool('vitest', 'vitest.mjs'), ...args], {
    cwd: ROOT,
    env: { DS_FIRST_SEED: process.env.DS_FIRST_SEED ?? firstSeed() },
  });
  if (!existsSync(reportFile)) {
    tally.fail('vitest', `ended with code ${code} and no report`);
    return;
  }
  countReport(readJson(reportFile), code, tally);
}

/** Fresh seeds for each commit, and the same ones for everybody who checks it out. */
function firstSeed() {
  const head = spawnSync('git', ['rev-parse', '--short=8', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return head.status === 0 ? String(Number.parseInt(head.stdout, 16)) : '0';
}

/**
 * Counts a report of vitest's json reporter. A file that could not even be loaded, and an error
 * outside every test, count as a failure each.
 */
export function countReport(report, code, tally) {
  tally.pass(report.numPassedTests);
  for (const file of report.testResults) {
    const name = relative(ROOT, file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName } of failed) tally.fail(`${name}: ${fullName}`);
    if (file.status === 'failed' && failed.length === 0) tally.fail(name, file.message);
    // A test skips itself where a data set or a server is absent, and fails there when CI=true.
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'pending' || status === 'skipped' || status === 'todo') {
        tally.skip(`${name}: ${fullName}`, 'by the test itself');
      }
    }
  }
  if (code !== 0 && tally.failed === 0)
    tally.fail('vitest', 'an error outside the tests, see above');
}
