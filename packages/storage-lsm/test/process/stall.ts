/**
 * Loads random records and prints the longest times for which nothing else could run:
 * `node stall.mjs DIRECTORY [RECORDS] [inline]`.
 *
 * A loop of its own, which asks for nothing but its next turn, sees how long the turns take: a
 * writer that waits for room stalls nobody but itself.
 */
import { readFileSync } from 'node:fs';
import type { Operation } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import { openLsmStore } from '../../src/index.ts';
import { workerCompactor } from '../../src/node.ts';

const [directory = 'stall', recordsText = '1000000', mode = 'worker'] = process.argv.slice(2);
const BATCH = 100;
const VALUE_BYTES = 100;
const POOL_VALUES = 10_000;

let state = 1;
// Values are windows of one pool: an array for each would be garbage of the program's own.
const pool = Uint8Array.from({ length: POOL_VALUES * VALUE_BYTES }, randomByte);
const records = Number(recordsText);
const program = new URL('compaction-worker.mjs', import.meta.url);
const store = await openLsmStore({
  directory,
  fileSystem: nodeFileSystem(),
  compactor: mode === 'worker' ? workerCompactor({ program }) : undefined,
});
const stalls: { ms: number; wallMs: number; ranMs: number; task: string }[] = [];
let last = now();
let isLoading = true;
setImmediate(watch);
const started = performance.now();
for (let written = 0; written < records; written += BATCH) {
  const batch: Operation[] = [];
  for (let i = 0; i < BATCH; i += 1) batch.push(record());
  await store.write(batch);
  await new Promise(setImmediate);
}
const loadMs = performance.now() - started;
while (store.status().task !== 'idle') await new Promise(setImmediate);
isLoading = false;
stalls.sort((a, b) => b.ms - a.ms);
const { merges, moves, flushes, failedJobs } = store.status();
process.stdout.write(
  `${JSON.stringify({
    mode,
    records,
    loadMs: Math.round(loadMs),
    merges,
    moves,
    flushes,
    failedJobs,
    longestWallMs: Math.max(0, ...stalls.map(({ wallMs }) => wallMs)),
    longestComputingMs: Math.max(0, ...stalls.map(({ ranMs }) => ranMs)),
    longestStallsMs: stalls.slice(0, 8).map(({ ms, task }) => `${ms.toFixed(1)} ${task}`),
  })}\n`,
);
await store.close();

/** Sees at each turn of the event loop how long the one before has taken. */
function watch(): void {
  const before = last;
  last = now();
  const wallMs = last.wallMs - before.wallMs;
  if (wallMs > 5) {
    // What this thread spent waiting for a core is no doing of the store.
    const ms = wallMs - (last.queuedMs - before.queuedMs);
    const { task } = store.status();
    stalls.push({ ms, wallMs, ranMs: last.ranMs - before.ranMs, task });
  }
  if (isLoading) setImmediate(watch);
}

/** How long this thread has run and waited for a core so far; Linux alone tells, others say 0. */
function now(): { wallMs: number; ranMs: number; queuedMs: number } {
  const wallMs = performance.now();
  if (process.platform !== 'linux') return { wallMs, ranMs: 0, queuedMs: 0 };
  const times = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return { wallMs, ranMs: Number(times[0]) / 1e6, queuedMs: Number(times[1]) / 1e6 };
}

/** A linear congruential generator (Numerical Recipes): enough to spread keys. */
function randomByte(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state >>> 24;
}

function record(): Operation {
  const key = new Uint8Array(16);
  for (let i = 0; i < 16; i += 1) key[i] = randomByte();
  const start = (key[15]! * 256 + key[14]!) % (pool.length - VALUE_BYTES);
  const value = pool.subarray(start, start + VALUE_BYTES);
  return { type: 'put', key, value };
}
