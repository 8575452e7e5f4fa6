/** What makes a store of another's contents, or of a sorted list; and reading one only. */
import { SimDisk, seededRandom } from '@ds/sim';
import type { Entry } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { openBtreeStore } from '../../src/index.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

const entry = (i: number, length = 20): Entry => ({
  key: text(`key ${String(i).padStart(5, '0')}`),
  value: text(`value ${i} `.padEnd(length, 'v')),
});

function contents(store: { range(): Iterable<Entry> }): string[] {
  return Array.from(store.range(), ({ key, value }) => `${toText(key)}=${toText(value)}`);
}

async function* later(entries: Iterable<Entry>): AsyncGenerator<Entry, void> {
  for (const each of entries) yield each;
}

describe('a load of sorted entries', () => {
  it('fills pages, goes past the log, and is durable when it resolves', async () => {
    const fileSystem = new MemoryFileSystem();
    const store = await openBtreeStore({ ...TINY, fileSystem, directory: 'd' });
    const { logBytesWritten } = store.status();
    const entries = Array.from({ length: 5000 }, (_, i) => entry(i, i % 500 === 7 ? 2000 : 20));
    expect(await store.bulkLoad(entries)).toBe(5000);
    expect(store.status().logBytesWritten).toBe(logBytesWritten);
    expect(store.verify()).toMatchObject({ entries: 5000 });
    expect(store.verify().leafFill).toBeGreaterThan(0.9);
    await store.close();
    await using again = await openBtreeStore({ ...TINY, fileSystem, directory: 'd' });
    expect(contents(again)).toEqual(
      entries.map(({ key, value }) => `${toText(key)}=${toText(value)}`),
    );
  });

  it('goes between what is there, replaces the same keys, and may come in time', async () => {
    await using store = await openBtreeStore({
      ...TINY,
      fileSystem: new MemoryFileSystem(),
      directory: 'd',
    });
    const old = { key: text('key 00004'), value: text('old') };
    await store.write([
      { type: 'put', ...old },
      { type: 'put', ...entry(3) },
    ]);
    const loading = store.bulkLoad(later([2, 4, 6].map((i) => entry(i))));
    const written = store.write([{ type: 'put', key: text('key 00006'), value: text('newest') }]);
    await Promise.all([loading, written]);
    expect(contents(store).map((each) => each.slice(6, 18))).toEqual([
      '002=value 2 ',
      '003=value 3 ',
      '004=value 4 ',
      '006=newest',
    ]);
  });

  it('refuses keys that do not ascend, wherever they come, and aborts when told to', async () => {
    await using store = await openBtreeStore({
      ...TINY,
      fileSystem: new MemoryFileSystem(),
      directory: 'd',
    });
    const wrong = [entry(1), entry(2), entry(2)];
    await expect(store.bulkLoad(wrong)).rejects.toMatchObject({ code: 'STORAGE_INVALID_KEY' });
    const reason = new Error('enough');
    const many = Array.from({ length: 30_000 }, (_, i) => entry(i, 200));
    const abort = new AbortController();
    const loading = store.bulkLoad(
      later(
        many.map((each, i) => {
          if (i === 20_000) abort.abort(reason);
          return each;
        }),
      ),
      { signal: abort.signal },
    );
    await expect(loading).rejects.toBe(reason);
    await store.write([{ type: 'put', key: text('z'), value: text('1') }]);
    expect(store.has(text('z'))).toBe(true);
    store.verify();
  });
});

describe('a load whose source gives nothing more', () => {
  /** One entry, and then silence. */
  async function* silent(): AsyncGenerator<Entry> {
    yield entry(1);
    await new Promise(() => {});
  }

  it('holds up neither closing nor who aborts it', async () => {
    const options = { ...TINY, fileSystem: new MemoryFileSystem(), directory: 'd' };
    const store = await openBtreeStore(options);
    const abort = new AbortController();
    const reason = new Error('enough');
    const aborted = store.bulkLoad(silent(), { signal: abort.signal });
    const outcome = expect(aborted).rejects.toBe(reason);
    for (let turn = 0; turn < 10; turn += 1) await undefined;
    abort.abort(reason);
    await outcome;
    const closed = expect(store.bulkLoad(silent())).rejects.toMatchObject({
      code: 'STORAGE_CLOSED',
    });
    for (let turn = 0; turn < 10; turn += 1) await undefined;
    await store.close();
    await closed;
  });
});

describe('a backup', () => {
  it('takes nothing away when a checkpoint fails while it waits for its turn', async () => {
    for (let call = 0; call < 12; call += 1) {
      const disk = new SimDisk({ random: seededRandom(call) });
      const store = await openBtreeStore({
        ...TINY,
        fileSystem: disk.fileSystem(),
        directory: 'd',
      });
      await store.write([{ type: 'put', ...entry(1) }]);
      disk.failAt(disk.calls + call, 'fail');
      await Promise.allSettled([store.checkpoint(), store.bulkLoad([entry(2)])]);
      expect(store.get(entry(1).key)).toEqual(entry(1).value);
      await store.close().catch(() => {});
    }
  });

  it('holds what there was, while writing goes on, and opens as a store of its own', async () => {
    const fileSystem = new MemoryFileSystem();
    await using store = await openBtreeStore({ ...TINY, fileSystem, directory: 'd' });
    const random = seededRandom(1);
    const write = async (round: number): Promise<void> => {
      const numbers = Array.from({ length: 20 }, () => Math.floor(random() * 400));
      await store.write(numbers.map((i) => ({ type: 'put' as const, ...entry(i, 20 + round) })));
    };
    for (let round = 0; round < 40; round += 1) await write(round);
    const before = contents(store);
    const backup = store.backup('copy');
    for (let round = 40; round < 80; round += 1) await write(round);
    await backup;
    for (let round = 80; round < 120; round += 1) await write(round);
    await using copy = await openBtreeStore({ ...TINY, fileSystem, directory: 'copy' });
    copy.verify();
    // It is of a moment between the call and its end.
    expect(contents(copy).length).toBeGreaterThanOrEqual(before.length);
    await expect(store.backup('copy')).rejects.toMatchObject({ code: 'STORAGE_EXISTS' });
    expect(store.status().heldByOldestReaderBytes).toBe(0);
  });

  it('that was cut short does not open', async () => {
    const fileSystem = new MemoryFileSystem();
    await using store = await openBtreeStore({ ...TINY, fileSystem, directory: 'd' });
    await store.bulkLoad(Array.from({ length: 500 }, (_, i) => entry(i)));
    const reason = new Error('enough');
    const abort = new AbortController();
    const backup = store.backup('copy', { signal: abort.signal });
    while (!listed(fileSystem).includes('tree.new')) await undefined;
    for (let turn = 0; turn < 3; turn += 1) await undefined;
    abort.abort(reason);
    const outcome = await backup.then(
      () => 'done',
      () => 'cut short',
    );
    const options = { ...TINY, fileSystem, directory: 'copy' };
    if (outcome === 'done') expect((await openBtreeStore(options)).countRange()).toBe(500);
    else await expect(openBtreeStore(options)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' });
    await expect(store.backup('none', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

function listed(fileSystem: MemoryFileSystem): string[] {
  return fileSystem.list('.').includes('copy') ? fileSystem.list('copy') : [];
}

describe('a store opened for reading only', () => {
  it('holds what the files hold, the log included, and changes none of them', async () => {
    const fileSystem = new MemoryFileSystem();
    const store = await openBtreeStore({
      ...TINY,
      bufferBytes: 65_536,
      fileSystem,
      directory: 'd',
    });
    await store.write(Array.from({ length: 200 }, (_, i) => ({ type: 'put', ...entry(i) })));
    await store.checkpoint();
    await store.write([
      { type: 'deleteRange', gte: entry(10).key, lt: entry(20).key },
      { type: 'put', ...entry(15, 40) },
      { type: 'delete', key: entry(100).key },
      { type: 'put', key: text('a'), value: text('first') },
    ]);
    await store.sync();
    // The mark behind the last group comes in its own turn.
    for (let turn = 0; turn < 20; turn += 1) await undefined;
    const expected = contents(store);
    const filesBefore = filesOf(fileSystem);
    const reader = await openBtreeStore({ ...TINY, fileSystem, directory: 'd', readOnly: true });
    expect(contents(reader)).toEqual(expected);
    expect(reader.countRange()).toBe(expected.length);
    expected.forEach((each, position) => {
      const key = text(each.slice(0, each.indexOf('=')));
      expect([reader.rank(key), toText(reader.at(position)!.key)]).toEqual([position, toText(key)]);
    });
    expect(reader.has(entry(12).key)).toBe(false);
    expect(reader.getMany([entry(15).key, entry(100).key]).map((each) => each?.length)).toEqual([
      40,
      undefined,
    ]);
    using snapshot = reader.snapshot();
    expect(contents(snapshot).length).toBe(expected.length);
    expect(reader.verify().entries).toBe(200);
    await expect(reader.write([])).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' });
    await reader.close();
    expect(() => reader.get(text('a'))).toThrow(/closed/);
    expect(filesOf(fileSystem)).toEqual(filesBefore);
    await store.close();
  });

  it('is not made where there is none', async () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.mkdir('d');
    const opening = openBtreeStore({ fileSystem, directory: 'd', readOnly: true });
    await expect(opening).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' });
    expect(fileSystem.list('d')).toEqual([]);
  });
});

function filesOf(fileSystem: MemoryFileSystem): Map<string, string> {
  return new Map(
    fileSystem.list('d').map((name) => {
      const file = fileSystem.open(`d/${name}`, { mode: 'read' });
      const bytes = new Uint8Array(file.size());
      file.read(0, bytes);
      return [name, Buffer.from(bytes).toString('base64')];
    }),
  );
}
