// Builds what a command needs. turbo knows what has changed, so a second build takes a moment.
import { pnpm } from './pnpm.mjs';
import { Progress } from './progress.mjs';
import { BUILD_CAUSES, explain } from './stop.mjs';
import { ROOT } from './workspace.mjs';

/**
 * Runs a task of turbo.json.
 * @param {string} task
 * @param {string[]} flags
 * @param {(text: string) => void} [onText]
 */
export function turbo(task, flags, onText) {
  const args = ['run', task, ...flags, '--log-order=grouped'];
  // By way of pnpm, which turbo wants to find on the path.
  return pnpm(['exec', 'turbo', ...args], { cwd: ROOT, onText });
}

/** @param {string[]} packageNames as in their manifests; what they depend on is built as well */
export async function build(packageNames) {
  const progress = new Progress('building');
  const flags = [...packageNames.map((name) => `--filter=${name}`), '--output-logs=new-only'];
  const { code, output } = await turbo('build', flags, (text) =>
    progress.update(text.match(/(\S+):build: /)?.[1]),
  );
  progress.end(code === 0);
  if (code === 0) return;
  const failed = output.match(/Failed:\s+(.*)/)?.[1];
  const step = failed ? `building ${failed.trim()}` : 'building';
  throw explain(step, output, 'build.log', BUILD_CAUSES);
}
