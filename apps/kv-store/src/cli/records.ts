/**
 * Records of a JSON lines, CSV or TSV file, one at a time, whatever the file's size.
 *
 * CSV is RFC 4180: quoted fields may hold commas, quotes (doubled) and line breaks. TSV has no
 * quoting: a tab ends a field, a line break a record. The first record names the columns unless
 * the caller does. Empty lines are skipped. Cost: one pass, one record in memory.
 */
import { InputError } from './exit-codes.ts';

export type RecordFormat = 'jsonl' | 'csv' | 'tsv';

/** A record's fields by name; in JSON lines they may be anything. */
export type DataRecord = Readonly<Record<string, unknown>>;

export interface RecordsOptions {
  readonly format: RecordFormat;
  /** For files whose first record is data already. */
  readonly columns?: readonly string[] | undefined;
}

/** @throws {InputError} naming the record that is malformed, counted from 1. */
export async function* readRecords(
  text: AsyncIterable<string>,
  { format, columns }: RecordsOptions,
): AsyncGenerator<DataRecord, void, undefined> {
  if (format === 'jsonl') return yield* readJsonLines(text);
  const rows = format === 'csv' ? readCsvRows(text) : readTsvRows(text);
  let names = columns;
  let number = 0;
  for await (const row of rows) {
    if (names === undefined) {
      names = row;
      continue;
    }
    number += 1;
    if (row.length !== names.length) {
      const text = `record ${number} has ${row.length} fields, but there are ${names.length} columns`;
      throw new InputError(text);
    }
    yield Object.fromEntries(names.map((name, i) => [name, row[i]!]));
  }
}

async function* readJsonLines(text: AsyncIterable<string>): AsyncGenerator<DataRecord> {
  let number = 0;
  for await (const line of readLines(text)) {
    number += 1;
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch (error) {
      throw new InputError(`record ${number} is not JSON: ${(error as Error).message}`);
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw new InputError(`record ${number} is not a JSON object`);
    }
    yield record as DataRecord;
  }
}

async function* readTsvRows(text: AsyncIterable<string>): AsyncGenerator<string[]> {
  for await (const line of readLines(text)) yield line.split('\t');
}

async function* readLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  let first = true;
  for await (const chunk of text) {
    const lines = (rest + (first ? withoutMark(chunk) : chunk)).split('\n');
    first = false;
    rest = lines.pop()!;
    for (const line of lines) {
      const content = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (content !== '') yield content;
    }
  }
  if (rest.trim() !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest;
}

/** Where a CSV reader is: before a field, in a bare one, in quotes, or behind a quote in quotes. */
type CsvPlace = 'start' | 'bare' | 'quoted' | 'quote';

async function* readCsvRows(text: AsyncIterable<string>): AsyncGenerator<string[]> {
  let place: CsvPlace = 'start';
  let field = '';
  let row: string[] = [];
  let first = true;
  for await (const chunk of text) {
    for (const character of first ? withoutMark(chunk) : chunk) {
      if (place === 'quoted') {
        if (character === '"') place = 'quote';
        else field += character;
      } else if (character === '"' && place !== 'bare') {
        if (place === 'quote') field += '"';
        place = 'quoted';
      } else if (character === ',') {
        row.push(field);
        field = '';
        place = 'start';
      } else if (character === '\n') {
        row.push(place === 'bare' && field.endsWith('\r') ? field.slice(0, -1) : field);
        if (row.length > 1 || row[0] !== '') yield row;
        row = [];
        field = '';
        place = 'start';
      } else if (place !== 'quote' || character !== '\r') {
        field += character;
        place = 'bare';
      }
    }
    first = false;
  }
  if (place === 'quoted') throw new InputError('the file ends inside a quoted field');
  if (field !== '' || row.length > 0) yield [...row, field];
}

/** Without the byte order mark that spreadsheets like to begin with. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
