// Is what would be published sound? publint reads the manifest and the files it names; attw
// resolves the types as ESM and CommonJS importers would.
import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { capture } from '../setup/child.mjs';
import { publicPackages, ROOT, tool } from '../setup/workspace.mjs';
import { pool } from './pool.mjs';
import { tarballs } from './tarballs.mjs';

/** @param {import('./tally.mjs').Tally} tally */
export async function checkPublishing(tally) {
  const files = await tarballs();
  await pool(publicPackages(), async ({ manifest }) => {
    const file = files.get(manifest.name);
    await lintManifest(manifest, file, tally);
    await lintTypes(manifest, file, tally);
  });
}

async function lintManifest(manifest, file, tally) {
  const bytes = readFileSync(file);
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages } = await publint({ pack: { tarball }, strict: true });
  const lines = messages.map((message) => formatMessage(message, manifest, { color: false }));
  if (lines.length === 0) tally.pass();
  else tally.fail(`publint ${manifest.name}`, lines.join('\n'));
}

async function lintTypes(manifest, file, tally) {
  const attw = tool('@arethetypeswrong/cli', 'dist/index.js');
  const args = [attw, file, '--profile', 'node16', '--no-emoji', '--format', 'ascii'];
  const { code, output } = await capture(process.execPath, args, { cwd: ROOT });
  if (code === 0) tally.pass();
  else tally.fail(`attw ${manifest.name}`, output);
}
