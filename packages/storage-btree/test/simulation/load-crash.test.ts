/**
 * A bulk load of several slices meets a power cut at its calls. What was there before is there
 * after, of what was loaded some first part, and all of it once the load has resolved.
 */
import { SimDisk, seededRandom } from '@ds/sim';
import type { Entry } from '@ds/storage';
import { expect, it } from 'vitest';
import { type BtreeStore, openBtreeStore } from '../../src/index.ts';
import { seedsFrom } from '../seeds.ts';
import { text, toText } from '../text.ts';

const ENTRIES = 700;
/** Three slices of half a MiB, the last one not full. */
const VALUE = new Uint8Array(2000).fill(7);
const POINTS = 40;

function* loaded(): Generator<Entry> {
  for (let i = 0; i < ENTRIES; i += 1) yield { key: text(`load ${1000 + i}`), value: VALUE };
}

/** Loads, with a power cut at the call that comes `callIndex` calls after the load began. */
async function run(
  seed: number,
  callIndex: number,
): Promise<{ calls: number; isDone: boolean; found: string[] }> {
  const disk = new SimDisk({ random: seededRandom(seed * 65_536 + callIndex) });
  const open = (): Promise<BtreeStore> =>
    openBtreeStore({
      ...{ fileSystem: disk.fileSystem(), directory: 'd' },
      ...{ pageBytes: 1024, cacheBytes: 65_536, bufferBytes: 65_536, extentBytes: 65_536 },
    });
  const store = await open();
  await store.write([{ type: 'put', key: text('before'), value: VALUE }], { durable: true });
  const begin = disk.calls;
  disk.failAt(begin + callIndex, 'crash');
  let isDone = false;
  await store.bulkLoad(loaded()).then(
    () => {
      isDone = true;
    },
    () => {},
  );
  const calls = disk.calls - begin;
  if (calls <= callIndex) disk.crash();
  await store.close().catch(() => {});
  await using again = await open();
  again.verify();
  return { calls, isDone, found: [...again.range()].map(({ key }) => toText(key)) };
}

for (const seed of seedsFrom(1, 2)) {
  it(`leaves a first part of it (seed ${seed})`, async () => {
    const all = ['before', ...[...loaded()].map(({ key }) => toText(key))];
    const { calls, isDone, found } = await run(seed, Number.MAX_SAFE_INTEGER);
    expect(isDone).toBe(true);
    expect(found).toEqual(all);
    const parts = new Set<number>();
    for (let point = 0; point < POINTS; point += 1) {
      const callIndex = Math.floor((point * calls) / POINTS);
      const cut = await run(seed, callIndex);
      expect(cut.isDone).toBe(false);
      expect(cut.found).toEqual(all.slice(0, cut.found.length));
      expect(cut.found).toContain('before');
      parts.add(cut.found.length);
    }
    expect(Math.min(...parts)).toBe(1);
  }, 60_000);
}
