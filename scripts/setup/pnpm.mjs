// pnpm in the version that package.json pins, by way of npx: a newcomer has only npm, and corepack
// fails on signatures it no longer knows. Once npm has it, it is not looked up again.
import { join } from 'node:path';
import { capture } from './child.mjs';
import { ROOT, readJson } from './workspace.mjs';

/**
 * @param {string[]} args
 * @param {{ cwd?: string, onText?: (text: string) => void }} [options]
 */
export function pnpm(args, options) {
  const { packageManager } = readJson(join(ROOT, 'package.json'));
  return capture('npx', ['--yes', '--prefer-offline', packageManager, ...args], {
    ...options,
    env: {
      // By default more than a minute goes by before a dead network is reported.
      npm_config_fetch_retry_mintimeout: '1000',
      npm_config_fetch_retry_maxtimeout: '5000',
    },
  });
}
