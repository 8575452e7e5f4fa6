/** What the reader refuses, byte by byte, and what it reads. */
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec.ts';
import { nodeCodec } from '../../src/node-codec.ts';
import { PlainReader } from '../../src/plain-reader.ts';
import { Refusal } from '../../src/refusal.ts';
import { codecs } from '../support/codecs.ts';

function read(hex: string, codec: Codec = nodeCodec): unknown {
  const reader = new PlainReader(codec);
  reader.load(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const value = reader.read();
  expect(reader.done).toBe(true);
  return value;
}

function reasonOf(hex: string, codec: Codec): string {
  try {
    return `no refusal, but ${String(read(hex, codec))}`;
  } catch (error) {
    return error instanceof Refusal ? error.reason : String(error);
  }
}

const refused: Record<string, string> = {
  'nothing at all': '',
  '0xc1, which means nothing': 'c1',
  'a float 32': 'ca 3f800000',
  'a uint 64': 'cf 0000000000000001',
  NaN: 'cb 7ff8000000000000',
  infinity: 'cb 7ff0000000000000',
  'fixext 1': 'd4 00 00',
  'fixext 2': 'd5 00 0000',
  'fixext 4': 'd6 ff 00000000',
  'fixext 8': 'd7 ff 0000000000000000',
  'fixext 16': 'd8 01 00000000000000000000000000000000',
  'ext 8': 'c7 01 01 00',
  'ext 16': 'c8 0001 01 00',
  'ext 32': 'c9 00000001 01 00',
  "msgpackr's record definition": 'd4 72 40 92 a161 a162 01 02',
  'a map with the key nil': '81 c0 01',
  'a map with a number for a key': '81 01 01',
  'a map with an array for a key': '81 90 01',
  'the key __proto__': '81 a95f5f70726f746f5f5f 80',
  'the key __proto__, in a longer form': '81 d9095f5f70726f746f5f5f 80',
  'a short string of invalid UTF-8': 'a2 c328',
  'a long string of invalid UTF-8': `d920 ${'61'.repeat(31)} ff`,
  'an overlong slash': 'a2 c0af',
  'a surrogate in UTF-8': 'a3 eda080',
  'a key of invalid UTF-8': '81 a2c328 01',
  'a string cut short': 'a3 6161',
  'bytes cut short': 'c4 03 0102',
  'an integer cut short': 'd2 000000',
  'a length cut short': 'da 00',
  'an array cut short': '93 01 02',
  'a map without its last value': '81 a161',
  'a map with half a key': '81 a3 61',
  'bytes of 4 GiB': 'c6 ffffffff 00',
  'a string of 4 GiB': 'db ffffffff 00',
  'an array of 4 Gi elements': 'dd ffffffff 00',
  'a map of 4 Gi entries': 'df ffffffff a161 00',
};

describe.each(codecs)('the plain reader on %s refuses', (_host, codec) => {
  for (const [name, hex] of Object.entries(refused)) {
    it(name, () => expect(reasonOf(hex, codec)).toBe('bad-frame'));
  }

  it('nesting beyond 64 levels, in arrays and in maps, and takes 64', () => {
    expect(reasonOf(`${'91'.repeat(64)} 00`, codec)).toMatch('no refusal');
    expect(reasonOf(`${'91'.repeat(65)} 00`, codec)).toBe('too-deep');
    expect(reasonOf(`${'81a161'.repeat(65)} 00`, codec)).toBe('too-deep');
    expect(reasonOf('91'.repeat(1_000_000), codec)).toBe('too-deep');
  });

  it('a length beyond the frame before it makes anything of it', () => {
    for (const hex of [`dd 00000100 ${'00'.repeat(255)}`, `df 00000080 ${'a16100'.repeat(80)}`]) {
      const reader = new PlainReader(codec);
      reader.load(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
      expect(() => reader.read()).toThrow(Refusal);
      expect(reader.position).toBe(5);
    }
  });
});

describe.each(codecs)('the plain reader on %s reads', (_host, codec) => {
  it('a replacement character that was sent as such', () => {
    expect(read('a3 efbfbd', codec)).toBe('\ufffd');
    expect(read(`ae ${'61'.repeat(11)} efbfbd`, codec)).toBe(`${'a'.repeat(11)}\ufffd`);
  });

  it('-0 as 0, and integers of every width with their sign', () => {
    expect(Object.is(read('cb 8000000000000000', codec), 0)).toBe(true);
    expect([read('d0 80', codec), read('d1 8000', codec), read('d2 80000000', codec)]).toEqual([
      -128,
      -32_768,
      -(2 ** 31),
    ]);
    expect([read('cc ff', codec), read('cd ffff', codec), read('ce ffffffff', codec)]).toEqual([
      255,
      65_535,
      2 ** 32 - 1,
    ]);
    expect([read('e0', codec), read('7f', codec), read('d3 8000000000000000', codec)]).toEqual([
      -32,
      127,
      -(2n ** 63n),
    ]);
  });

  it('each key as itself, though keys are remembered', () => {
    const reader = new PlainReader(codec);
    // The same length, and the same first, middle and last byte.
    for (const key of ['aXbYc', 'aZbWc', 'aXbYc', 'aZbWc', '', 'constructor']) {
      reader.load(
        Buffer.concat([Buffer.of(0x81, 0xa0 + key.length), Buffer.from(key), Buffer.of(1)]),
      );
      expect(reader.read()).toEqual({ [key]: 1 });
    }
  });
});
