/** The demo as a user runs it, built from the sources as they are now, and started as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'tsup';
import { build as buildPage } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = '@ds/source';

export interface BuiltDemo {
  readonly file: string;
  readonly webDirectory: string;
  remove(): void;
}

/** Builds the program and the page side by side, as the package's build does. */
export async function buildDemo(): Promise<BuiltDemo> {
  // Inside the package, so that what is not bundled is found as it is from `dist`.
  const parent = join(root, 'node_modules', '.cache');
  mkdirSync(parent, { recursive: true });
  const outDir = mkdtempSync(join(parent, 'demo-test-'));
  writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }');
  await bundle({
    config: false,
    silent: true,
    entry: { demo: join(root, 'src/demo/main.ts') },
    outDir,
    format: ['esm'],
    target: 'es2023',
    platform: 'node',
    noExternal: [/^@ds\//, 'ws', 'msgpackr'],
    external: ['playwright-core', 'picocolors'],
    banner: {
      js:
        "import { createRequire as bundled } from 'node:module';" +
        'const require = bundled(import.meta.url);',
    },
    outExtension: () => ({ js: '.js' }),
    esbuildOptions(options) {
      options.conditions = [SOURCE];
    },
  });
  const webDirectory = join(outDir, 'web');
  await buildPage({
    root: join(root, 'web'),
    logLevel: 'error',
    resolve: { conditions: [SOURCE, 'module', 'browser', 'import', 'default'] },
    build: { outDir: webDirectory },
  });
  return {
    file: join(outDir, 'demo.js'),
    webDirectory,
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}

/** One run of the demo, with a temporary directory of its own to see what it leaves behind. */
export class RunningDemo {
  readonly #process: ChildProcess;
  readonly #temporary: string;
  readonly exited: Promise<number | NodeJS.Signals>;
  #output = '';

  constructor(demo: BuiltDemo, args: readonly string[]) {
    this.#temporary = mkdtempSync(join(tmpdir(), 'ds-notes-test-'));
    this.#process = spawn(process.execPath, [demo.file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: this.#temporary, NO_COLOR: '1' },
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => resolve(code ?? signal!));
    });
  }

  get output(): string {
    return this.#output;
  }

  /** Files it has left in the temporary directory. */
  leftovers(): string[] {
    return readdirSync(this.#temporary).filter((name) => name.startsWith('ds-notes-'));
  }

  /** Resolves when `pattern` has been printed; an ended demo ends the waiting with its output. */
  async printed(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = this.#output.match(pattern)?.[0];
      if (match !== undefined) return match;
      if (this.#process.exitCode !== null) throw new Error(`the demo ended:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Ends it in order, and removes its temporary directory. */
  async close(): Promise<void> {
    this.signal('SIGTERM');
    await this.exited;
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}
