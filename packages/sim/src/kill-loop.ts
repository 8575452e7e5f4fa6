/**
 * kill -9 on a real process and real files: it writes, notes what was acknowledged, is killed at
 * any moment, also while it recovers, and starts again. After each kill the store is opened here
 * and compared with the notes. Unlike the trials of `@ds/sim/engines` it is no simulation: a kill
 * that has failed need not fail again.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KeyValueStore } from '@ds/storage';
import { stepsIn, Violation } from './engines/judge.ts';
import { batchOf, checkBatches } from './engines/numbered-batch.ts';
import { SimulationError } from './errors.ts';
import { drawInteger, type Random, seededRandom } from './kernel/random.ts';
import type { SoakOptions, SoakResult } from './runner/soak.ts';

export interface KillLoopOptions<Store extends KeyValueStore = KeyValueStore> {
  /** The path of a JavaScript file, which calls {@link writeUntilKilled} and does nothing else. */
  readonly program: string;
  /** An existing directory for the store and the notes. */
  readonly folder: string;
  readonly kills: number;
  /** When to kill; not where that meets the process. */
  readonly seed: number;
  /** Opens the store as the program does, to look at it. */
  open(directory: string): Promise<Store>;
  /** The engine's own check; throws, or rejects with, what it finds. */
  verify?(store: Store): unknown;
  /** Ends it before the next kill, with the signal's reason. */
  readonly signal?: AbortSignal;
  progress?(text: string): void;
}

export interface KillLoopResult {
  readonly kills: number;
  /** How many of them met a process that had not yet opened the store. */
  readonly killsWhileOpening: number;
  /** Batches that were acknowledged, or written at least. */
  readonly batches: number;
}

const WRITERS = 8;
const DURABLE_EVERY = 3;
const MOST_ACKNOWLEDGED = 150;
const LONGEST_OPENING_MS = 12;
const MOST_KILLS_IN_A_SOAK = 60;

/**
 * Kills the program so many times.
 * @throws {SimulationError} `SIM_ENGINE_BROKEN` when something acknowledged is gone, a batch is
 *   torn, or the store does not open
 */
export async function killLoop<Store extends KeyValueStore>(
  options: KillLoopOptions<Store>,
): Promise<KillLoopResult> {
  const { folder, kills, seed, signal, progress } = options;
  const random = seededRandom(seed, 'kills');
  const notes = join(folder, 'acknowledged');
  rmSync(storeIn(folder), { recursive: true, force: true });
  writeFileSync(notes, '');
  let killsWhileOpening = 0;
  let batches = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    signal?.throwIfAborted();
    try {
      const hadOpened = await writeAndKill(options, notes, drawMoment(random, kill));
      if (!hadOpened) killsWhileOpening += 1;
      // Two kills in a row now and then, with no recovery in between that went well.
      if (kill % 3 !== 2 || kill === kills) batches = await look(options, noted(notes));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SimulationError('SIM_ENGINE_BROKEN', `kill ${kill}: ${reason}`, { seed, cause });
    }
    progress?.(`${kill} of ${kills} kills`);
  }
  return { kills, killsWhileOpening, batches };
}

/**
 * What a soak has found, and then what as many kills as it had seeds find, 60 at the most: a
 * failure is one of the soak's first seed.
 */
export async function soakWithKills<Store extends KeyValueStore>(
  swept: SoakResult,
  { firstSeed, seeds, signal, progress }: SoakOptions,
  options: Omit<KillLoopOptions<Store>, 'kills' | 'seed' | 'signal' | 'progress'>,
): Promise<SoakResult> {
  if (signal.aborted) return swept;
  try {
    const kills = Math.min(MOST_KILLS_IN_A_SOAK, seeds);
    const done = await killLoop({ ...options, kills, seed: firstSeed, signal, progress });
    const { killsWhileOpening, batches } = done;
    const coverage = { ...swept.coverage, kills, killsWhileOpening, killedBatches: batches };
    return { ...swept, coverage };
  } catch (error) {
    if (signal.aborted) return swept;
    if (!(error instanceof SimulationError)) throw error;
    return { ...swept, failed: [...swept.failed, { seed: firstSeed, message: error.message }] };
  }
}

/**
 * The whole program that a {@link killLoop} kills: opens the store in the directory that it is
 * handed, goes on behind the last batch there, and writes until it is killed; some batches durable,
 * some not, eight at a time. Never resolves; rejects when the store fails.
 */
export async function writeUntilKilled(
  open: (directory: string) => Promise<KeyValueStore>,
): Promise<void> {
  const [directory = 'store', notes = 'acknowledged'] = process.argv.slice(2);
  const acknowledged = openSync(notes, 'a');
  process.stdout.write('opening\n');
  const store = await open(directory);
  let next = stepsIn(store);
  process.stdout.write('opened\n');
  const write = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const durable = index % DURABLE_EVERY === 0;
      await store.write(batchOf(index), { durable });
      writeSync(acknowledged, `${index}\n`);
      process.stdout.write('done\n');
      // Those that are not durable never wait for anything: let the rest of the program run.
      if (!durable) await new Promise(setImmediate);
    }
  };
  try {
    await Promise.all(Array.from({ length: WRITERS }, write));
  } finally {
    closeSync(acknowledged);
  }
}

/** When to kill: so long after opening began, or after so many batches. */
type Moment = { readonly openingMs: number } | { readonly acknowledged: number };

function drawMoment(random: Random, kill: number): Moment {
  return kill % 3 === 0
    ? { openingMs: drawInteger(random, 0, LONGEST_OPENING_MS) }
    : { acknowledged: drawInteger(random, 1, MOST_ACKNOWLEDGED) };
}

/** Runs the program and kills it; says whether it had opened the store. */
async function writeAndKill<Store extends KeyValueStore>(
  { program, folder }: KillLoopOptions<Store>,
  notes: string,
  moment: Moment,
): Promise<boolean> {
  const child = spawn(process.execPath, [program, storeIn(folder), notes], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let hadOpened = false;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'opening' && 'openingMs' in moment) {
      setTimeout(() => child.kill('SIGKILL'), moment.openingMs);
    } else if (line === 'opened') hadOpened = true;
    else if (line === 'done') seen += 1;
    if ('acknowledged' in moment && seen === moment.acknowledged) child.kill('SIGKILL');
  }
  await ended;
  if (child.signalCode !== 'SIGKILL') {
    throw new Violation(`the program ended by itself, with code ${child.exitCode}`);
  }
  return hadOpened;
}

/** The newest batch that was acknowledged; -1 for none. */
function noted(notes: string): number {
  // A kill may cut the last line.
  const lines = readFileSync(notes, 'utf8').split('\n').slice(0, -1);
  return Math.max(-1, ...lines.map(Number));
}

async function look<Store extends KeyValueStore>(
  { folder, open, verify }: KillLoopOptions<Store>,
  acknowledged: number,
): Promise<number> {
  const store = await open(storeIn(folder));
  try {
    const batches = checkBatches(store, acknowledged);
    await verify?.(store);
    return batches;
  } finally {
    await store.close();
  }
}

function storeIn(folder: string): string {
  return join(folder, 'store');
}
