/**
 * Memory that serves again, of blocks and of memtables: nobody may see another's bytes in it. Each
 * property is checked once more with a planted mistake, which it has to notice.
 */
import type { Memtable } from '@ds/storage/engine';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Table, TableLookup } from '../../src/table/table.ts';
import { MemtablePool } from '../../src/write/memtable-pool.ts';
import { text, toText } from '../text.ts';
import { filledStore, keyText, settled } from './filled.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Whether values stay as they were read while other blocks take the place of theirs. */
async function valuesStay(): Promise<boolean> {
  const { store, contents } = await filledStore({ blockCacheBytes: 2000 });
  await using _ = store;
  const values = store.getMany([...contents.keys()].map(text));
  return [...contents.values()].every((value, i) => toText(values[i]!) === value);
}

/** Whether a range sees its own blocks while lookups drive them out of the cache. */
async function rangesStay(): Promise<boolean> {
  const { store, contents } = await filledStore({ blockCacheBytes: 2000 });
  await using _ = store;
  for (const start of contents.keys()) {
    const range = store.range({ gte: text(start), limit: 2 })[Symbol.iterator]();
    range.next();
    for (let i = 0; i < contents.size; i += 9) store.get(text(keyText(i)));
    try {
      const second = range.next();
      if (second.done) continue;
      if (toText(second.value.value) !== contents.get(toText(second.value.key))) return false;
    } catch {
      return false;
    }
  }
  return true;
}

/** Whether a range shows the memtable that it began with, when that has long been a table. */
async function memtablesStay(): Promise<boolean> {
  const { store } = await filledStore({ memtableBytes: 4096 }, 3);
  await using _ = store;
  const range = store.range()[Symbol.iterator]();
  const seen: string[] = [];
  for (let i = 0; i < 400; i += 1) {
    await store.write([{ type: 'put', key: text(`new ${i}`), value: text('n'.repeat(60)) }]);
  }
  await settled(store);
  for (let step = range.next(); !step.done; step = range.next()) {
    seen.push(`${toText(step.value.key)}=${toText(step.value.value)}`);
  }
  const expected = [0, 1, 2].map((i) => `${keyText(i)}=${`value ${i} `.repeat(8)}`);
  return seen.join() === expected.join();
}

describe('memory used again', () => {
  it('leaves values that were read alone', async () => {
    expect(await valuesStay()).toBe(true);
    vi.spyOn(TableLookup.prototype, 'value').mockImplementation(function (this: TableLookup) {
      return this.valueBytes.subarray(this.valueStart, this.valueEnd);
    });
    expect(await valuesStay()).toBe(false);
  });

  it('leaves the block alone that a range stands in', async () => {
    expect(await rangesStay()).toBe(true);
    vi.spyOn(Table.prototype, 'sharedBlock').mockImplementation(function (this: Table, index) {
      return this.block(index);
    });
    expect(await rangesStay()).toBe(false);
  });

  it('leaves the memtable alone that a range reads', async () => {
    expect(await memtablesStay()).toBe(true);
    const { retire } = MemtablePool.prototype;
    vi.spyOn(MemtablePool.prototype, 'retire').mockImplementation(function (
      this: MemtablePool,
      { data, nodes }: Memtable,
    ) {
      retire.call(this, { data, nodes, readers: 0 } as Memtable);
    });
    expect(await memtablesStay()).toBe(false);
  });
});
