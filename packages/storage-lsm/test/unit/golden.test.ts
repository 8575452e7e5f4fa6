/**
 * Stores written by every released version of the format open for ever.
 *
 * The files lie in test/golden/v1. To write those of a new version:
 * `DS_WRITE_GOLDEN=1 npx vitest run packages/storage-lsm/test/unit/golden.test.ts`
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { MemoryFileSystem } from '@ds/storage/memory';
import { expect, it } from 'vitest';
import { parseFileName } from '../../src/file-names.ts';
import { openLsmStore } from '../../src/index.ts';
import { text, toText } from '../simulation/workload.ts';
import { TINY } from '../tiny.ts';

const FOLDER = new URL('../golden/v1/', import.meta.url);
const OPTIONS = { ...TINY, memtableBytes: 1024, tableBytes: 2048, directory: 'd' };

const contents = (): [string, string][] =>
  Array.from({ length: 40 }, (_, i) => [
    `key ${String(i).padStart(3, '0')}`,
    i % 7 === 0 ? '' : `value ${i} `.repeat((i % 5) + 1),
  ]);

it('opens what version 1 wrote', async () => {
  if (process.env.DS_WRITE_GOLDEN) await writeGolden();
  const fileSystem = new MemoryFileSystem();
  fileSystem.mkdir('d');
  const kinds = new Set<string | undefined>();
  for (const name of readdirSync(FOLDER)) {
    kinds.add(parseFileName(name)?.kind);
    const file = fileSystem.open(`d/${name}`, { mode: 'create' });
    file.write(0, readFileSync(new URL(name, FOLDER)));
    file.close();
  }
  expect([...kinds].sort()).toEqual(['current', 'log', 'manifest', 'table']);
  await using store = await openLsmStore({ ...OPTIONS, fileSystem });
  const found = [...store.range()].map(({ key, value }) => [toText(key), toText(value)]);
  expect(found).toEqual(contents());
  expect(store.get(text('deleted'))).toBe(undefined);
});

async function writeGolden(): Promise<void> {
  const fileSystem = new MemoryFileSystem();
  const store = await openLsmStore({ ...OPTIONS, fileSystem });
  for (const [key, value] of contents()) {
    await store.write([
      { type: 'put', key: text('deleted'), value: text(key) },
      { type: 'put', key: text(key), value: text(value) },
      { type: 'delete', key: text('deleted') },
    ]);
  }
  await store.close();
  mkdirSync(FOLDER, { recursive: true });
  for (const name of fileSystem.list('d')) {
    if (name === 'LOCK') continue;
    const file = fileSystem.open(`d/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    writeFileSync(new URL(name, FOLDER), bytes);
  }
}
