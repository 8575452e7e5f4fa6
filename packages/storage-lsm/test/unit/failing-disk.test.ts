/** What callers are told of a disk that fails or is full, beyond what each write is told. */
import { SimDisk, seededRandom } from '@ds/sim';
import { type KeyValueStore, StorageError } from '@ds/storage';
import { describe, expect, it } from 'vitest';
import { openLsmStore } from '../../src/index.ts';
import { fileKind } from '../simulation/lsm-engine.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

const codeOf = (error: unknown): unknown => (error instanceof StorageError ? error.code : error);

function openOn(disk: SimDisk): Promise<KeyValueStore> {
  return openLsmStore({ ...TINY, directory: 'd', fileSystem: disk.fileSystem() });
}

const key = (i: number): Uint8Array => text(`key ${String(i).padStart(4, '0')}`);

describe('after a failure in the background', () => {
  it('closing rejects when acknowledged writes have not become durable', async () => {
    const disk = new SimDisk({ random: seededRandom(1) });
    const store = await openOn(disk);
    disk.onCall(({ operation, path }) =>
      operation === 'datasync' && fileKind(path) === 'table' ? 'fail' : 'ok',
    );
    let written = 0;
    for (; store.status().state === 'open'; written += 1) {
      await store.write([{ type: 'put', key: key(written), value: new Uint8Array(100) }]);
    }
    expect(store.get(key(written - 1))).toBeDefined();
    await expect(store.close().catch(codeOf)).resolves.toBe('STORAGE_FAILED');
    disk.onCall(undefined);
    await using again = await openOn(disk);
    expect([...again.range()].length).toBe(written);
  });
});

describe('on a full disk', () => {
  it('writes fail, reads go on, and opening again with room gives it all back', async () => {
    const disk = new SimDisk({ random: seededRandom(1), capacityBytes: 40_000 });
    const store = await openOn(disk);
    const acknowledged: number[] = [];
    let code: unknown;
    for (let i = 0; code === undefined; i += 1) {
      await store.write([{ type: 'put', key: key(i), value: text(`value ${i}`.repeat(9)) }]).then(
        () => acknowledged.push(i),
        (error: unknown) => {
          code = codeOf(error);
        },
      );
    }
    expect(['STORAGE_FULL', 'STORAGE_FAILED']).toContain(code);
    expect(acknowledged.length).toBeGreaterThan(50);
    const after = await store.write([{ type: 'put', key: key(0), value: text('x') }]).catch(codeOf);
    expect(after).toBe('STORAGE_FAILED');
    for (const i of acknowledged) {
      expect(toText(store.get(key(i)) ?? text('missing'))).toBe(`value ${i}`.repeat(9));
    }
    await store.close().catch(codeOf);
    disk.configure({ capacityBytes: 10_000_000 });
    await using again = await openOn(disk);
    for (const i of acknowledged) {
      expect(toText(again.get(key(i)) ?? text('missing'))).toBe(`value ${i}`.repeat(9));
    }
    const more = [{ type: 'put', key: text('more'), value: text('room') }] as const;
    await again.write(more, { durable: true });
    expect(toText(again.get(text('more')) ?? text('missing'))).toBe('room');
  });
});
