/**
 * The server and the command line as they run in production: bundled from the sources, so that the
 * tests need no build before them, and started as processes of their own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { build } from 'tsup';

const PACKAGE = join(import.meta.dirname, '../..');
const OUT = join(PACKAGE, 'node_modules/.ds-test');

const PROGRAMS = {
  server: 'src/server.ts',
  dskv: 'src/dskv.ts',
  'trace-hash': 'test/simulation/trace-hash.ts',
};

export type ProgramName = keyof typeof PROGRAMS;

let built: Promise<void> | undefined;

/** Bundles all programs, once per test process. */
export function buildPrograms(): Promise<void> {
  if (built !== undefined) return built;
  built = build({
    entry: Object.fromEntries(
      Object.entries(PROGRAMS).map(([name, file]) => [name, join(PACKAGE, file)]),
    ),
    outDir: join(OUT, String(process.pid)),
    format: 'esm',
    target: 'es2023',
    platform: 'node',
    config: false,
    silent: true,
    noExternal: [/.*/],
    esbuildOptions: (options) => {
      options.conditions = ['@ds/source'];
      // What is CommonJS inside the bundle asks for Node's own modules by `require`.
      const from = "import { createRequire as requireFrom } from 'node:module';";
      options.banner = { js: `${from} const require = requireFrom(import.meta.url);` };
    },
  });
  return built;
}

/** Takes the bundles away; call it after the last test of a file. */
export function removePrograms(): void {
  built = undefined;
  rmSync(join(OUT, String(process.pid)), { recursive: true, force: true });
}

export function programPath(name: ProgramName): string {
  return join(OUT, String(process.pid), `${name}.js`);
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** A process, its output, and its end. */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #out = '';
  #error = '';
  #onOutput: (() => void) | undefined;

  constructor(name: ProgramName, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [programPath(name), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
      this.#onOutput?.();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#error += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, out: this.#out, error: this.#error });
        this.#onOutput?.();
      });
    });
  }

  /** Resolves when the output holds `text`; throws when the process ends without it. */
  async says(text: string): Promise<void> {
    while (!this.#out.includes(text)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        const { code, error, out } = await this.ended;
        throw new Error(`ended with ${code} before saying '${text}': ${out}${error}`);
      }
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve;
      });
    }
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs `dskv` to its end. */
export async function dskv(
  args: readonly string[],
  { input = '', env = {} }: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const program = new Program('dskv', args, env);
  program.child.stdin!.end(input);
  return program.ended;
}

/** Ports that are free now, below the range that outgoing connections are given. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: { port: number; close(): void }[] = [];
  while (servers.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) servers.push({ port, close: () => server.close() });
  }
  for (const server of servers) server.close();
  return servers.map(({ port }) => port);
}
