// Does each package work alone, for someone who has only its tarball?
//
// Every public package is installed into an empty project outside the repository: its tarball, the
// tarballs of the @ds packages it depends on, and what else its README's install line names. There
// its README's first example runs as ESM and as CommonJS, is type-checked as TypeScript under both
// resolutions, and, where the package claims to be browser-safe, is bundled by vite and runs in
// Chromium.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { capture } from '../setup/child.mjs';
import { publicPackages, ROOT, readJson } from '../setup/workspace.mjs';
import { bundle, openBrowser, runInBrowser } from './browser.mjs';
import {
  asCommonJs,
  asEsm,
  installedNames,
  runnableExamples,
  withoutTopLevelAwait,
} from './example.mjs';
import { pool } from './pool.mjs';
import { Tally } from './tally.mjs';
import { tarballs } from './tarballs.mjs';
import { STRICT_USER, typeCheck } from './type-check.mjs';

const TIMEOUT_MS = 60_000;

/** @param {Tally} tally */
export async function checkInstall(tally) {
  const packages = publicPackages();
  const files = await tarballs();
  const scratch = mkdtempSync(join(tmpdir(), 'ds-install-'));
  const browser = await openBrowser();
  try {
    await pool(packages, async (member) => {
      const startMs = performance.now();
      const part = new Tally();
      await checkPackage({ member, packages, files, scratch, browser, tally: part });
      tally.add(part);
      const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
      console.log(`  ${member.manifest.name}: ${part} (${seconds} s)`);
    });
  } finally {
    await browser?.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function checkPackage({ member, packages, files, scratch, browser, tally }) {
  const { name, ds } = member.manifest;
  const readme = readFileSync(join(member.dir, 'README.md'), 'utf8');
  const [example] = runnableExamples(readme);
  const wanted = installedNames(readme);
  if (!example) return tally.fail(`install ${name}`, 'its README has no runnable `ts` example');
  if (!wanted.includes(name)) {
    return tally.fail(`install ${name}`, `its README has no line \`npm install ${name}\``);
  }
  const project = join(scratch, member.name);
  const installed = await installInto(project, dependencies(member, wanted, packages, files));
  if (installed.code !== 0) return tally.fail(`install ${name}`, installed.output);
  tally.pass();

  const printed = await runAsEsm(project, example.code, name, tally);
  await runAsCommonJs(project, example.code, name, tally);
  checkTypes(project, example.code, name, ds, tally);
  await checkInBrowser({ project, name, ds, browser, printed, tally });
}

/** What to install, by name: `file:` for our own packages, the pinned version for others. */
export function dependencies(member, wanted, packages, files) {
  /** @type {Record<string, string>} */
  const chosen = {};
  const visit = (/** @type {string} */ name, /** @type {Record<string, any>} */ asker) => {
    if (Object.hasOwn(chosen, name)) return;
    const own = packages.find(({ manifest }) => manifest.name === name)?.manifest;
    if (!own) {
      chosen[name] = pinnedVersion(name, asker);
      return;
    }
    chosen[name] = `file:${files.get(name)}`;
    const ours = Object.keys(own.dependencies ?? {}).filter((next) => next.startsWith('@ds/'));
    for (const next of ours) visit(next, own);
  };
  for (const name of wanted) visit(name, member.manifest);
  return chosen;
}

function pinnedVersion(name, manifest) {
  const root = readJson(join(ROOT, 'package.json'));
  const { dependencies: own, devDependencies, peerDependencies } = manifest;
  const version = { ...root.devDependencies, ...peerDependencies, ...devDependencies, ...own }[
    name
  ];
  if (!version) throw new Error(`${manifest.name} asks to install ${name}, but pins no version`);
  return version;
}

function installInto(project, dependencies) {
  mkdirSync(project, { recursive: true });
  const manifest = { private: true, type: 'module', dependencies };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  return capture('npm', ['install', ...flags], { cwd: project });
}

async function runAsEsm(project, code, name, tally) {
  writeFileSync(join(project, 'example.mjs'), asEsm(code));
  const result = await runNode(project, 'example.mjs');
  const silent = result.stdout === '' && !/\bassert/.test(code);
  if (result.code !== 0) tally.fail(`${name} as ESM`, result.output);
  else if (silent) tally.fail(`${name} as ESM`, 'the example neither prints nor asserts anything');
  else tally.pass();
  return result.stdout;
}

async function runAsCommonJs(project, code, name, tally) {
  writeFileSync(join(project, 'example.cjs'), asCommonJs(code));
  const { code: exit, output } = await runNode(project, 'example.cjs');
  if (exit === 0) tally.pass();
  else tally.fail(`${name} as CommonJS`, output);
}

function runNode(project, file) {
  const env = { NODE_OPTIONS: '' };
  return capture(process.execPath, [file], { cwd: project, env, timeoutMs: TIMEOUT_MS });
}

/** Browser-safe packages must type-check without Node's types: their users have none. */
function checkTypes(project, code, name, ds, tally) {
  const node = ds?.browserSafe !== true;
  const types = node
    ? { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] }
    : { types: [] };
  const options = { ...STRICT_USER, ...types, skipDefaultLibCheck: true };
  const write = (/** @type {string} */ file, /** @type {string} */ text) => {
    writeFileSync(join(project, file), text);
    return join(project, file);
  };
  const variants = {
    node16: {
      files: [write('node16.mts', code), write('node16.cts', withoutTopLevelAwait(code))],
      options: { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
    },
    bundler: {
      files: [write('bundler.ts', code)],
      options: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    },
  };
  for (const [variant, { files, options: resolution }] of Object.entries(variants)) {
    const complaints = typeCheck(files, { ...options, ...resolution });
    if (complaints) tally.fail(`${name} as TypeScript, ${variant}`, complaints);
    else tally.pass();
  }
}

async function checkInBrowser({ project, name, ds, browser, printed, tally }) {
  const what = `${name} in the browser`;
  if (ds?.browserSafe === false) {
    if (ds.reason) tally.pass();
    else tally.fail(what, '"browserSafe": false in package.json needs a "reason"');
    return;
  }
  if (ds?.browserSafe !== true) {
    tally.fail(what, 'package.json declares no "ds": { "browserSafe": true | false }');
    return;
  }
  const { folder, complaint } = await bundle(project, 'example.mjs');
  if (complaint) return tally.fail(what, complaint);
  if (!browser) return tally.skip(what, 'there is no /usr/bin/chromium');
  const lines = printed.split('\n').length - 1;
  const problem = await runInBrowser(browser, folder, lines);
  if (problem) tally.fail(what, problem);
  else tally.pass();
}
