import { describe, expect, it } from 'vitest';
import { Watermark } from '../../src/cli/checkpoint.ts';
import { type RecordsOptions, readRecords } from '../../src/cli/records.ts';

async function read(text: string, options: RecordsOptions, pieceLength = text.length) {
  const pieces = async function* (): AsyncGenerator<string> {
    for (let at = 0; at < text.length; at += pieceLength) yield text.slice(at, at + pieceLength);
  };
  const records = [];
  for await (const record of readRecords(pieces(), options)) records.push(record);
  return records;
}

describe('records of a file', () => {
  it('CSV: quotes, commas and line breaks in fields, wherever the pieces are cut', async () => {
    const text = '\ufeffid,text\r\n1,"a, ""b""\nc"\r\n\r\n2,plain\r\n3,""\n4,end';
    const expected = [
      { id: '1', text: 'a, "b"\nc' },
      { id: '2', text: 'plain' },
      { id: '3', text: '' },
      { id: '4', text: 'end' },
    ];
    for (let length = 1; length <= text.length; length += 1) {
      expect(await read(text, { format: 'csv' }, length)).toEqual(expected);
    }
  });

  it('TSV: quotes are characters like any other, columns may be given', async () => {
    const text = 'x"y\t2\na\tb\r\n';
    const expected = [
      { p: 'x"y', q: '2' },
      { p: 'a', q: 'b' },
    ];
    expect(await read(text, { format: 'tsv', columns: ['p', 'q'] }, 3)).toEqual(expected);
  });

  it('JSON lines: one object per line', async () => {
    expect(await read('{"a":1}\n\n{"a":[2]}', { format: 'jsonl' }, 2)).toEqual([
      { a: 1 },
      { a: [2] },
    ]);
  });

  it.each([
    ['csv', 'a,b\n1\n', 'record 1 has 1 fields'],
    ['csv', 'a,b\n"1', 'inside a quoted field'],
    ['jsonl', '{"a":1}\n{', 'record 2 is not JSON'],
    ['jsonl', '[1]', 'record 1 is not a JSON object'],
  ] as const)(
    '%s that is malformed is refused with its place: %j',
    async (format, text, message) => {
      await expect(read(text, { format })).rejects.toThrow(message);
    },
  );
});

it('a checkpoint never runs ahead of the first record that is not written', () => {
  const watermark = new Watermark(10);
  watermark.settle(12);
  watermark.settle(11);
  expect(watermark.done).toBe(10);
  watermark.settle(10);
  expect(watermark.done).toBe(13);
});
