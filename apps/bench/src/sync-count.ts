/**
 * How often a program asks the disk to keep something, counted by strace: from outside, so that
 * nobody has to believe the program itself. Slows it down, hence in a round of its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './rounds.ts';

const SYNC_CALLS = ['fsync', 'fdatasync', 'sync_file_range', 'msync', 'syncfs'];

/** Counts for the command and every process it starts; undefined where there is no strace. */
export async function countSyncs(command: readonly string[]): Promise<number | undefined> {
  if (spawnSync('strace', ['-V']).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bench-syncs-'));
  try {
    const table = join(folder, 'table');
    const flags = ['-f', '-c', '-o', table, '-e', `trace=${SYNC_CALLS.join(',')}`];
    await runProgram(['strace', ...flags, '--', ...command]);
    return sumOfCalls(readFileSync(table, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lines of the table: `% time, seconds, usecs/call, calls, [errors,] syscall`. */
export function sumOfCalls(table: string): number {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => SYNC_CALLS.includes(cells.at(-1) ?? ''))
    .reduce((sum, cells) => sum + Number(cells[3]), 0);
}
