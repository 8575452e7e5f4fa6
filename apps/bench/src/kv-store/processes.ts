/** Three server processes with their data in a folder of their own, gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from './load.ts';

export class Processes {
  readonly folder: string;
  readonly #children: ChildProcess[] = [];

  constructor(name: string) {
    // Not on a disk in memory, where a sync costs nothing: choose with TMPDIR.
    this.folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
    process.once('exit', () => this.#kill());
  }

  get pids(): number[] {
    return this.#children.map(({ pid }) => pid!);
  }

  start(command: string, args: readonly string[]): void {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let error = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      error = (error + text).slice(-2_000);
    });
    child.once('exit', (code) => {
      if (code) console.error(`${command} ended with code ${code}: ${error}`);
    });
    this.#children.push(child);
  }

  /** Waits until a request is answered well by every node. */
  async ready(ports: readonly number[], request: Buffer): Promise<void> {
    for (const port of ports) {
      for (;;) {
        const status = await Connection.open(port)
          .then(async (connection) => connection.ask(request).finally(() => connection.close()))
          .catch(() => 0);
        if (status >= 200 && status < 300) break;
        if (this.#children.some(({ exitCode }) => exitCode !== null))
          throw new Error('a server ended');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async stop(): Promise<void> {
    const ended = this.#children.map(
      (child) => new Promise((resolve) => child.once('close', resolve)),
    );
    this.#kill();
    await Promise.all(ended);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
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
