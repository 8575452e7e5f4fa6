/**
 * The demo as a user runs it: built (from the sources as they are now, not from a `dist` that may
 * be older), started as a process, asked over HTTP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'tsup';
import { build as buildPage } from 'vite';
import type { DemoState } from '../../src/demo/state.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltDemo {
  readonly file: string;
  readonly serverFile: string;
  remove(): void;
}

/** Builds the demo, the server and the page side by side, as the package's build does. */
export async function buildDemo(): Promise<BuiltDemo> {
  // Inside the package, so that the data set is found as it is from `dist`.
  const parent = join(root, 'node_modules', '.cache');
  mkdirSync(parent, { recursive: true });
  const outDir = mkdtempSync(join(parent, 'demo-test-'));
  writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }');
  await bundle({
    config: false,
    silent: true,
    entry: { demo: join(root, 'src/demo/main.ts'), server: join(root, 'src/server.ts') },
    outDir,
    format: ['esm'],
    target: 'es2023',
    platform: 'node',
    noExternal: [/./],
    banner: {
      js:
        "import { createRequire as bundled } from 'node:module';" +
        'const require = bundled(import.meta.url);',
    },
    outExtension: () => ({ js: '.js' }),
    esbuildOptions(options) {
      options.conditions = ['@ds/source'];
    },
  });
  await buildPage({
    root: join(root, 'web'),
    logLevel: 'error',
    build: { outDir: join(outDir, 'web') },
  });
  return {
    file: join(outDir, 'demo.js'),
    serverFile: join(outDir, 'server.js'),
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
    this.#temporary = mkdtempSync(join(tmpdir(), 'ds-demo-test-'));
    this.#process = spawn(process.execPath, [demo.file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        TMPDIR: this.#temporary,
        NO_COLOR: '1',
        DS_TEST_SERVER: demo.serverFile,
      },
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

  get pid(): number {
    return this.#process.pid!;
  }

  /** Files it has left in the temporary directory. */
  leftovers(): string[] {
    return readdirSync(this.#temporary);
  }

  /** Resolves with the dashboard's address once it is printed. */
  async url(): Promise<string> {
    return this.until(() => this.#output.match(/http:\/\/127\.0\.0\.1:\d+\//)?.[0]);
  }

  async state(): Promise<DemoState> {
    const response = await fetch(`${await this.url()}api/state`);
    return (await response.json()) as DemoState;
  }

  async untilState(condition: (state: DemoState) => boolean): Promise<DemoState> {
    return this.until(async () => {
      const state = await this.state();
      return condition(state) ? state : undefined;
    });
  }

  /** Asks until there is an answer; an ended demo ends the waiting with what it printed. */
  async until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
    for (;;) {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        throw new Error(`the demo ended:\n${this.#output}`);
      }
      const answer = await ask();
      if (answer !== undefined) return answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
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

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
