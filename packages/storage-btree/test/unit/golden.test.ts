/**
 * Stores written by every released version of the format open for ever.
 *
 * The files lie in test/golden/. To write those of a folder that is not there yet:
 * `DS_WRITE_GOLDEN=1 npx vitest run packages/storage-btree/test/unit/golden.test.ts`
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { MemoryFileSystem } from '@ds/storage/memory';
import { expect, it } from 'vitest';
import { openBtreeStore } from '../../src/index.ts';
import { text, toText } from '../text.ts';

const OPTIONS = { directory: 'd', pageBytes: 1024, extentBytes: 0, logPreallocateBytes: 0 };
const FOLDER = new URL('../golden/v1/', import.meta.url);

/** Enough for branches, values of all lengths, and one that does not fit into a page. */
const contents = (): [string, string][] =>
  Array.from({ length: 90 }, (_, i) => [
    `key ${String(i).padStart(3, '0')}`,
    i === 44 ? 'large '.repeat(400) : i % 7 === 0 ? '' : `value ${i} `.repeat((i % 40) + 1),
  ]);

it('opens what version 1 wrote, tree and log', async () => {
  if (process.env.DS_WRITE_GOLDEN && !existsSync(FOLDER)) await writeGolden();
  const fileSystem = new MemoryFileSystem();
  fileSystem.mkdir('d');
  const names = readdirSync(FOLDER);
  expect(names.map((name) => name.slice(-4))).toEqual(['.log', 'data']);
  for (const name of names) {
    const file = fileSystem.open(`d/${name}`, { mode: 'create' });
    file.write(0, readFileSync(new URL(name, FOLDER)));
    file.close();
  }
  await using store = await openBtreeStore({ ...OPTIONS, fileSystem });
  const found = [...store.range()].map(({ key, value }) => [toText(key), toText(value)]);
  const isLeft = (key: string): boolean => key < 'key 010' || key >= 'key 02';
  expect(found).toEqual(contents().filter(([key]) => isLeft(key)));
  expect(store.countRange()).toBe(80);
  store.verify();
});

/** The first part of it in the tree, the rest and a deleted range in the log. */
async function writeGolden(): Promise<void> {
  const fileSystem = new MemoryFileSystem();
  const store = await openBtreeStore({ ...OPTIONS, fileSystem });
  for (const [i, [key, value]] of contents().entries()) {
    await store.write([
      { type: 'put', key: text('deleted'), value: text(key) },
      { type: 'put', key: text(key), value: text(value) },
      { type: 'delete', key: text('deleted') },
    ]);
    if (i === 70) await store.checkpoint();
  }
  await store.write([{ type: 'deleteRange', gte: text('key 010'), lt: text('key 02') }], {
    durable: true,
  });
  mkdirSync(FOLDER, { recursive: true });
  for (const name of fileSystem.list('d')) {
    const file = fileSystem.open(`d/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    if (/^tree\.data$/.test(name) || isNewest(name, fileSystem)) {
      writeFileSync(new URL(name, FOLDER), bytes);
    }
  }
  await store.close();
}

function isNewest(name: string, fileSystem: MemoryFileSystem): boolean {
  return name === fileSystem.list('d').findLast((each) => each.endsWith('.log'));
}
