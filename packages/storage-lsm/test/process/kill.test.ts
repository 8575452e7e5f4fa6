/** kill -9: a process writes, says what is durable, is killed at any moment, and starts again. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@ds/sim';
import { nodeFileSystem } from '@ds/storage/node';
import { build } from 'tsup';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLsmStore } from '../../src/index.ts';
import { seedsFrom } from '../seeds.ts';
import { drawInteger } from '../simulation/draw.ts';
import { text, toText } from '../simulation/workload.ts';
import { TINY } from '../tiny.ts';

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-kill-'));
  await build({
    config: false,
    entry: [fileURLToPath(new URL('writer.ts', import.meta.url))],
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
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('loses nothing durable and tears no batch, however often it is killed', async () => {
  const random = seededRandom(7);
  const directory = join(folder, 'store');
  let durable = -1;
  for (const _ of seedsFrom(1, 6)) {
    const acknowledged = await writeAndKill(directory, drawInteger(random, 5, 150));
    durable = Math.max(durable, ...acknowledged);
    const store = await openLsmStore({ ...TINY, directory, fileSystem: nodeFileSystem() });
    try {
      const last = Number(toText(store.get(text('#'))!));
      expect(last).toBeGreaterThanOrEqual(durable);
      for (let key = 0; key < 100; key += 1) {
        // The newest batch up to `last` that wrote this key.
        const index = last - ((((last - key) % 100) + 100) % 100);
        const value = store.get(text(`key ${key}`));
        expect(value && toText(value)).toBe(index < 0 ? undefined : `${index} `.repeat(20));
      }
      const halves = [...store.range({ gte: text('half '), lt: text('half!') })];
      const wanted = Array.from({ length: Math.min(50, last + 1) }, (_, i) => `half ${last - i}`);
      expect(halves.map(({ key }) => toText(key)).sort()).toEqual(wanted.sort());
    } finally {
      await store.close();
    }
  }
  expect(durable).toBeGreaterThan(50);
}, 60_000);

/** Runs the writer until it has said `lines` lines, kills it, and gives what it said is durable. */
async function writeAndKill(directory: string, lines: number): Promise<number[]> {
  const child = spawn(process.execPath, [join(folder, 'writer.mjs'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const durable: number[] = [];
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    seen += 1;
    const [word, number] = line.split(' ');
    if (word === 'durable') durable.push(Number(number));
    if (seen === lines) child.kill('SIGKILL');
  }
  expect(seen).toBeGreaterThanOrEqual(lines);
  return durable;
}
