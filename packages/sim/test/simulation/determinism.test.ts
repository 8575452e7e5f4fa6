import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runRegister } from './register-scenario.ts';

const SEEDS = Array.from({ length: 20 }, (_, i) => 1_000 + i);

async function hashesOf(seeds: readonly number[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const seed of seeds) hashes.push((await runRegister(seed)).hash);
  return hashes;
}

describe('one seed is one run', () => {
  it('twice in one process, and once more in another', async () => {
    const hashes = await hashesOf(SEEDS);
    expect(new Set(hashes).size).toBe(SEEDS.length);
    expect(await hashesOf(SEEDS)).toEqual(hashes);
    // Node cannot load these sources by itself; the loader of the test runner can.
    const child = fileURLToPath(new URL('./trace-hashes.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [child, SEEDS.join(',')]);
    expect(JSON.parse(stdout)).toEqual(hashes);
  });

  it('also when several worlds run side by side', async () => {
    const seeds = SEEDS.slice(0, 6);
    const alone = await hashesOf(seeds);
    const together = await Promise.all(seeds.map(async (seed) => (await runRegister(seed)).hash));
    expect(together).toEqual(alone);
  });
});
