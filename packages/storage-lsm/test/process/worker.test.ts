/** Merging in a real thread: the data comes out the same, also when the thread cannot start. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { nodeFileSystem } from '@ds/storage/node';
import { build } from 'tsup';
import { afterAll, beforeAll, expect, it } from 'vitest';
// @boundaries-ignore how tests build programs is decided once, at the root
import program from '../../../../tsup.program.ts';
import { type LsmStatus, openLsmStore } from '../../src/index.ts';
import { workerCompactor } from '../../src/node.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

const KEYS = 700;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-worker-'));
  const worker = new URL('../../src/compaction-worker.ts', import.meta.url);
  await build(program({ 'compaction-worker': fileURLToPath(worker) }, folder));
  writeFileSync(join(folder, 'broken.mjs'), 'throw new Error("no thread today");');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('merges in the thread what the store holds, deleted ranges included', async () => {
  const { merges, failedJobs } = await fill('compaction-worker.mjs', 'store');
  expect(merges).toBeGreaterThan(3);
  expect(failedJobs).toBe(0);
}, 60_000);

it('merges on its own where the thread dies', async () => {
  const { merges, failedJobs } = await fill('broken.mjs', 'other');
  expect(failedJobs).toBe(merges);
  expect(merges).toBeGreaterThan(3);
}, 60_000);

it('ends a thread that has nothing to do, and starts another for the next merge', async () => {
  const threads: Worker[] = [];
  const onThread = (thread: Worker): void => void threads.push(thread);
  process.on('worker', onThread);
  const compactor = workerCompactor({
    program: pathToFileURL(join(folder, 'compaction-worker.mjs')),
  });
  const directory = join(folder, 'idle');
  await using store = await openLsmStore({ directory, fileSystem: nodeFileSystem(), compactor });
  const merge = async (value: string): Promise<void> => {
    await store.write([{ type: 'put', key: text('key'), value: text(value) }]);
    await store.compactRange();
    // Written over: a merge of two tables, which no move of one can do.
    await store.write([{ type: 'put', key: text('key'), value: text(`${value}, again`) }]);
    await store.compactRange();
  };
  await merge('first');
  expect(threads).toHaveLength(1);
  await once(threads[0]!, 'exit');
  await merge('second');
  process.off('worker', onThread);
  expect(threads).toHaveLength(2);
  expect(store.status().failedJobs).toBe(0);
  expect(toText(store.get(text('key'))!)).toBe('second, again');
}, 60_000);

/** Fills a store through a thread that runs `worker`, and checks it, also after opening again. */
async function fill(worker: string, name: string): Promise<LsmStatus> {
  const directory = join(folder, name);
  const options = { ...TINY, directory, fileSystem: nodeFileSystem() };
  const compactor = workerCompactor({ program: pathToFileURL(join(folder, worker)) });
  const store = await openLsmStore({ ...options, compactor });
  for (let round = 0; round < 4; round += 1) {
    for (let i = 0; i < KEYS; i += 1) {
      const key = text(`key ${String((i * 379) % KEYS).padStart(4, '0')}`);
      await store.write([{ type: 'put', key, value: text(`round ${round}`) }]);
    }
    await store.write([{ type: 'deleteRange', gte: text('key 0100'), lt: text('key 0200') }]);
  }
  await store.compactRange();
  const status = store.status();
  const expected = Array.from({ length: KEYS }, (_, i) => `key ${String(i).padStart(4, '0')}`);
  expected.splice(100, 100);
  const check = (entries: Iterable<{ key: Uint8Array; value: Uint8Array }>): void => {
    const found = [...entries];
    expect(found.map(({ key }) => toText(key))).toEqual(expected);
    expect(found.every(({ value }) => toText(value) === 'round 3')).toBe(true);
  };
  check(store.range());
  await store.close();
  await using again = await openLsmStore(options);
  check(again.range());
  return status;
}
