/** Bit rot: a bit flipped in every byte of every file gives the exact right data, or an error. */
import { type FileSystem, StorageError } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { openWithDecisions } from '../../src/open.ts';
import { PLANTED_BUGS } from '../planted.ts';
import { TINY } from '../tiny.ts';
import { fileKind } from './coverage.ts';
import { text, toText } from './workload.ts';

type Files = ReadonlyMap<string, Uint8Array>;

const OPTIONS = { ...TINY, bufferBytes: 65_536, extentBytes: 0, logPreallocateBytes: 64 };
const ENTRIES = 24;

/** Some values are too large for a page. */
const valueText = (i: number): string => `value ${i} `.padEnd(i % 20 === 7 ? 600 : 40, 'v');
const keyText = (i: number): string => `key ${String(i).padStart(3, '0')}`;

/** The files of a store, closed, or as a kill leaves them: some entries in the log alone. */
async function makeStore(isClosed: boolean): Promise<Files> {
  const fileSystem = new MemoryFileSystem();
  const store = await openWithDecisions({ ...OPTIONS, fileSystem, directory: 'd' }, SAFE_DECISIONS);
  for (let i = 0; i < ENTRIES; i += 1) {
    const put = { type: 'put' as const, key: text(keyText(i)), value: text(valueText(i)) };
    await store.write([put, { type: 'put', key: text('gone'), value: text('x') }]);
    await store.write([{ type: 'delete', key: text('gone') }], { durable: i % 5 === 4 });
    if (i % 8 === 7 && i < 20) await store.checkpoint();
  }
  await store.sync();
  // The mark behind the last group comes in its own turn.
  for (let turn = 0; turn < 20; turn += 1) await undefined;
  if (isClosed) await store.close();
  return readFiles(fileSystem);
}

function readFiles(fileSystem: FileSystem): Files {
  const files = new Map<string, Uint8Array>();
  for (const name of fileSystem.list('d')) {
    if (fileKind(name) !== 'data' && fileKind(name) !== 'log') continue;
    const file = fileSystem.open(`d/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    files.set(name, bytes);
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
    let isRight = found.join() === expected.join() && store.countRange() === ENTRIES;
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

/** A bit in every byte, though of the heads' thousands of zeros only in some. */
function* damaged(files: Files, step = 1): Generator<[string, Files]> {
  for (const [name, bytes] of files) {
    for (let position = 0; position < bytes.length; position += step) {
      const inHead = position % 4096;
      const isInHeads = fileKind(name) === 'data' && position < 8192;
      if (isInHeads && inHead > 128 && inHead < 4090 && position % 16 !== 0) continue;
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
      expect(await readAll(files, SAFE_DECISIONS)).toBe('right');
      const counts = new Map<string, number>();
      for (const [what, damage] of damaged(files)) {
        const outcome = await readAll(damage, SAFE_DECISIONS);
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        if (!ALLOWED.includes(outcome)) throw new Error(`${what}: ${outcome}`);
      }
      expect(counts.get('STORAGE_CORRUPT')).toBeGreaterThan(2000);
      // Either head may be damaged, as long as the other is whole.
      expect(counts.get('right')).toBeGreaterThan(500);
    }, 120_000);
  }

  it('is served as data where checksums are ignored (planted)', async () => {
    const files = await makeStore(true);
    const { decisions } = PLANTED_BUGS['checksums are not compared']!;
    const outcomes = new Set<string>();
    for (const [, damage] of damaged(files, 7)) {
      outcomes.add(await readAll(damage, decisions!).catch(() => 'crashed'));
    }
    expect(outcomes).toContain('wrong');
  }, 60_000);
});

it('a file cut short anywhere, or missing, is noticed or harmless', async () => {
  for (const isClosed of [true, false]) {
    const files = await makeStore(isClosed);
    for (const [name, bytes] of files) {
      for (let length = 0; length < bytes.length; length += 29) {
        const cut = new Map(files).set(name, bytes.slice(0, length));
        const outcome = await readAll(cut, SAFE_DECISIONS);
        const allowed = isClosed || fileKind(name) === 'data' ? ALLOWED : [...ALLOWED, 'wrong'];
        expect(allowed, `${name} cut to ${length}: ${outcome}`).toContain(outcome);
      }
      const without = new Map(files);
      without.delete(name);
      const outcome = await readAll(without, SAFE_DECISIONS);
      // A log may be one that is kept to be used again.
      const expected = fileKind(name) === 'data' ? [] : ['right'];
      expect(['STORAGE_CORRUPT', ...expected], `without ${name}`).toContain(outcome);
    }
  }
}, 60_000);
