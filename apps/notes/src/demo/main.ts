#!/usr/bin/env node
/**
 * `npm run demo -- notes`: the program. Puts the parts together, and takes them apart again
 * whatever happens.
 *
 * Exit codes: 0 shown; 1 the pages did not agree, or the demo failed; 2 the options make no sense;
 * 130 and 143 after SIGINT and SIGTERM during a headless run.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import colors from 'picocolors';
import { type Notes, openNotes } from '../open-notes.ts';
import { DemoError } from './demo-error.ts';
import { type DemoOptions, HELP, readOptions } from './options.ts';
import { rehearse } from './rehearsal.ts';

const webDirectory = fileURLToPath(new URL('./web', import.meta.url));
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Resolves with the exit code, after everything has been closed. */
async function main(args: readonly string[]): Promise<number> {
  let options: DemoOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    return fail(error, 2);
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const interrupt = interrupted();
  const directory = openDirectory(options.data);
  try {
    return options.headless
      ? await headless(options, directory.path, interrupt.signal)
      : await stay(options, directory.path, interrupt.signal);
  } catch (error) {
    return interrupt.signal.aborted ? interrupt.exitCode() : fail(error, 1);
  } finally {
    directory.remove();
    interrupt.dispose();
  }
}

async function stay(options: DemoOptions, path: string, signal: AbortSignal): Promise<number> {
  const broken = new AbortController();
  const notes = await open(path, options.port, (error) => broken.abort(error));
  try {
    say(`A note for everybody: ${colors.bold(colors.cyan(notes.url))}`);
    say('Open it in two windows, write in both, cut the network in one, and connect again.');
    say(colors.dim('Ctrl-C ends it.'));
    await aborted(AbortSignal.any([signal, broken.signal]));
    if (broken.signal.aborted) throw broken.signal.reason;
    return 0;
  } finally {
    await notes.close();
  }
}

async function headless(options: DemoOptions, path: string, signal: AbortSignal): Promise<number> {
  const pictures = options.screenshot === undefined ? undefined : resolve(options.screenshot);
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  const failures: string[] = [];
  const result = await rehearse({
    open: () => open(path, options.port, (error) => failures.push(String(error))),
    tell: (step) => say(`${colors.green('*')} ${step}`),
    pictures,
    signal,
  });
  const complaints = [...result.complaints, ...failures];
  for (const complaint of complaints) say(`${colors.red('!')} ${complaint}`);
  const good = result.converged && result.survivedRestart && complaints.length === 0;
  say(good ? colors.green('Nothing was lost.') : colors.red('That is not how it should be.'));
  if (options.json) process.stdout.write(`${JSON.stringify({ ...result, complaints, good })}\n`);
  return good ? 0 : 1;
}

function open(path: string, port: number, onFailure: (error: unknown) => void): Promise<Notes> {
  return openNotes({ directory: path, webDirectory, port, onFailure });
}

/** A fresh temporary directory that is removed at the end, or the one the user wants to keep. */
function openDirectory(data: string | undefined): { path: string; remove(): void } {
  if (data !== undefined) return { path: resolve(data), remove() {} };
  const path = mkdtempSync(join(tmpdir(), 'ds-notes-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function interrupted(): { signal: AbortSignal; exitCode(): number; dispose(): void } {
  const controller = new AbortController();
  let code = 1;
  const listeners = Object.entries(SIGNALS).map(([name, exitCode]) => {
    const listener = (): void => {
      code = exitCode;
      controller.abort(new DemoError(`ended by ${name}`));
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => listeners.forEach((off) => void off()),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** The story goes to the error stream when the output is JSON. */
function say(line: string): void {
  (process.argv.includes('--json') ? process.stderr : process.stdout).write(`${line}\n`);
}

function fail(error: unknown, exitCode: number): number {
  const known = error instanceof DemoError || (error as { code?: unknown }).code !== undefined;
  const text = known ? (error as Error).message : (error as Error).stack;
  process.stderr.write(`${colors.red('The demo failed:')} ${text ?? String(error)}\n`);
  return exitCode;
}

process.exitCode = await main(process.argv.slice(2));
