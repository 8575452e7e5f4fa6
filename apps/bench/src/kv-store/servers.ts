/** Three server processes with their data in a folder of their own, gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux counts a process's time in hundredths of a second. */
const TICK_US = 10_000;
/** Longer than an election. */
const SETTLE_MS = 3_000;

export type CommandLine = readonly [command: string, ...args: string[]];

export class Servers {
  readonly folder: string;
  #commands: readonly CommandLine[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #expected = new Set<ChildProcess>();
  #isPaused = false;
  readonly #killAll = (): void => {
    for (const child of this.#children) this.#end(child);
  };

  constructor(name: string) {
    // Not on a disk in memory, where a sync costs nothing: choose with TMPDIR.
    this.folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
    process.once('exit', this.#killAll);
  }

  start(commands: readonly CommandLine[]): void {
    this.#commands = commands;
    for (const place of commands.keys()) this.restart(place);
  }

  /** Starts the node at `place`, on the data it has. */
  restart(place: number): void {
    const [command, ...args] = this.#commands[place]!;
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let error = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      error = (error + text).slice(-2_000);
    });
    child.once('exit', (code, signal) => {
      if (!this.#expected.has(child)) console.error(`${command}: ${signal ?? code}: ${error}`);
    });
    this.#children[place] = child;
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill(place: number): Promise<void> {
    const child = this.#children[place]!;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    this.#end(child);
    await gone;
  }

  /** Stops the processes where they are: what is not measured takes no time from what is. */
  pause(): void {
    this.#isPaused = true;
    for (const child of this.#children) child.kill('SIGSTOP');
  }

  /** Lets them go on; resolves when they have had the time to notice how late it is. */
  async resume(): Promise<void> {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const child of this.#children) child.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }

  /** @throws when a process has ended by itself. */
  check(): void {
    for (const child of this.#children) {
      if (child.exitCode !== null && !this.#expected.has(child)) throw new Error('a server ended');
    }
  }

  /** The time that the processes have spent in user and kernel mode. */
  cpuUs(): number {
    let ticks = 0;
    for (const { pid } of this.#children) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    }
    return ticks * TICK_US;
  }

  async stop(): Promise<void> {
    const ended = this.#children.map((child) =>
      child.exitCode !== null || child.signalCode !== null
        ? undefined
        : new Promise((resolve) => child.once('exit', resolve)),
    );
    this.#killAll();
    await Promise.all(ended);
    process.off('exit', this.#killAll);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #end(child: ChildProcess): void {
    this.#expected.add(child);
    child.kill('SIGKILL');
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
