// A real browser for the packages that claim to run in one: Debian's Chromium through playwright.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';

const CHROMIUM = '/usr/bin/chromium';
const ORIGIN = 'http://localhost';
const TIMEOUT_MS = 30_000;

/**
 * Undefined where there is no Chromium.
 * @returns {Promise<import('playwright-core').Browser | undefined>}
 */
export async function openBrowser() {
  if (!existsSync(CHROMIUM)) return undefined;
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-background-networking'],
  });
}

/**
 * Bundles a module as a user's vite would.
 * @param {string} dir the project; `main` is in it
 * @param {string} main
 * @returns {Promise<{ folder: string, complaint: string }>}
 */
export async function bundle(dir, main) {
  const folder = join(dir, 'browser');
  /** @type {string[]} */
  const warnings = [];
  const warn = (/** @type {string} */ text) => void warnings.push(text);
  await build({
    root: dir,
    configFile: false,
    logLevel: 'warn',
    customLogger: {
      info() {},
      warn,
      warnOnce: warn,
      error: warn,
      clearScreen() {},
      hasErrorLogged: () => false,
      hasWarned: false,
    },
    build: {
      outDir: folder,
      target: 'es2022',
      minify: false,
      modulePreload: false,
      rollupOptions: { input: join(dir, main), output: { entryFileNames: 'main.js' } },
    },
  });
  // A module of Node in a bundle is replaced by an empty one and fails only when it is used.
  const externalized = warnings.filter((text) => text.includes('externalized for browser'));
  return { folder, complaint: externalized.join('\n') };
}

/**
 * Runs a bundle in a fresh page until it has evaluated and has printed `lines` lines.
 * @param {import('playwright-core').Browser} browser
 * @param {string} folder
 * @param {number} lines
 * @returns {Promise<string>} what went wrong; empty when nothing did
 */
export async function runInBrowser(browser, folder, lines) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    return await runInPage(page, folder, lines);
  } finally {
    await context.close();
  }
}

async function runInPage(page, folder, lines) {
  const printed = [];
  const { promise: ended, resolve: end } = withResolvers();
  let evaluated = false;
  const settle = () => {
    if (evaluated && printed.length >= lines) end('');
  };
  page.on('pageerror', (error) => end(error.stack ?? String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') end(message.text());
    printed.push(message.text());
    settle();
  });
  await page.exposeFunction('exampleEvaluated', () => {
    evaluated = true;
    settle();
  });
  await page.route(`${ORIGIN}/**`, async (route) => {
    const name = basename(new URL(route.request().url()).pathname);
    if (name === '') {
      const start = `import('/main.js').then(() => exampleEvaluated())`;
      const body = `<link rel="icon" href="data:,"><script type="module">${start}</script>`;
      return route.fulfill({ contentType: 'text/html', body });
    }
    return route.fulfill({
      contentType: name.endsWith('.js') ? 'text/javascript' : 'application/octet-stream',
      body: await readFile(join(folder, name)),
    });
  });
  await page.goto(`${ORIGIN}/`);
  const state = () => `evaluated: ${evaluated}, printed: ${JSON.stringify(printed)}`;
  const late = setTimeout(() => end(`not done after ${TIMEOUT_MS} ms; ${state()}`), TIMEOUT_MS);
  try {
    return await ended;
  } finally {
    clearTimeout(late);
  }
}

function withResolvers() {
  /** @type {(problem: string) => void} */
  let resolve = () => {};
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
