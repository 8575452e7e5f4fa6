/** Checkpoints, verification, reading only, and the dump: a store seen from beside. */
import { alteredFileSystem } from '@ds/sim/engines';
import { type File, type FileSystem, type OpenOptions, StorageError } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { inspect, type LsmStore, openLsmStore, type VerifyProgress } from '../../src/index.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';
import { DIRECTORY, type Filled, filledStore, keyText, settled } from './filled.ts';

const pairsOf = (entries: Iterable<{ key: Uint8Array; value: Uint8Array }>): [string, string][] =>
  [...entries].map(({ key, value }) => [toText(key), toText(value)]);

/** Every file of a directory and its bytes. */
function filesOf(fileSystem: MemoryFileSystem, directory = DIRECTORY): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of fileSystem.list(directory)) {
    const file = fileSystem.open(`${directory}/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    file.close();
    files.set(name, bytes);
  }
  return files;
}

/** Those that the store needs: not its lock, nor a log kept to be used again. */
function neededFiles(fileSystem: MemoryFileSystem): Map<string, Uint8Array> {
  const files = filesOf(fileSystem);
  const logs = [...files.keys()].filter((name) => name.endsWith('.log'));
  for (const name of [...logs.slice(0, -1), 'LOCK']) files.delete(name);
  return files;
}

/** Where the log's records end; behind may lie what is left of its earlier use. */
function endOfRecords(fileSystem: MemoryFileSystem): number {
  const lines = [...inspect({ fileSystem, directory: DIRECTORY })];
  return Number(lines.map((line) => /up to byte (\d+)$/.exec(line)?.[1]).findLast(Boolean));
}

function flipBit(fileSystem: MemoryFileSystem, name: string, position: number): void {
  const file = fileSystem.open(`${DIRECTORY}/${name}`, { mode: 'write' });
  const byte = new Uint8Array(1);
  file.read(position, byte);
  file.write(position, Uint8Array.of(byte[0]! ^ 4));
  file.close();
}

describe('a checkpoint', () => {
  it('opens as a store of its own, whatever becomes of the first', async () => {
    const { store, fileSystem, options, contents } = await filledStore();
    const atOnce = store.checkpoint('copy');
    const late = store.write([{ type: 'put', key: text('late'), value: text('x') }]);
    await Promise.all([atOnce, late]);
    for (const key of contents.keys()) {
      await store.write([{ type: 'put', key: text(key), value: text('overwritten') }]);
    }
    await store.close();
    await using copy = await openLsmStore({ ...options, fileSystem, directory: 'copy' });
    await copy.verify();
    const held = pairsOf(copy.range()).filter(([key]) => key !== 'late');
    expect(held).toEqual([...contents]);
    await copy.write([{ type: 'delete', key: text(keyText(0)) }], { durable: true });
    await using first = await openLsmStore(options);
    expect(toText(first.get(text(keyText(0)))!)).toBe('overwritten');
  });

  it('holds exactly what was written before it was asked for', async () => {
    const { store, options, contents } = await filledStore();
    for (let i = 0; i < 5; i += 1) {
      const key = text(keyText(i));
      const pending = store.write([{ type: 'delete', key }], { durable: true });
      await store.checkpoint(`copy ${i}`);
      await pending;
      await using copy = await openLsmStore({ ...options, directory: `copy ${i}`, readOnly: true });
      expect(pairsOf(copy.range())).toEqual([...contents].slice(i + 1));
    }
    await store.close();
  });

  /** Whether a checkpoint is what the store was, after the store has gone on for a while. */
  async function staysAsItWas(wrap: (inner: FileSystem) => FileSystem): Promise<boolean> {
    const { store, fileSystem, options, contents } = await filledStore();
    await store.close();
    const going = await openLsmStore({ ...options, fileSystem: wrap(fileSystem) });
    await going.write([{ type: 'put', key: text('in the log'), value: text('x') }]);
    await going.checkpoint('copy');
    for (const key of contents.keys()) {
      await going.write([{ type: 'put', key: text(key), value: text('overwritten') }]);
    }
    await going.close();
    try {
      await using copy = await openLsmStore({ ...options, directory: 'copy' });
      return [...pairsOf(copy.range())].join() === [['in the log', 'x'], ...contents].join();
    } catch {
      return false;
    }
  }

  it('shares no file with the store that is still written to', async () => {
    expect(await staysAsItWas((inner) => inner)).toBe(true);
    // The mistake of linking the log, as if it were a table.
    const linked = (inner: FileSystem): FileSystem =>
      alteredFileSystem(inner, {
        open: (path: string, openOptions: OpenOptions): File => {
          if (!path.startsWith('copy/') || !path.endsWith('.log')) {
            return inner.open(path, openOptions);
          }
          inner.link(path.replace('copy', DIRECTORY), path);
          return inner.open(path, { mode: 'write' });
        },
      });
    expect(await staysAsItWas(linked)).toBe(false);
  });

  it('copies no table: both directories name the same files', async () => {
    const { store, fileSystem } = await filledStore();
    await using _ = store;
    const tables = fileSystem.list(DIRECTORY).filter((name) => name.endsWith('.table'));
    await store.checkpoint('copy');
    expect(fileSystem.list('copy').filter((name) => name.endsWith('.table'))).toEqual(tables);
    const file = fileSystem.open(`copy/${tables[0]}`, { mode: 'write' });
    file.write(40, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    file.close();
    await expect(store.verify()).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' });
  });

  it('is not made where there is a store', async () => {
    const { store } = await filledStore();
    await using _ = store;
    await expect(store.checkpoint(DIRECTORY)).rejects.toMatchObject({ code: 'STORAGE_EXISTS' });
    await store.checkpoint('copy');
    await expect(store.checkpoint('copy')).rejects.toMatchObject({ code: 'STORAGE_EXISTS' });
  });
});

describe('verifying', () => {
  it('goes through every file and says how far it is', async () => {
    const { store, fileSystem } = await filledStore();
    await using _ = store;
    const seen: VerifyProgress[] = [];
    const report = await store.verify({ onProgress: (progress) => seen.push(progress) });
    expect(report.files).toBe(neededFiles(fileSystem).size);
    expect(seen.at(-1)).toMatchObject(report);
    expect(seen.every(({ bytes }, i) => i === 0 || bytes >= seen[i - 1]!.bytes)).toBe(true);
  });

  it('finds a flipped bit in any file, and says where', async () => {
    const { store, fileSystem } = await filledStore();
    await using _ = store;
    await store.sync();
    const { levels } = store.status();
    expect(levels.filter(({ tables }) => tables > 0).length).toBeGreaterThan(1);
    for (const [name, bytes] of neededFiles(fileSystem)) {
      const written = name.endsWith('.log') ? endOfRecords(fileSystem) : bytes.length;
      for (let position = 3; position < written; position += Math.ceil(written / 9)) {
        flipBit(fileSystem, name, position);
        const error = await store.verify().catch((caught: unknown) => caught);
        if (!(error instanceof StorageError)) throw new Error(`${name} ${position} is unnoticed`);
        expect(['STORAGE_CORRUPT', 'STORAGE_FORMAT']).toContain(error.code);
        expect(error.path).toBe(`${DIRECTORY}/${name}`);
        expect(error.offset).toBeLessThan(bytes.length);
        flipBit(fileSystem, name, position);
      }
    }
    await store.verify();
  });

  it('finds nothing wrong at the moment at which another manifest takes over', async () => {
    const inner = new MemoryFileSystem();
    const verified: Promise<unknown>[] = [];
    let filled: LsmStore | undefined;
    const fileSystem = alteredFileSystem(inner, {
      rename: (from, to) => {
        inner.rename(from, to);
        if (to.endsWith('CURRENT') && filled !== undefined) verified.push(filled.verify());
      },
    });
    const options = { ...TINY, memtableBytes: 1024, manifestGrowthBytes: 0 };
    filled = await openLsmStore({ ...options, fileSystem, directory: DIRECTORY });
    for (let i = 0; i < 300; i += 1) {
      await filled.write([{ type: 'put', key: text(keyText(i)), value: new Uint8Array(60) }]);
    }
    await settled(filled);
    await Promise.all(verified);
    expect(verified.length).toBeGreaterThan(2);
    await filled.close();
  });

  it('can be given up', async () => {
    const { store } = await filledStore();
    await using _ = store;
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new Error('enough'));
    const verified = store.verify({ onProgress, signal: stop.signal });
    await expect(verified).rejects.toThrow('enough');
  });
});

describe('a store opened for reading only', () => {
  async function crashed(): Promise<Filled> {
    const filled = await filledStore();
    await filled.store.sync();
    // The mark behind the last group is written in its own turn.
    for (let turn = 0; turn < 50; turn += 1) await undefined;
    return filled;
  }

  it('holds what the files hold, the log included, and changes none of them', async () => {
    const { fileSystem, options, contents, store } = await crashed();
    const before = filesOf(fileSystem);
    const reader = await openLsmStore({ ...options, readOnly: true });
    expect(pairsOf(reader.range())).toEqual([...contents]);
    expect(pairsOf(reader.range({ reverse: true, limit: 3 }))).toEqual(
      [...contents].slice(-3).reverse(),
    );
    expect(reader.has(text(keyText(5)))).toBe(true);
    expect(reader.getMany([text('absent'), text(keyText(5))]).map(Boolean)).toEqual([false, true]);
    using snapshot = reader.snapshot();
    expect(toText(snapshot.get(text(keyText(9)))!)).toBe(contents.get(keyText(9)));
    expect((await reader.verify()).files).toBeGreaterThan(3);
    expect(reader.approximateSize()).toBeGreaterThan(0);
    await reader.close();
    expect(() => reader.get(text('a'))).toThrow(StorageError);
    expect(filesOf(fileSystem)).toEqual(before);
    await store.close();
  });

  it('rejects writes with a code', async () => {
    const { options, store } = await crashed();
    await store.close();
    await using reader = await openLsmStore({ ...options, readOnly: true });
    const batch = [{ type: 'delete', key: text('a') }] as const;
    await expect(reader.write(batch)).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' });
  });

  it('makes no store where there is none', async () => {
    const fileSystem = new MemoryFileSystem();
    const options = { fileSystem, directory: DIRECTORY, readOnly: true } as const;
    await expect(openLsmStore(options)).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' });
    fileSystem.mkdir(DIRECTORY);
    await expect(openLsmStore(options)).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' });
    expect(fileSystem.list(DIRECTORY)).toEqual([]);
  });
});

describe('the dump', () => {
  it('names every file, and with entries every entry', async () => {
    const { fileSystem, store, contents } = await filledStore();
    await store.close();
    const options = { fileSystem, directory: DIRECTORY };
    const short = [...inspect(options)].join('\n');
    for (const name of fileSystem.list(DIRECTORY)) {
      if (/table|log/.test(name)) expect(short).toContain(name);
    }
    expect(short).not.toContain('!');
    const long = [...inspect({ ...options, entries: true })].join('\n');
    for (const key of contents.keys()) expect(long).toContain(`"${key}"`);
  });

  it('describes any damage instead of failing at it', async () => {
    const { fileSystem, store } = await filledStore({}, 60);
    await store.close();
    for (const [name, bytes] of filesOf(fileSystem)) {
      if (name === 'LOCK' || bytes.length === 0) continue;
      const written = bytes.findLastIndex((byte) => byte !== 0) + 1;
      for (let position = 0; position < written; position += Math.ceil(written / 20)) {
        flipBit(fileSystem, name, position);
        const lines = [...inspect({ fileSystem, directory: DIRECTORY, entries: true })];
        expect(lines.length).toBeGreaterThan(2);
        if (name.endsWith('.table')) expect(lines.join('\n')).toContain('!');
        flipBit(fileSystem, name, position);
      }
    }
  });
});
