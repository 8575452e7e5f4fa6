// Every runnable example of every README is type-checked against the sources and run against what
// was built, in the folder of the README, so that it sees what its readers see.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { capture } from '../setup/child.mjs';
import { members, ROOT } from '../setup/workspace.mjs';
import { asEsm, runnableExamples } from './example.mjs';
import { pool } from './pool.mjs';
import { ownOptions, typeCheck } from './type-check.mjs';

const TIMEOUT_MS = 60_000;

/** @param {import('./tally.mjs').Tally} tally */
export async function checkReadmes(tally) {
  const folders = [ROOT, ...[...members('packages'), ...members('apps')].map(({ dir }) => dir)];
  const readmes = folders.filter((folder) => existsSync(join(folder, 'README.md')));
  await pool(readmes, (folder) => checkReadme(folder, tally));
}

async function checkReadme(folder, tally) {
  const file = join(folder, 'README.md');
  const examples = runnableExamples(readFileSync(file, 'utf8'));
  // Inside the package, whose own name and dependencies resolve from there.
  const scratch = join(folder, '.ds', 'readme');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  if (folder === ROOT) linkPackages(scratch);
  for (const { code, line } of examples) {
    const what = `${relative(ROOT, file)}:${line}`;
    const source = join(scratch, `line-${line}.ts`);
    writeFileSync(source, code);
    const program = join(scratch, `line-${line}.mjs`);
    writeFileSync(program, asEsm(code));
    const complaints = typeCheck([source], ownOptions());
    if (complaints) tally.fail(`${what} does not type-check`, complaints);
    else tally.pass();
    const { code: exit, output } = await capture(process.execPath, [program], {
      cwd: scratch,
      timeoutMs: TIMEOUT_MS,
    });
    if (exit === 0) tally.pass();
    else tally.fail(`${what} does not run`, output);
  }
  rmSync(scratch, { recursive: true, force: true });
}

/** The root depends on no package of its own; its README may use them all. */
function linkPackages(scratch) {
  mkdirSync(join(scratch, 'node_modules/@ds'), { recursive: true });
  for (const { manifest, dir } of members('packages')) {
    symlinkSync(dir, join(scratch, 'node_modules', manifest.name));
  }
}
