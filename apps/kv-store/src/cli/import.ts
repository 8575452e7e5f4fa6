/**
 * Writes a file's records, many at a time, with a bar to watch and a checkpoint to resume from.
 *
 * Invariant: the checkpoint never runs ahead of what the cluster has acknowledged.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { KvClient } from '../client.ts';
import { readCheckpoint, removeCheckpoint, Watermark, writeCheckpoint } from './checkpoint.ts';
import { InputError } from './exit-codes.ts';
import { Progress } from './progress.ts';
import { type DataRecord, type RecordFormat, readRecords } from './records.ts';

export interface ImportOptions {
  readonly file: string;
  /** The column or field that becomes the key. */
  readonly key: string;
  /** The one that becomes the value. @default the whole record, as JSON */
  readonly value?: string;
  readonly prefix: string;
  readonly format?: RecordFormat;
  /** Names separated by commas. */
  readonly columns?: string;
  readonly concurrency: number;
  readonly restart?: true;
}

const CHECKPOINT_EVERY_MS = 1_000;

export async function runImport(
  client: KvClient,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<void> {
  const { file, concurrency } = options;
  const size = await sizeOf(file);
  const checkpointPath = `${file}.dskv-import`;
  const identity = identityOf(options, size);
  const skip = options.restart ? 0 : await readCheckpoint(checkpointPath, identity);
  if (skip > 0) console.error(`going on after ${skip} records (--restart begins anew)`);
  const watermark = new Watermark(skip);
  const progress = new Progress(skip);
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const running = new Set<Promise<void>>();
  let bytesRead = 0;
  const state = () => ({
    fraction: size === 0 ? 1 : Math.min(1, bytesRead / size),
    records: watermark.done,
    retries: client.counters.retries,
  });
  const save = () => writeCheckpoint(checkpointPath, { identity, done: watermark.done });
  const write = async (number: number, record: DataRecord): Promise<void> => {
    try {
      await client.put(
        keyOfRecord(record, options, number),
        valueOfRecord(record, options, number),
        {
          signal: stop,
        },
      );
      watermark.settle(number);
    } catch (error) {
      failure.abort(error);
    }
  };
  const text = countedText(file, (bytes) => (bytesRead = bytes));
  let number = 0;
  let savedMs = performance.now();
  try {
    for await (const record of readRecords(text, recordsOptions(options))) {
      stop.throwIfAborted();
      if (number >= skip) {
        const writing: Promise<void> = write(number, record).finally(() => running.delete(writing));
        running.add(writing);
        if (running.size >= concurrency) await Promise.race(running);
      }
      number += 1;
      progress.update(state());
      if (performance.now() - savedMs >= CHECKPOINT_EVERY_MS) {
        savedMs = performance.now();
        await save();
      }
    }
    await Promise.all(running);
    stop.throwIfAborted();
  } catch (error) {
    await Promise.all(running);
    await save();
    progress.finish(state());
    throw error;
  }
  await removeCheckpoint(checkpointPath);
  progress.finish(state());
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new InputError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

async function* countedText(
  file: string,
  count: (bytes: number) => void,
): AsyncGenerator<string, void, undefined> {
  const stream = createReadStream(file, { encoding: 'utf8' });
  for await (const chunk of stream) {
    count(stream.bytesRead);
    yield chunk as string;
  }
}

function recordsOptions({ file, format, columns }: ImportOptions) {
  return { format: format ?? formatOf(file), columns: columns?.split(',') };
}

function formatOf(file: string): RecordFormat {
  const ending = /\.(jsonl|ndjson|csv|tsv)$/i.exec(file)?.[1]?.toLowerCase();
  if (ending === undefined) throw new InputError(`--format is needed for ${file}`);
  return ending === 'ndjson' ? 'jsonl' : (ending as RecordFormat);
}

function keyOfRecord(record: DataRecord, { key, prefix }: ImportOptions, number: number): string {
  const field = fieldOf(record, key, number);
  if (field === '') throw new InputError(`record ${number + 1} has an empty '${key}'`);
  return prefix + field;
}

function valueOfRecord(record: DataRecord, { value }: ImportOptions, number: number): string {
  return value === undefined ? JSON.stringify(record) : fieldOf(record, value, number);
}

function fieldOf(record: DataRecord, name: string, number: number): string {
  const field = Object.hasOwn(record, name) ? record[name] : undefined;
  if (typeof field === 'string') return field;
  if (typeof field === 'number' || typeof field === 'boolean') return String(field);
  const known = Object.keys(record).slice(0, 20).join(', ');
  throw new InputError(`record ${number + 1} has no '${name}'; it has: ${known}`);
}

function identityOf(options: ImportOptions, size: number): string {
  const { key, value = null, prefix, columns = null } = options;
  return JSON.stringify([size, recordsOptions(options).format, key, value, prefix, columns]);
}
