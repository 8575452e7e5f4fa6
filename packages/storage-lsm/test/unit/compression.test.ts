/** Blocks that are compressed, by zlib or by a codec of one's own. */
import { StorageError } from '@ds/storage';
import { ByteWriter, setU32 } from '@ds/storage/engine';
import { describe, expect, it } from 'vitest';
import { appendCompressed, type BlockCodec, decompressed } from '../../src/block/block-codec.ts';
import { inWords, xxhash32 } from '../../src/block/xxhash32.ts';
import { openLsmStore } from '../../src/index.ts';
import { deflateCodec } from '../../src/node.ts';
import { toText } from '../text.ts';
import { DIRECTORY, filledStore } from './filled.ts';

const PLACE = { path: 'a.table', offset: 32 };
const pairsOf = (entries: Iterable<{ key: Uint8Array; value: Uint8Array }>): [string, string][] =>
  [...entries].map(({ key, value }) => [toText(key), toText(value)]);

function failure(run: () => unknown): StorageError {
  try {
    run();
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('a compressed store', () => {
  it('is smaller, holds the same, and can be read and changed without', async () => {
    const plain = await filledStore({ blockBytes: 1024 });
    const small = await filledStore({ blockBytes: 1024, compression: deflateCodec() });
    const bytesOf = ({ store }: typeof plain): number =>
      store.status().levels.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(bytesOf(small)).toBeLessThan(bytesOf(plain) / 2);
    await plain.store.close();
    expect(pairsOf(small.store.range())).toEqual([...small.contents]);
    expect(pairsOf(small.store.range({ reverse: true })).reverse()).toEqual([...small.contents]);
    await small.store.verify();
    await small.store.close();
    const { compression, ...options } = small.options;
    await using again = await openLsmStore({ ...options, codecs: [deflateCodec()] });
    expect(compression).toBeDefined();
    expect(pairsOf(again.range())).toEqual([...small.contents]);
  });

  it('says which codec is missing', async () => {
    const { store, options } = await filledStore({ compression: deflateCodec() });
    await store.close();
    const { compression: _, ...without } = options;
    const read = async (): Promise<number> => {
      await using again = await openLsmStore(without);
      return [...again.range()].length;
    };
    await expect(read()).rejects.toMatchObject({
      code: 'STORAGE_FORMAT',
      message: expect.stringContaining('codec 1'),
    });
  });

  it('refuses codecs whose numbers are out of range or taken', async () => {
    const codec = (id: number): BlockCodec => ({ ...deflateCodec(), id });
    for (const codecs of [[codec(0)], [codec(256)], [codec(1.5)], [codec(9), codec(9)]]) {
      await expect(filledStore({ codecs })).rejects.toThrow(RangeError);
    }
  });
});

describe('a block', () => {
  it('that does not shrink is stored as it is', () => {
    const out = new ByteWriter();
    const block = Uint8Array.from({ length: 200 }, (_, i) => (i * 7919) >>> 3);
    expect(appendCompressed(out, block, { ...deflateCodec(), compress: (b) => b })).toBe(0);
    expect(out.copy()).toEqual(block);
  });

  it('of a hostile length asks for no memory', () => {
    const asked: number[] = [];
    const codec: BlockCodec = {
      ...deflateCodec(),
      decompress: (_, length) => {
        asked.push(length);
        return new Uint8Array(0);
      },
    };
    const codecs = new Map([[1, codec]]);
    for (const length of [10_000_000, 2 ** 31, 2 ** 40]) {
      const out = new ByteWriter();
      out.varint(length);
      out.append(new Uint8Array(100));
      const error = failure(() => decompressed(out.view(), 1, codecs, PLACE));
      expect(error).toMatchObject({ code: 'STORAGE_CORRUPT', path: 'a.table' });
    }
    expect(asked).toEqual([]);
  });

  it('that is no deflate, or of another length than it says, is damage', () => {
    const codecs = new Map([[1, deflateCodec()]]);
    const good = deflateCodec().compress(new Uint8Array(1000));
    for (const [length, bytes] of [
      [1000, new Uint8Array(50).fill(0xff)],
      [999, good],
      [1001, good],
    ] as const) {
      const out = new ByteWriter();
      out.varint(length);
      out.append(bytes);
      const error = failure(() => decompressed(out.view(), 1, codecs, PLACE));
      expect(error).toMatchObject({ code: 'STORAGE_CORRUPT', offset: 32 });
    }
  });

  it('of a codec that nobody knows is named with file and offset', async () => {
    const { store, fileSystem, options } = await filledStore();
    await store.close();
    const name = fileSystem.list(DIRECTORY).find((each) => each.endsWith('.table'))!;
    const file = fileSystem.open(`${DIRECTORY}/${name}`, { mode: 'write' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    const trailer = trailerOfFirstBlock(bytes);
    bytes[trailer] = 77;
    setU32(bytes, trailer + 1, xxhash32(inWords(bytes), 32, trailer + 1, 32));
    file.write(0, bytes);
    file.close();
    await using again = await openLsmStore({ ...options, readOnly: true });
    const error = failure(() => [...again.range()]);
    expect(error).toMatchObject({ code: 'STORAGE_FORMAT', offset: 32 });
    expect(error.message).toContain('codec 77');
  });
});

/** Where the trailer of the block at byte 32 begins: where its checksum holds. */
function trailerOfFirstBlock(bytes: Uint8Array): number {
  for (let at = 33; at + 5 <= bytes.length; at += 1) {
    const stored = new DataView(bytes.buffer).getUint32(at + 1, true);
    if (bytes[at] === 0 && stored === xxhash32(inWords(bytes), 32, at + 1, 32)) return at;
  }
  throw new Error('no trailer');
}
