/**
 * Loads random records and prints the longest time for which nothing else could run, and the CPU
 * it took: `node stall.mjs DIRECTORY [RECORDS] [inline]`. Build it with `build-program.ts`.
 */
import { readFileSync } from 'node:fs';
import type { Operation } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import { openLsmStore } from '../../src/index.ts';
import { workerCompactor } from '../../src/node.ts';

const [directory = 'stall', recordsText = '1000000', mode = 'worker'] = process.argv.slice(2);
const BATCH = 100;
const VALUE_BYTES = 100;

let state = 1;
const records = Number(recordsText);
const program = new URL('compaction-worker.mjs', import.meta.url);
const store = await openLsmStore({
  directory,
  fileSystem: nodeFileSystem(),
  compactor: mode === 'worker' ? workerCompactor({ program }) : undefined,
});
const stalls: { ms: number; wallMs: number; task: string }[] = [];
let last: [number, number] = [performance.now(), queuedMs()];
const cpu = process.cpuUsage();
const started = performance.now();
for (let written = 0; written < records; written += BATCH) {
  const batch: Operation[] = [];
  for (let i = 0; i < BATCH; i += 1) batch.push(record());
  await store.write(batch);
  await turn();
}
const loadMs = performance.now() - started;
while (store.status().task !== 'idle') await turn();
const { user, system } = process.cpuUsage(cpu);
stalls.sort((a, b) => b.ms - a.ms);
const { merges, moves, flushes, failedJobs } = store.status();
process.stdout.write(
  `${JSON.stringify({
    mode,
    records,
    loadMs: Math.round(loadMs),
    cpuMicrosPerRecord: (user + system) / records,
    merges,
    moves,
    flushes,
    failedJobs,
    longestWallMs: Math.max(...stalls.map(({ wallMs }) => wallMs)),
    longestStallsMs: stalls.slice(0, 8).map(({ ms, task }) => `${ms.toFixed(1)} ${task}`),
  })}\n`,
);
await store.close();

/** Lets everything else run, and sees how long that was not so. */
async function turn(): Promise<void> {
  const { task } = store.status();
  await new Promise(setImmediate);
  const [from, queued] = last;
  last = [performance.now(), queuedMs()];
  const wallMs = last[0] - from;
  // What this thread spent waiting for a core is no doing of the store.
  if (wallMs > 5) stalls.push({ ms: wallMs - (last[1] - queued), wallMs, task });
}

/** How long this thread has waited for a core since it began; Linux alone tells, others say 0. */
function queuedMs(): number {
  if (process.platform !== 'linux') return 0;
  const [, waitedNs] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(waitedNs) / 1e6;
}

/** A linear congruential generator (Numerical Recipes): enough to spread keys. */
function randomByte(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state >>> 24;
}

function record(): Operation {
  const key = new Uint8Array(16);
  for (let i = 0; i < 16; i += 1) key[i] = randomByte();
  const value = new Uint8Array(VALUE_BYTES);
  for (let i = 0; i < VALUE_BYTES / 2; i += 1) value[i] = randomByte();
  return { type: 'put', key, value };
}
