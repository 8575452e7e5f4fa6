/** Bit rot: a bit flipped in every byte of the file gives the exact right data, or an error. */
import { StorageError } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { openWithDecisions } from '../../src/open.ts';
import { TINY } from '../tiny.ts';
import { CHECKSUMS_IGNORED } from './planted.ts';
import { text, toText } from './workload.ts';

const PATH = 'd/tree.data';
const ENTRIES = 24;

/** Some values are too large for a page. */
const valueText = (i: number): string => `value ${i} `.padEnd(i % 20 === 7 ? 600 : 40, 'v');
const keyText = (i: number): string => `key ${String(i).padStart(3, '0')}`;

/** The file of a store, closed or as a kill leaves it. */
async function makeFile(isClosed: boolean): Promise<Uint8Array> {
  const fileSystem = new MemoryFileSystem();
  const options = { ...TINY, extentBytes: 0, fileSystem, directory: 'd' };
  const store = await openWithDecisions(options, SAFE_DECISIONS);
  for (let i = 0; i < ENTRIES; i += 1) {
    const put = { type: 'put' as const, key: text(keyText(i)), value: text(valueText(i)) };
    await store.write([put, { type: 'put', key: text('gone'), value: text('x') }]);
    await store.write([{ type: 'delete', key: text('gone') }], { durable: i % 10 === 9 });
  }
  await store.sync();
  if (isClosed) await store.close();
  const file = fileSystem.open(PATH, { mode: 'read' });
  const bytes = new Uint8Array(file.size());
  file.read(0, bytes);
  return bytes;
}

/** What opening and reading everything gives: `right`, `wrong`, or an error's code. */
async function readAll(bytes: Uint8Array, decisions: SafetyDecisions): Promise<string> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.mkdir('d');
  fileSystem.open(PATH, { mode: 'create' }).write(0, bytes);
  try {
    const options = { ...TINY, extentBytes: 0, fileSystem, directory: 'd' };
    const store = await openWithDecisions(options, decisions);
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
function* damaged(bytes: Uint8Array, step = 1): Generator<[number, Uint8Array]> {
  for (let position = 0; position < bytes.length; position += step) {
    const inHead = position % 4096;
    if (position < 8192 && inHead > 128 && inHead < 4090 && position % 16 !== 0) continue;
    const copy = bytes.slice();
    copy[position]! ^= 1 << ((position * 5) % 8);
    yield [position, copy];
  }
}

const ALLOWED = ['right', 'STORAGE_CORRUPT', 'STORAGE_FORMAT'];

describe('a flipped bit in any byte', () => {
  for (const isClosed of [true, false]) {
    it(`${isClosed ? 'of a closed store' : 'after a kill'} is noticed or harmless`, async () => {
      const bytes = await makeFile(isClosed);
      expect(await readAll(bytes, SAFE_DECISIONS)).toBe('right');
      const counts = new Map<string, number>();
      for (const [position, damage] of damaged(bytes)) {
        const outcome = await readAll(damage, SAFE_DECISIONS);
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        if (!ALLOWED.includes(outcome)) throw new Error(`byte ${position}: ${outcome}`);
      }
      expect(counts.get('STORAGE_CORRUPT')).toBeGreaterThan(2000);
      // Either head may be damaged, as long as the other is whole.
      expect(counts.get('right')).toBeGreaterThan(500);
    }, 120_000);
  }

  it('is served as data where checksums are ignored (planted)', async () => {
    const bytes = await makeFile(true);
    const outcomes = new Set<string>();
    for (const [, damage] of damaged(bytes, 7)) {
      outcomes.add(await readAll(damage, CHECKSUMS_IGNORED).catch(() => 'crashed'));
    }
    expect(outcomes).toContain('wrong');
  }, 60_000);
});

it('a file cut short anywhere is noticed or harmless', async () => {
  const bytes = await makeFile(true);
  for (let length = 0; length < bytes.length; length += 29) {
    const outcome = await readAll(bytes.slice(0, length), SAFE_DECISIONS);
    expect(ALLOWED, `cut to ${length}: ${outcome}`).toContain(outcome);
  }
}, 60_000);
