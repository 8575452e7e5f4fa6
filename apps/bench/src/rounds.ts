/**
 * Runs the contenders' programs in alternating rounds, each in a fresh process: what the machine
 * does meanwhile, and what one library leaves in memory, then falls on all of them alike.
 */
import { spawn } from 'node:child_process';
import type { Bench, RoundReport } from './bench.ts';

export interface RoundsOptions {
  readonly bench: Bench;
  readonly rounds: number;
  /** The folder of the contenders' programs. */
  readonly folder: string;
  /** Handed to every program. */
  readonly arguments: readonly string[];
  readonly progress: (text: string) => void;
}

/** @returns the reports of each program, one per round */
export async function runRounds({
  bench,
  rounds,
  folder,
  arguments: given,
  progress,
}: RoundsOptions): Promise<Map<string, RoundReport[]>> {
  const programs = [bench.ours, ...bench.peers];
  const reports = new Map<string, RoundReport[]>(programs.map((program) => [program, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes with every round.
    const order = programs.map((_, place) => programs[(place + round) % programs.length] ?? '');
    for (const program of order) {
      progress(`round ${round + 1} of ${rounds}: ${program}`);
      const output = await runProgram([process.execPath, `${folder}/${program}.js`, ...given]);
      reports.get(program)?.push(parseReport(program, output));
    }
  }
  return reports;
}

/** Runs a command to its end and returns its output; throws when it fails. */
export function runProgram([command = '', ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${args.join(' ')} ended with ${signal ?? `code ${code}`}`));
    });
  });
}

function parseReport(program: string, output: string): RoundReport {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as RoundReport;
  } catch (cause) {
    throw new Error(`the last line of ${program} is no report: ${line}`, { cause });
  }
}
