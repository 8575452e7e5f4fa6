#!/usr/bin/env node
/**
 * `npm run demo`: the program. Puts the parts together, and takes them apart again whatever
 * happens: an end, a failure, Ctrl-C or SIGTERM all go through the same `close`.
 *
 * Exit codes: 0 shown; 1 a record was lost, or the demo failed; 2 the options make no sense;
 * 130 and 143 after SIGINT and SIGTERM during a headless run.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Closers } from './closers.ts';
import { loadCities } from './data-set.ts';
import { DemoError, explain } from './demo-error.ts';
import { EventLog } from './event-log.ts';
import { type DemoOptions, HELP, readOptions } from './options.ts';
import { outcomeOf, succeeded } from './outcome.ts';
import { Story } from './story.ts';
import { Supervisor } from './supervisor.ts';
import { SupervisorHttp } from './supervisor-http.ts';
import { requireStrace } from './sync-count.ts';

const NODES = 3;
const NEEDED_BYTES = 400 * 2 ** 20;
const here = fileURLToPath(new URL('.', import.meta.url));

/** Resolves with the exit code, after everything has been closed. */
async function main(args: readonly string[]): Promise<number> {
  const story = new Story(process.stdout);
  let options: DemoOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    return fail(story, error, 2);
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const interrupt = new Interrupt();
  const closers = new Closers();
  try {
    return await Promise.race([demo(options, story, closers, interrupt), interrupt.received]);
  } catch (error) {
    return fail(story, error, 1);
  } finally {
    await closers.close();
    interrupt.dispose();
  }
}

async function demo(
  options: DemoOptions,
  story: Story,
  closers: Closers,
  interrupt: Interrupt,
): Promise<number> {
  if (options.countSyncs) requireStrace();
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  const directory = await openDirectory(options, closers);
  const dataSet = loadCities(options.records);
  const supervisor = new Supervisor({
    size: NODES,
    directory,
    serverFile: options.server ?? join(here, 'server.js'),
    keyFile: writeKey(directory),
    countSyncs: options.countSyncs,
    dataSet,
    elapsedMs,
    events: new EventLog(elapsedMs),
  });
  await closers.add(() => supervisor.close());
  const webDirectory = join(here, 'web');
  const http = await SupervisorHttp.listen({ supervisor, webDirectory, port: options.port });
  await closers.add(() => http.close());

  story.opening(dataSet.records.length, dataSet.name, dataSet.licence);
  story.dashboard(http.url);
  story.follow(supervisor);
  await supervisor.start();
  const verdict = await supervisor.run();
  let outcome = outcomeOf(supervisor, dataSet.records.length, verdict);
  if (options.countSyncs) {
    // strace tells its counts when the processes end, so this mode cannot stay up.
    await supervisor.close();
    outcome = { ...outcome, syncs: (await supervisor.cluster.syncs()) ?? {} };
  }
  story.ending(outcome);
  if (!options.headless && !options.countSyncs) {
    if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
    story.staying(http.url);
    // From here on Ctrl-C is the normal end, and the verdict stands.
    interrupt.exitCode = succeeded(outcome) ? 0 : 1;
    return interrupt.received;
  }
  await supervisor.close();
  if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  return succeeded(outcome) ? 0 : 1;
}

/** A fresh temporary directory that `close` removes, or the one the user wants to keep. */
async function openDirectory(options: DemoOptions, closers: Closers): Promise<string> {
  const parent = options.data === undefined ? tmpdir() : resolve(options.data);
  mkdirSync(parent, { recursive: true });
  const { bavail, bsize } = statfsSync(parent);
  const freeBytes = bavail * bsize;
  if (freeBytes < NEEDED_BYTES) {
    const [needed, free] = [NEEDED_BYTES, freeBytes].map((bytes) => Math.round(bytes / 2 ** 20));
    throw new DemoError(
      `The demo needs ${needed} MiB in ${parent}, where ${free} MiB are free: ` +
        'choose another place with --data DIR.',
    );
  }
  if (options.data !== undefined) return parent;
  const directory = mkdtempSync(join(parent, 'ds-demo-'));
  await closers.add(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The key by which the nodes know each other; new for each run, readable by this user alone. */
function writeKey(directory: string): string {
  const path = join(directory, 'cluster.key');
  writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  return path;
}

function fail(story: Story, error: unknown, exitCode: number): number {
  const known = explain(error);
  if (known !== undefined) story.failure(known.message, known.output);
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCode;
}

/** Turns the first SIGINT, SIGTERM or SIGHUP into an exit code; later ones change nothing. */
class Interrupt {
  readonly received: Promise<number>;
  /** What to end with instead of the signal's own code. */
  exitCode: number | undefined;
  readonly #listeners: (readonly [NodeJS.Signals, () => void])[] = [];

  constructor() {
    this.received = new Promise((resolve) => {
      const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
      for (const [signal, code] of Object.entries(codes)) {
        const listener = (): void => resolve(this.exitCode ?? code);
        process.on(signal, listener);
        this.#listeners.push([signal as NodeJS.Signals, listener]);
      }
    });
  }

  dispose(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }
}

process.exitCode = await main(process.argv.slice(2));
