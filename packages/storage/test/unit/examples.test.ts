import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryFileSystem } from '@ds/storage/memory';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

let directory: string;
const { argv } = process;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ds-example-'));
});
afterAll(() => {
  process.argv = argv;
  rmSync(directory, { recursive: true, force: true });
});

it('the counter counts on, on a disk and in memory', async () => {
  process.argv = [argv[0]!, 'counter', directory];
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { increment } = await import('../../examples/counter.ts');
  expect(log).toHaveBeenCalledWith('run 1');
  log.mockRestore();
  expect(readdirSync(directory).sort()).toEqual(['count', 'lock', 'lock.1']);
  const fileSystem = new MemoryFileSystem();
  expect(await increment(fileSystem, '/data')).toBe(1);
  expect(await increment(fileSystem, '/data')).toBe(2);
});
