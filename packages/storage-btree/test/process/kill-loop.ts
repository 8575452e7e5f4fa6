/**
 * kill -9: a process writes, notes what was acknowledged, is killed at any moment, also while it
 * recovers, and starts again. After each kill the store is opened here and compared with the notes.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@ds/sim';
import { nodeFileSystem } from '@ds/storage/node';
import { build } from 'tsup';
import { openBtreeStore } from '../../src/index.ts';
import { drawInteger } from '../simulation/draw.ts';
import { Violation } from '../simulation/oracle.ts';
import { toText } from '../simulation/workload.ts';
import { TINY } from '../tiny.ts';
import { contentsAfterBatch } from './numbered-batch.ts';

export interface KillLoopOptions {
  /** Where the programs, the store and the notes go. */
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  progress?(text: string): void;
}

export interface KillLoopResult {
  readonly kills: number;
  /** How many of them met a process that had not yet opened the store. */
  readonly killsWhileOpening: number;
  /** Batches that were acknowledged. */
  readonly batches: number;
}

const MOST_ACKNOWLEDGED = 150;
const LONGEST_OPENING_MS = 12;

/** @throws {Violation} when something acknowledged is gone, or a batch is torn */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const { folder, kills, seed, progress } = options;
  await buildPrograms(folder);
  const random = seededRandom(seed, 'kills');
  const directory = join(folder, 'store');
  const expected = join(folder, 'expected');
  rmSync(directory, { recursive: true, force: true });
  writeFileSync(expected, '');
  let killsWhileOpening = 0;
  let last = -1;
  for (let kill = 1; kill <= kills; kill += 1) {
    const wait =
      kill % 3 === 0
        ? { openingMs: drawInteger(random, 0, LONGEST_OPENING_MS) }
        : { acknowledged: drawInteger(random, 1, MOST_ACKNOWLEDGED) };
    const hadOpened = await writeAndKill(folder, [directory, expected], wait);
    if (!hadOpened) killsWhileOpening += 1;
    // Two kills in a row now and then, with no recovery in between that went well.
    if (kill % 3 !== 2 || kill === kills) last = await check(directory, noted(expected));
    progress?.(`${kill} of ${kills} kills`);
  }
  return { kills, killsWhileOpening, batches: last + 1 };
}

async function buildPrograms(folder: string): Promise<void> {
  const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await build({
    config: false,
    entry: { writer: source('writer.ts') },
    outDir: folder,
    format: 'esm',
    target: 'es2023',
    platform: 'node',
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/^@ds\//],
    silent: true,
    esbuildOptions: (options) => {
      options.conditions = ['@ds/source'];
    },
  });
}

/** Runs the writer and kills it; says whether it had opened the store. */
async function writeAndKill(
  folder: string,
  parameters: readonly string[],
  wait: { readonly openingMs?: number; readonly acknowledged?: number },
): Promise<boolean> {
  const child = spawn(process.execPath, [join(folder, 'writer.mjs'), ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let hadOpened = false;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'opening' && wait.openingMs !== undefined) {
      setTimeout(() => child.kill('SIGKILL'), wait.openingMs);
    } else if (line === 'opened') hadOpened = true;
    else if (line === 'done') seen += 1;
    if (seen === wait.acknowledged) child.kill('SIGKILL');
  }
  await ended;
  if (child.signalCode !== 'SIGKILL') {
    throw new Violation(`the writer ended by itself, with code ${child.exitCode}`);
  }
  return hadOpened;
}

/** The newest batch that was acknowledged; -1 for none. */
function noted(expected: string): number {
  if (!existsSync(expected)) return -1;
  // A kill may cut the last line.
  const lines = readFileSync(expected, 'utf8').split('\n').slice(0, -1);
  return Math.max(-1, ...lines.map(Number));
}

async function check(directory: string, acknowledged: number): Promise<number> {
  const store = await openBtreeStore({ ...TINY, directory, fileSystem: nodeFileSystem() });
  try {
    const found = new Map<string, string>();
    for (const { key, value } of store.range()) found.set(toText(key), toText(value));
    const last = Number(found.get('#') ?? -1);
    if (last < acknowledged) throw new Violation(`batch ${acknowledged} is gone, last is ${last}`);
    const wanted = contentsAfterBatch(last);
    for (const key of new Set([...found.keys(), ...wanted.keys()])) {
      if (found.get(key) === wanted.get(key)) continue;
      throw new Violation(`after batch ${last} '${key}' is '${found.get(key)}'`);
    }
    store.verify();
    return last;
  } finally {
    await store.close();
  }
}
