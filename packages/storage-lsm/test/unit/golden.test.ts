/**
 * Stores written by every released version of the format open for ever.
 *
 * The files lie in test/golden/. To write those of a folder that is not there yet:
 * `DS_WRITE_GOLDEN=1 npx vitest run packages/storage-lsm/test/unit/golden.test.ts`
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Batch } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { expect, it } from 'vitest';
import { parseFileName } from '../../src/files/file-names.ts';
import { type LsmStoreOptions, openLsmStore } from '../../src/index.ts';
import { deflateCodec } from '../../src/node.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

const SMALL = { ...TINY, memtableBytes: 1024, tableBytes: 2048, directory: 'd' };

interface Variant {
  readonly folder: URL;
  readonly options: typeof SMALL & Pick<LsmStoreOptions, 'compression'>;
  /** Written last, once before a merge and once into the log. */
  readonly last: Batch;
}

const VARIANTS: Record<string, Variant> = {
  v1: { folder: new URL('../golden/v1/', import.meta.url), options: SMALL, last: [] },
  'v1-deflate': {
    folder: new URL('../golden/v1-deflate/', import.meta.url),
    options: { ...SMALL, compression: deflateCodec() },
    last: [] as Batch,
  },
  // Deleted ranges in a table and in the log.
  'v1-ranges': {
    folder: new URL('../golden/v1-ranges/', import.meta.url),
    options: SMALL,
    last: [{ type: 'deleteRange', gte: text('key 010'), lt: text('key 02') }],
  },
};

const contents = (): [string, string][] =>
  Array.from({ length: 40 }, (_, i) => [
    `key ${String(i).padStart(3, '0')}`,
    i % 7 === 0 ? '' : `value ${i} `.repeat((i % 5) + 1),
  ]);

it.each(Object.entries(VARIANTS))('opens what %s wrote', async (_, variant) => {
  const { folder, options, last } = variant;
  if (process.env.DS_WRITE_GOLDEN && !existsSync(folder)) await writeGolden(variant);
  const fileSystem = new MemoryFileSystem();
  fileSystem.mkdir('d');
  const kinds = new Set<string | undefined>();
  for (const name of readdirSync(folder)) {
    kinds.add(parseFileName(name)?.kind);
    const file = fileSystem.open(`d/${name}`, { mode: 'create' });
    file.write(0, readFileSync(new URL(name, folder)));
    file.close();
  }
  expect([...kinds].sort()).toEqual(['current', 'log', 'manifest', 'table']);
  await using store = await openLsmStore({ ...options, fileSystem });
  const found = [...store.range()].map(({ key, value }) => [toText(key), toText(value)]);
  const isLeft = (key: string): boolean => last.length === 0 || key < 'key 010' || key >= 'key 02';
  expect(found).toEqual(contents().filter(([key]) => isLeft(key)));
  expect(store.get(text('deleted'))).toBe(undefined);
});

/** The store of {@link contents}, and `last` both in a table and in the log. */
async function writeGolden({ folder, options, last }: Variant): Promise<void> {
  const fileSystem = new MemoryFileSystem();
  const store = await openLsmStore({ ...options, fileSystem });
  for (const [key, value] of contents()) {
    await store.write([
      { type: 'put', key: text('deleted'), value: text(key) },
      { type: 'put', key: text(key), value: text(value) },
      { type: 'delete', key: text('deleted') },
    ]);
  }
  if (last.length > 0) {
    // It keeps the deleted ranges in the tables.
    using _ = store.snapshot();
    await store.write(last);
    await store.compactRange();
    await store.write([{ type: 'put', key: text('key 015'), value: text('again') }, ...last]);
  }
  await store.close();
  mkdirSync(folder, { recursive: true });
  for (const name of fileSystem.list('d')) {
    if (name === 'LOCK') continue;
    const file = fileSystem.open(`d/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    writeFileSync(new URL(name, folder), bytes);
  }
}
