/** The parts that hold keys, each against something plainly right. */

import { drawInteger, seededRandom } from '@ds/sim';
import { compareBytes } from '@ds/storage';
import { ABSENT, ByteReader, ByteWriter, inOneGo, Memtable } from '@ds/storage/engine';
import { describe, expect, it } from 'vitest';
import { BlockBuilder } from '../../src/block/block-builder.ts';
import { BlockCursor } from '../../src/block/block-cursor.ts';
import { inWords, xxhash32 } from '../../src/block/xxhash32.ts';
import { buildFilter, filterMayContain, hashKey } from '../../src/table/bloom.ts';
import { SortedKeys } from '../../src/table/sorted-keys.ts';
import { text, toText } from '../text.ts';

describe('numbers', () => {
  it('come back as they were written', () => {
    const numbers = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER];
    const out = new ByteWriter(1);
    for (const number of numbers) out.varint(number);
    expect(out.length).toBe(1 + 1 + 1 + 2 + 2 + 3 + 5 + 5 + 8);
    for (const number of numbers) out.u64(number);
    const reader = new ByteReader(out.view(), 'file');
    expect(numbers.map(() => reader.varint())).toEqual(numbers);
    expect(numbers.map(() => reader.u64())).toEqual(numbers);
    expect(() => reader.u8()).toThrow(/file is damaged at byte/);
  });
});

describe('a Bloom filter', () => {
  // A filter of k bits a key is wrong for about 0.6185^k of the absent ones (Bloom 1970).
  for (const [bits, least, most] of [
    [4, 0.12, 0.18],
    [10, 0.006, 0.012],
    [16, 0.0002, 0.001],
  ] as const) {
    it(`has every key, and few others at ${bits} bits a key`, () => {
      const count = 40_000;
      const hashes = Uint32Array.from({ length: count }, (_, i) => hashKey(text(`key ${i}`)));
      const filter = inOneGo(buildFilter(hashes, count, bits));
      expect(hashes.every((hash) => filterMayContain(filter, hash))).toBe(true);
      const absent = 100_000;
      let alarms = 0;
      for (let i = 0; i < absent; i += 1) {
        if (filterMayContain(filter, hashKey(text(`other ${i}`)))) alarms += 1;
      }
      expect(alarms / absent).toBeGreaterThan(least);
      expect(alarms / absent).toBeLessThan(most);
      expect(filter.length).toBeLessThanOrEqual((count * bits) / 8 + 64 + 1);
    });
  }
});

describe('a checksum', () => {
  it('is XXH32, wherever the bytes begin', () => {
    // From the specification's own implementation.
    const known = { '': 0x02cc5d05, a: 0x550d7456, abc: 0x32d153ff };
    const long = 'Nobody inspects the spammish repetition';
    for (const [of, expected] of Object.entries({ ...known, [long]: 0xe2293b2f })) {
      for (let start = 0; start < 5; start += 1) {
        const memory = inWords(new Uint8Array(start + of.length + 3).fill(9));
        memory.bytes.set(text(of), start);
        expect(xxhash32(memory, start, start + of.length, 0)).toBe(expected);
      }
    }
  });

  it('notices every flipped bit', () => {
    const memory = inWords(Uint8Array.from({ length: 70 }, (_, i) => i * 7));
    const right = xxhash32(memory, 0, 70, 5);
    for (let bit = 0; bit < 70 * 8; bit += 1) {
      memory.bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(xxhash32(memory, 0, 70, 5)).not.toBe(right);
      memory.bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });
});

describe('sorted keys', () => {
  for (const seed of [1, 2, 3, 4]) {
    it(`find where a key belongs as a plain search does (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const letters = seed % 2 === 0 ? 2 : 26;
      const draw = (): Uint8Array => {
        const bytes = Array.from({ length: drawInteger(random, 0, 12) }, () =>
          drawInteger(random, 0, letters),
        );
        return Uint8Array.from([...(seed > 2 ? [7, 7, 7] : []), ...bytes]);
      };
      for (let count = 0; count < 60; count += 1) {
        const keys = Array.from({ length: count }, draw).sort(compareBytes);
        const sorted = SortedKeys.of(keys);
        for (let i = 0; i < 40; i += 1) {
          const key = random() < 0.2 ? Uint8Array.of(drawInteger(random, 0, 9)) : draw();
          const plain = keys.findIndex((each) => compareBytes(each, key) >= 0);
          expect(sorted.indexFor(key)).toBe(plain < 0 ? count : plain);
        }
      }
    });
  }
});

class Seeker extends BlockCursor {
  /** The entries from the first one at or after `key` on. */
  from(block: Uint8Array, key: Uint8Array): string[] {
    this.enter({ bytes: block, start: 0, length: block.length }, 'a block', 0);
    const seen: string[] = [];
    for (let found = this.blockSeek(key); found; found = this.blockNext()) {
      seen.push(`${this.keyBytes.subarray(0, this.keyEnd).join()} ${this.sequence}`);
    }
    return seen;
  }
}

describe('a block', () => {
  for (const seed of [1, 2, 3, 4]) {
    it(`is searched as a plain search would, keys longer than before included (${seed})`, () => {
      const random = seededRandom(seed);
      const draw = (): Uint8Array =>
        // Long runs of one byte, so that keys share much, and longer ones than a cursor has room.
        Uint8Array.from([
          ...new Uint8Array(drawInteger(random, 0, seed > 2 ? 300 : 3)).fill(1),
          ...Array.from({ length: drawInteger(random, 1, 6) }, () => drawInteger(random, 0, 3)),
        ]);
      for (let count = 1; count < 60; count += 1) {
        const memtable = new Memtable(1, 1 << 16);
        for (let i = 0; i < count; i += 1) memtable.insert(1 + i, draw(), text('value'));
        const block = new BlockBuilder();
        const entries: { key: Uint8Array; shown: string }[] = [];
        const cursor = memtable.cursor();
        for (cursor.first(); cursor.valid; cursor.next()) {
          expect(block.add(cursor, 1 << 20)).toBe(true);
          const key = cursor.keyBytes.slice(cursor.keyStart, cursor.keyEnd);
          entries.push({ key, shown: `${key.join()} ${cursor.sequence}` });
        }
        const bytes = block.finish(0);
        const seeker = new Seeker();
        for (let i = 0; i < 20; i += 1) {
          const key = i % 2 === 0 ? draw() : entries[drawInteger(random, 0, count - 1)]!.key;
          const behind = entries.filter((entry) => compareBytes(entry.key, key) >= 0);
          expect(seeker.from(bytes, key)).toEqual(behind.map(({ shown }) => shown));
        }
      }
    });
  }
});

describe('a memtable', () => {
  for (const seed of [1, 2, 3]) {
    it(`keeps every version of every key in order (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const memtable = new Memtable(100, 1 << 16);
      const model: { key: Uint8Array; sequence: number; value: string | undefined }[] = [];
      const prefix = random() < 0.5 ? 'shared/prefix/' : '';
      for (let i = 0; i < 2000; i += 1) {
        const long = 'z'.repeat(drawInteger(random, 0, 3));
        const key = text(`${i > 1000 ? '' : prefix}${drawInteger(random, 0, 300)}${long}`);
        const value = random() < 0.2 ? undefined : `v${i}`;
        memtable.insert(100 + i, key, value === undefined ? undefined : text(value));
        model.push({ key, sequence: 100 + i, value });
      }
      model.sort((a, b) => compareBytes(a.key, b.key) || b.sequence - a.sequence);
      const cursor = memtable.cursor();
      const seen: string[] = [];
      for (cursor.first(); cursor.valid; cursor.next()) {
        const key = toText(cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd));
        seen.push(`${key} ${cursor.sequence} ${cursor.isTombstone}`);
      }
      const wanted = model.map(
        ({ key, sequence, value }) => `${toText(key)} ${sequence} ${value === undefined}`,
      );
      expect(seen).toEqual(wanted);
      const backwards: string[] = [];
      for (cursor.last(); cursor.valid; cursor.previous()) {
        const key = toText(cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd));
        backwards.push(`${key} ${cursor.sequence} ${cursor.isTombstone}`);
      }
      expect(backwards.reverse()).toEqual(wanted);
      for (let i = 0; i < 500; i += 1) {
        const key = text(`${random() < 0.5 ? prefix : ''}${drawInteger(random, 0, 320)}`);
        const sequence = 100 + drawInteger(random, 0, 2100);
        const found = model.find(
          (entry) => compareBytes(entry.key, key) === 0 && entry.sequence <= sequence,
        );
        const node = memtable.find(key, sequence);
        expect(node !== ABSENT).toBe(found !== undefined);
        if (found) expect(memtable.isTombstone(node)).toBe(found.value === undefined);
        if (found?.value) expect(toText(memtable.valueOf(node))).toBe(found.value);
      }
    });
  }
});
