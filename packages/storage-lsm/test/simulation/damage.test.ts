/** Bit rot: a bit flipped in every byte of every file gives the exact right data, or an error. */
import { type FileSystem, StorageError } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { parseFileName } from '../../src/file-names.ts';
import { openWithDecisions } from '../../src/open.ts';
import { PLANTED_BUGS } from '../planted.ts';
import { TINY } from '../tiny.ts';
import { text, toText } from './workload.ts';

type Files = ReadonlyMap<string, Uint8Array>;

const OPTIONS = { ...TINY, memtableBytes: 1024, tableBytes: 1024, logPreallocateBytes: 64 };
const ENTRIES = 22;

const valueText = (i: number): string => `value ${i} `.padEnd(40, 'v');
const keyText = (i: number): string => `key ${String(i).padStart(3, '0')}`;

/** The files of a store with tables, a log with records and a manifest with edits. */
async function makeStore(isClosed: boolean): Promise<Files> {
  const fileSystem = new MemoryFileSystem();
  const store = await openWithDecisions({ ...OPTIONS, fileSystem, directory: 'd' }, SAFE_DECISIONS);
  for (let i = 0; i < ENTRIES; i += 1) {
    await store.write([{ type: 'put', key: text(keyText(i)), value: text(valueText(i)) }], {
      durable: true,
    });
    await store.write([
      { type: 'delete', key: text('gone') },
      { type: 'deleteRange', gte: text('h'), lt: text('i') },
    ]);
  }
  await store.sync();
  // The background and the mark behind the last group come in their own turns.
  for (let turn = 0; turn < 200; turn += 1) await undefined;
  if (isClosed) await store.close();
  return readFiles(fileSystem);
}

function readFiles(fileSystem: FileSystem): Files {
  const files = new Map<string, Uint8Array>();
  for (const name of fileSystem.list('d')) {
    const file = fileSystem.open(`d/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    if (parseFileName(name)?.kind !== 'lock') files.set(name, bytes);
  }
  return files;
}

/** What opening and reading everything gives: `right`, `wrong`, or an error's code. */
async function readAll(files: Files, decisions: SafetyDecisions): Promise<string> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.mkdir('d');
  for (const [name, bytes] of files) {
    fileSystem.open(`d/${name}`, { mode: 'create' }).write(0, bytes);
  }
  try {
    const store = await openWithDecisions({ ...OPTIONS, fileSystem, directory: 'd' }, decisions);
    const found = [...store.range()].map(({ key, value }) => `${toText(key)}=${toText(value)}`);
    const expected = Array.from({ length: ENTRIES }, (_, i) => `${keyText(i)}=${valueText(i)}`);
    let isRight = found.join() === expected.join();
    for (let i = 0; i < ENTRIES; i += 1) {
      const value = store.get(text(keyText(i)));
      isRight &&= value !== undefined && toText(value) === valueText(i);
    }
    await store.close();
    return isRight ? 'right' : 'wrong';
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code === 'STORAGE_CORRUPT' || error.code === 'STORAGE_FORMAT') {
      expect(error.path).toBeTypeOf('string');
      expect(error.offset).toBeTypeOf('number');
    }
    return error.code;
  }
}

async function* damaged(files: Files, step: number): AsyncGenerator<[string, Files]> {
  for (const [name, bytes] of files) {
    for (let position = 0; position < bytes.length; position += step) {
      const copy = bytes.slice();
      copy[position]! ^= 1 << ((position * 5) % 8);
      yield [`${name} byte ${position}`, new Map(files).set(name, copy)];
    }
  }
}

const ALLOWED = ['right', 'STORAGE_CORRUPT', 'STORAGE_FORMAT'];

describe('a flipped bit in any byte', () => {
  for (const isClosed of [true, false]) {
    it(`${isClosed ? 'of a closed store' : 'after a kill'} is noticed or harmless`, async () => {
      const files = await makeStore(isClosed);
      const kinds = new Set([...files.keys()].map((name) => parseFileName(name)?.kind));
      expect([...kinds].sort()).toEqual(['current', 'log', 'manifest', 'table']);
      expect(await readAll(files, SAFE_DECISIONS)).toBe('right');
      const counts = new Map<string, number>();
      for await (const [what, damage] of damaged(files, isClosed ? 1 : 3)) {
        const outcome = await readAll(damage, SAFE_DECISIONS);
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        if (!ALLOWED.includes(outcome)) throw new Error(`${what}: ${outcome}`);
      }
      expect(counts.get('STORAGE_CORRUPT')).toBeGreaterThan(500);
    }, 120_000);
  }

  it('is served as data where checksums are ignored (planted)', async () => {
    const files = await makeStore(true);
    const { decisions } = PLANTED_BUGS['checksums are not compared']!;
    const outcomes = new Set<string>();
    for await (const [, damage] of damaged(files, 7)) {
      outcomes.add(await readAll(damage, decisions!).catch(() => 'crashed'));
    }
    expect(outcomes).toContain('wrong');
  }, 60_000);
});

it('a file cut short anywhere, or missing, is noticed or harmless', async () => {
  const files = await makeStore(true);
  for (const [name, bytes] of files) {
    const without = new Map(files);
    without.delete(name);
    expect(await readAll(without, SAFE_DECISIONS), `without ${name}`).toBe('STORAGE_CORRUPT');
    for (let length = 0; length < bytes.length; length += 3) {
      const cut = new Map(files).set(name, bytes.slice(0, length));
      const outcome = await readAll(cut, SAFE_DECISIONS);
      expect(ALLOWED, `${name} cut to ${length}: ${outcome}`).toContain(outcome);
    }
  }
}, 60_000);
