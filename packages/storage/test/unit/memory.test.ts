import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MemoryFileSystem, MemoryStore } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const put = (key: string, length: number) =>
  ({ type: 'put', key: bytes(key), value: new Uint8Array(length) }) as const;

describe('MemoryStore', () => {
  it('refuses a batch beyond maxBytes whole, and takes one that makes room first', async () => {
    const store = new MemoryStore({ maxBytes: 100 });
    await store.write([put('a', 50), put('b', 40)]);
    expect(store.status().bytes).toBe(92);
    const refused = store.write([put('a', 10), put('c', 60)]);
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(store.get(bytes('a'))?.length).toBe(50);
    expect(store.get(bytes('c'))).toBe(undefined);
    expect(store.status().bytes).toBe(92);
    await store.write([{ type: 'delete', key: bytes('b') }, put('c', 45)]);
    expect(store.status().bytes).toBe(97);
  });

  it('refuses limits that are none', () => {
    expect(() => new MemoryStore({ maxBytes: Number.POSITIVE_INFINITY })).toThrow(RangeError);
    expect(() => new MemoryStore({ maxKeyBytes: 0 })).toThrow(RangeError);
  });

  it('keeps no memory of a Buffer, and gives out plain Uint8Arrays', async () => {
    const store = new MemoryStore();
    const value = Buffer.from('value');
    await store.write([{ type: 'put', key: Buffer.from('key'), value }]);
    value.fill(0);
    const kept = store.get(Buffer.from('key'));
    expect(kept).toEqual(bytes('value'));
    expect(kept?.constructor).toBe(Uint8Array);
  });

  it('starts a range anew each time it is looped over', async () => {
    const store = new MemoryStore();
    const range = store.range();
    expect([...range].length).toBe(0);
    await store.write([put('a', 0)]);
    expect([...range].length).toBe(1);
  });
});

describe('MemoryFileSystem', () => {
  it('gives the space of a removed file back when the last one closes it', () => {
    const fileSystem = new MemoryFileSystem({ maxBytes: 100 });
    const file = fileSystem.open('/a', { mode: 'create' });
    file.preallocate(80);
    fileSystem.remove('/a');
    const other = fileSystem.open('/b', { mode: 'create' });
    expect(() => other.write(0, new Uint8Array(50))).toThrow('no space left for /b');
    expect(other.size()).toBe(20);
    file.close();
    other.write(0, new Uint8Array(100));
    expect(other.size()).toBe(100);
  });

  it('changes nothing when there is no space to preallocate', () => {
    const fileSystem = new MemoryFileSystem({ maxBytes: 100 });
    const file = fileSystem.open('a', { mode: 'write' });
    expect(() => file.preallocate(101)).toThrow('no space left');
    expect(file.size()).toBe(0);
    file.preallocate(100);
  });

  it('takes relative paths, dots and doubled slashes for what they mean', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.mkdir('a/b');
    fileSystem.open('/a//b/./c', { mode: 'create' }).close();
    expect(fileSystem.list('a/x/../b/')).toEqual(['c']);
    expect(fileSystem.list('/')).toEqual(['a']);
  });

  it('refuses positions that are none, mistakes of the program', () => {
    const file = new MemoryFileSystem().open('a', { mode: 'write' });
    expect(() => file.read(-1, new Uint8Array(1))).toThrow(RangeError);
    expect(() => file.write(0.5, new Uint8Array(1))).toThrow(RangeError);
  });
});

describe('the sources', () => {
  const sources = fileURLToPath(new URL('../../src/', import.meta.url));
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' });

  it('touch Node only behind its entry, so that the rest runs in browsers', () => {
    const touching = files
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => {
        const code = readFileSync(`${sources}${name}`, 'utf8').replace(
          /\/\*[\s\S]*?\*\/|\/\/.*/g,
          '',
        );
        return /['"]node:|\bprocess\.|\bBuffer\b|'\.\/node-/.test(code);
      });
    expect(touching.length).toBeGreaterThan(3);
    expect(touching.filter((name) => !/^node(-[\w-]+)?\.ts$/.test(name))).toEqual([]);
  });
});
