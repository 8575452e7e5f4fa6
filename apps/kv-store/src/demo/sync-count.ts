/**
 * Counts a node's fsync and fdatasync calls from outside, with strace: the servers cannot know,
 * and so cannot flatter. Opt-in (`--count-syncs`), since it needs strace and the right to trace.
 *
 * `-D` keeps the server itself as our child, so that it is the server that gets our signals;
 * `--seccomp-bpf` stops it at the two traced calls only, so that the others run at full speed.
 * strace writes its table when the traced process ends, SIGKILL included.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DemoError } from './demo-error.ts';
import { wait } from './wait.ts';

const TABLE_WITHIN_MS = 5_000;

export interface Syncs {
  readonly fdatasync: number;
  readonly fsync: number;
}

export class SyncCount {
  readonly #directory: string;
  readonly #id: string;
  #runs = 0;

  constructor(directory: string, id: string) {
    this.#directory = directory;
    this.#id = id;
  }

  /** The command line that runs `argv` under strace; each start gets a table of its own. */
  wrap(argv: readonly string[]): readonly string[] {
    this.#runs += 1;
    const filter = 'trace=fsync,fdatasync';
    const table = this.#table(this.#runs);
    return ['strace', '-D', '-f', '--seccomp-bpf', '-c', '-e', filter, '-o', table, ...argv];
  }

  /** The sum over all processes of this node. Call it when they have ended. */
  async total(): Promise<Syncs> {
    let fdatasync = 0;
    let fsync = 0;
    for (let run = 1; run <= this.#runs; run++) {
      const table = await this.#read(run);
      fdatasync += calls(table, 'fdatasync');
      fsync += calls(table, 'fsync');
    }
    return { fdatasync, fsync };
  }

  /** strace writes its table just after the process it traced has ended. */
  async #read(run: number): Promise<string> {
    const path = this.#table(run);
    const deadline = performance.now() + TABLE_WITHIN_MS;
    for (;;) {
      const table = existsSync(path) ? readFileSync(path, 'utf8') : '';
      if (table.trimEnd().endsWith('total')) return table;
      if (performance.now() > deadline) {
        throw new DemoError(`strace left no table of the syncs of ${this.#id}.`);
      }
      await wait(20);
    }
  }

  #table(run: number): string {
    return join(this.#directory, `${this.#id}.syncs.${run}.txt`);
  }
}

/** @throws {DemoError} when syncs cannot be counted on this machine. */
export function requireStrace(): void {
  const probe = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (probe.error) throw new DemoError('--count-syncs needs strace, which is not installed.');
  if (probe.status !== 0) {
    const output = probe.stderr.trim().split('\n');
    throw new DemoError('--count-syncs needs strace 5.3 or newer and the right to trace.', {
      output,
    });
  }
}

/** A row of strace's table: `% time, seconds, usecs/call, calls, [errors], syscall`. */
function calls(table: string, name: string): number {
  const row = table.split('\n').find((line) => line.trimEnd().endsWith(` ${name}`));
  return row === undefined ? 0 : Number(row.trim().split(/\s+/)[3]);
}
