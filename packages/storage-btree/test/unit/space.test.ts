/** How the file is filled, reused and given back. */
import { seededRandom } from '@ds/sim';
import type { Operation } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { type BtreeStore, openBtreeStore } from '../../src/index.ts';
import { text } from '../text.ts';

const OPTIONS = { directory: 'd', pageBytes: 1024, extentBytes: 4096, logPreallocateBytes: 0 };

function puts(numbers: readonly number[]): Operation[] {
  const value = text('v'.repeat(40));
  return numbers.map((n) => ({
    type: 'put',
    key: text(`key-${String(n).padStart(6, '0')}`),
    value,
  }));
}

/** Writes `numbers`, so many in a batch, with a checkpoint after each. */
async function load(store: BtreeStore, numbers: readonly number[], size: number): Promise<void> {
  for (let i = 0; i < numbers.length; i += size) {
    await store.write(puts(numbers.slice(i, i + size)));
    await store.checkpoint();
  }
}

function shuffled(count: number, seed: number): number[] {
  const random = seededRandom(seed);
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
  }
  return numbers;
}

describe('the pages', () => {
  it('are full after a load in key order, and nearly so after one in any other', async () => {
    const inOrder = await openBtreeStore({ ...OPTIONS, fileSystem: new MemoryFileSystem() });
    await load(
      inOrder,
      Array.from({ length: 5000 }, (_, i) => i),
      100,
    );
    expect(inOrder.verify().leafFill).toBeGreaterThan(0.95);
    const atRandom = await openBtreeStore({ ...OPTIONS, fileSystem: new MemoryFileSystem() });
    await load(atRandom, shuffled(5000, 1), 250);
    expect(atRandom.verify().leafFill).toBeGreaterThan(0.8);
  });

  it('are joined when they have become too empty', async () => {
    const store = await openBtreeStore({ ...OPTIONS, fileSystem: new MemoryFileSystem() });
    await load(store, shuffled(5000, 2), 250);
    const { leaves } = store.verify();
    const removed = shuffled(5000, 3).slice(0, 4000);
    for (let i = 0; i < removed.length; i += 50) {
      const batch = puts(removed.slice(i, i + 50)).map((operation) => {
        if (operation.type !== 'put') throw new TypeError('only puts are made here');
        return { type: 'delete' as const, key: operation.key };
      });
      await store.write(batch);
      await store.checkpoint();
    }
    expect(store.verify().leaves).toBeLessThan(leaves * 0.5);
    await store.write([{ type: 'deleteRange' }]);
    await store.checkpoint();
    expect(store.verify()).toMatchObject({ entries: 0, leaves: 0, branches: 0 });
  });
});

describe('the file', () => {
  it('does not grow while the same keys are written again and again', async () => {
    const store = await openBtreeStore({ ...OPTIONS, fileSystem: new MemoryFileSystem() });
    await load(store, shuffled(2000, 4), 100);
    const { bytes } = store.status();
    for (let round = 0; round < 10; round += 1) await load(store, shuffled(2000, round), 100);
    expect(store.status().bytes).toBeLessThan(bytes * 1.5);
    store.verify();
  });

  it('stays not much longer than its pages while changes fall everywhere', async () => {
    const fileSystem = new MemoryFileSystem();
    const options = { ...OPTIONS, fileSystem, bufferBytes: 128 * 1024 };
    const store = await openBtreeStore(options);
    const numbers = shuffled(20_000, 9);
    for (let i = 0; i < numbers.length; i += 100)
      await store.write(puts(numbers.slice(i, i + 100)));
    // The same keys again: every checkpoint makes every leaf anew.
    for (let i = 0; i < numbers.length; i += 100)
      await store.write(puts(numbers.slice(i, i + 100)));
    const longest = fileSystem.open('d/tree.data', { mode: 'read' }).size();
    const { usedPages } = store.status();
    expect(longest).toBeLessThan(8192 + usedPages * 1024 * 1.4);
    await store.close();
    const size = fileSystem.open('d/tree.data', { mode: 'read' }).size();
    expect(size).toBeLessThan(8192 + usedPages * 1024 * 1.2);
  });

  it('grows under a reader, which status tells, and shrinks when the reader has gone', async () => {
    const store = await openBtreeStore({ ...OPTIONS, fileSystem: new MemoryFileSystem() });
    await load(store, shuffled(2000, 5), 100);
    const snapshot = store.snapshot();
    for (let round = 0; round < 5; round += 1) await load(store, shuffled(2000, round), 500);
    const { heldByOldestReaderBytes, bytes } = store.status();
    expect(heldByOldestReaderBytes).toBeGreaterThan(200_000);
    expect([...snapshot.range()].length).toBe(2000);
    snapshot.release();
    for (let round = 0; round < 5; round += 1) await load(store, shuffled(2000, round), 500);
    expect(store.status().heldByOldestReaderBytes).toBe(0);
    expect(store.status().bytes).toBeLessThan(bytes / 2);
    store.verify();
  });

  it('is as short as its pages when everything is deleted and the store closed', async () => {
    const fileSystem = new MemoryFileSystem();
    const store = await openBtreeStore({ ...OPTIONS, fileSystem });
    await load(store, shuffled(2000, 6), 100);
    await store.write([{ type: 'deleteRange' }], { durable: true });
    await store.checkpoint();
    await store.write([{ type: 'put', key: text('a'), value: text('b') }]);
    await store.close();
    const size = fileSystem.open('d/tree.data', { mode: 'read' }).size();
    expect(size).toBeLessThan(8192 + 8 * 1024);
  });

  it('is as short as its pages after compacting, and everything is there', async () => {
    const fileSystem = new MemoryFileSystem();
    const store = await openBtreeStore({ ...OPTIONS, fileSystem });
    await load(store, shuffled(4000, 7), 200);
    const large = (n: number) => ({ key: text(`large-${n}`), value: new Uint8Array(9000).fill(n) });
    for (let n = 0; n < 40; n += 1) {
      await store.write([{ type: 'put', ...large(n) }]);
      await store.checkpoint();
    }
    // Holes everywhere: most of the large values, and a part of the rest, go.
    const gone = Array.from({ length: 36 }, (_, n) => ({ type: 'delete' as const, ...large(n) }));
    await store.write(gone);
    await store.checkpoint();
    await store.write([{ type: 'deleteRange', gte: text('key-0005'), lt: text('key-0030') }]);
    await store.checkpoint();
    const snapshot = store.snapshot();
    const before = [...store.range()];
    const { bytes } = store.status();
    await store.compact();
    await store.write([{ type: 'put', key: text('later'), value: text('x') }]);
    expect([...snapshot.range()]).toEqual(before);
    snapshot.release();
    await store.compact();
    store.verify();
    const { bytes: after, usedPages } = store.status();
    expect(after).toBeLessThan(bytes * 0.6);
    expect(after).toBeLessThan(8192 + usedPages * 1024 * 1.2 + OPTIONS.extentBytes);
    expect([...store.range({ lt: text('later') })]).toEqual(
      before.filter(({ key }) => key[0] !== text('large')[0] || key[1] === text('a')[0]),
    );
    await store.close();
    const again = await openBtreeStore({ ...OPTIONS, fileSystem });
    expect(again.verify().entries).toBe(before.length + 1);
  });

  it('stops compacting when told to, and is none the worse for it', async () => {
    const store = await openBtreeStore({ ...OPTIONS, fileSystem: new MemoryFileSystem() });
    await load(store, shuffled(2000, 8), 200);
    const reason = new Error('enough');
    const compacting = store.compact({ signal: AbortSignal.abort(reason) });
    await expect(compacting).rejects.toBe(reason);
    expect(store.verify().entries).toBe(2000);
  });
});
