/**
 * The workloads a to g, the same for every engine: each in the order in which a user would meet
 * it, in one process, so that the peak of memory is that of the whole.
 *
 * `--records N` makes it smaller. `--only=writers` runs 12,800 durable puts of 64 writers and
 * nothing else: the part whose syncs are counted. `--only=growth` loads at random and reads.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RoundReport } from '../bench.ts';
import { openRawFile, type RawFile } from './raw-file.ts';
import { KEY_BYTES, type Put, Records, VALUE_BYTES, writeAbsentKey, writeKey } from './records.ts';

const READS = 200_000;
const WARM_UP_READS = 20_000;
const KEYS_AHEAD = 1000;
const WRITERS = 64;
export const COUNTED_PUTS = 12_800;
const DURABLE_MS = 2_000;
const RAW_TURNS = 6;
const QUIET_MS = 100;

/** An engine, open in a directory. */
export interface OpenEngine {
  /** Atomic, not durable; the buffers are the caller's again when it resolves. */
  load(batch: readonly Put[]): Promise<void>;
  putDurable(key: Buffer, value: Buffer): Promise<void>;
  get(key: Buffer): Uint8Array | undefined;
  /** Visits all entries, each key and value the caller's own; returns how many bytes those are. */
  scanCopies(): Promise<number>;
  /** The same with bytes that may be gone at the next step, or the engine's only way. */
  scanViews(): Promise<number>;
  close(): Promise<void>;
}

export interface EngineOptions {
  /** With block compression, if that is not the default. */
  readonly compressed?: boolean;
  /** With a cache that all of the data fits into, if that is not the default. */
  readonly cached?: boolean;
}

export interface Contender extends Omit<RoundReport, 'figures'> {
  open(directory: string, options?: EngineOptions): Promise<OpenEngine>;
  /** Whether its default is to compress, so that it need not be loaded once more for that. */
  readonly compresses?: boolean;
  /** Whether reads are measured once more with all of the data in memory. */
  readonly caches?: boolean;
}

type Figures = Record<string, number>;

/** Runs everything and prints the report. */
export async function runEngine({
  open,
  compresses,
  caches = false,
  ...about
}: Contender): Promise<void> {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '1000000' },
      only: { type: 'string' },
    },
  });
  // Not on a disk in memory, where a sync costs nothing: choose with TMPDIR.
  const folder = mkdtempSync(join(tmpdir(), 'bench-lsm-'));
  const figures: Figures = {};
  try {
    const records = new Records(Number(values.records));
    if (values.only === 'writers') await countedPuts(await open(join(folder, 'counted')));
    else if (values.only === 'growth') {
      const engine = await load('load', 'random', { open, records, folder, figures });
      await reads(engine, records, figures);
      await engine.close();
    } else {
      const context = { open, records, folder, figures };
      await (await load('a. sequential load', 'sequential', context)).close();
      const engine = await load('b. random load', 'random', context);
      await reads(engine, records, figures);
      await scans(engine, records, figures);
      await engine.close();
      const raw = await openRawFile(folder);
      await durablePuts(await open(join(folder, 'durable')), raw, figures);
      raw.close();
      figures['g. peak of memory'] = (process.resourceUsage().maxRSS * 1024) / 1e6;
      if (caches) await cachedReads(context);
      const name = 'f. size after a sequential load';
      const compressed = `${name}, compressed`;
      if (compresses === true) figures[compressed] = figures[name]!;
      else if (compresses === false) {
        const options = { compressed: true };
        const directory = join(folder, 'compressed');
        await fill(await open(directory, options), records, 'sequential');
        figures[compressed] = directoryBytes(directory) / records.bytes;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(JSON.stringify({ ...about, figures } satisfies RoundReport));
}

interface LoadContext {
  readonly open: Contender['open'];
  readonly records: Records;
  readonly folder: string;
  readonly figures: Figures;
}

/** Loads all records into a new directory and closes it; opens it again, and lets it settle. */
async function load(
  name: string,
  order: 'sequential' | 'random',
  { open, records, folder, figures }: LoadContext,
): Promise<OpenEngine> {
  const directory = join(folder, order);
  const engine = await open(directory);
  const spent = await measured(() => fill(engine, records, order));
  figures[`${name}, CPU`] = spent.cpuUs / records.count;
  figures[name] = records.count / spent.wallMs;
  figures[`f. size after a ${order} load`] = directoryBytes(directory) / records.bytes;
  const again = await open(directory);
  await quiet();
  return again;
}

/** Waits until the engine has done what it had put off; seen from outside, alike for all. */
async function quiet(): Promise<void> {
  for (let calm = 0; calm < 5; ) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const { user, system } = process.cpuUsage(before);
    calm = (user + system) / 1000 < QUIET_MS / 20 ? calm + 1 : 0;
  }
}

export async function fill(
  engine: OpenEngine,
  records: Records,
  order: 'sequential' | 'random',
): Promise<void> {
  for (const batch of records.batches(order)) await engine.load(batch);
  await engine.close();
}

/** After the peak of memory was taken, which is that of what engines do unless told otherwise. */
async function cachedReads({ open, records, folder, figures }: LoadContext): Promise<void> {
  const engine = await open(join(folder, 'random'), { cached: true });
  await engine.scanCopies();
  await reads(engine, records, figures, ', cached');
  await engine.close();
}

/** Gets of keys made beforehand, so that only the engine counts. */
async function reads(
  engine: OpenEngine,
  records: Records,
  figures: Figures,
  suffix = '',
): Promise<void> {
  const keys = Array.from({ length: KEYS_AHEAD }, () => Buffer.alloc(KEY_BYTES));
  let place = 0;
  const hit = (key: Buffer): void => {
    if (engine.get(key)?.length !== VALUE_BYTES) throw new Error('a key is missing');
  };
  const miss = (key: Buffer): void => {
    if (engine.get(key) !== undefined) throw new Error('a key is there that was never written');
  };
  for (const [name, read, write] of [
    ['c. get, hit', hit, writeKey],
    ['c. get, miss', miss, writeAbsentKey],
  ] as const) {
    let [cpuUs, wallMs] = [0, 0];
    for (let done = -WARM_UP_READS; done < READS; done += KEYS_AHEAD) {
      for (const key of keys) write(records.shuffled((place += 7919)), key);
      const spent = await measured(() => keys.forEach(read));
      if (done < 0) continue;
      cpuUs += spent.cpuUs;
      wallMs += spent.wallMs;
    }
    figures[`${name}${suffix}, CPU`] = cpuUs / READS;
    figures[`${name}${suffix}`] = READS / wallMs;
  }
}

async function scans(engine: OpenEngine, records: Records, figures: Figures): Promise<void> {
  for (const [name, scan] of [
    ['d. scan, copies', () => engine.scanCopies()],
    ['d. scan, views', () => engine.scanViews()],
  ] as const) {
    const spent = await measured(async () => {
      if ((await scan()) !== records.bytes) throw new Error(`${name} has not seen all`);
    });
    figures[`${name}, CPU`] = spent.cpuUs / records.count;
  }
}

async function durablePuts(engine: OpenEngine, raw: RawFile, figures: Figures): Promise<void> {
  await oneWriter(engine, raw, figures);
  const name = `e. durable puts, ${WRITERS} writers`;
  await durableRate(engine, WRITERS, DURABLE_MS / 4);
  const spent = await durableRate(engine, WRITERS, DURABLE_MS);
  figures[`${name}, CPU`] = spent.cpuUs / spent.puts;
  figures[name] = spent.puts / spent.wallMs;
  await engine.close();
}

/**
 * One writer, in turns with one into a bare file: what a sync takes depends on what else the device
 * has to write just then, and changes tenfold from one minute to the next.
 */
async function oneWriter(engine: OpenEngine, raw: RawFile, figures: Figures): Promise<void> {
  const name = 'e. durable puts, 1 writer';
  const ours = { puts: 0, cpuUs: 0, wallMs: 0 };
  const bare = { puts: 0, cpuUs: 0, wallMs: 0 };
  for (let turn = -1; turn < RAW_TURNS; turn += 1) {
    for (const [target, sum] of [
      [engine, ours],
      [raw, bare],
    ] as const) {
      const { puts, cpuUs, wallMs } = await durableRate(target, 1, DURABLE_MS / 4);
      if (turn < 0) continue;
      sum.puts += puts;
      sum.cpuUs += cpuUs;
      sum.wallMs += wallMs;
    }
  }
  const rate = ours.puts / ours.wallMs;
  figures[`${name}, CPU`] = ours.cpuUs / ours.puts;
  figures[name] = rate;
  figures[`${name}, of a raw write and datasync`] = rate / (bare.puts / bare.wallMs);
}

/** Each writer sends its next put when its last is durable. */
export async function durableRate(
  target: Pick<OpenEngine, 'putDurable'>,
  writers: number,
  durationMs: number,
): Promise<{ puts: number; cpuUs: number; wallMs: number }> {
  let puts = 0;
  const startMs = performance.now();
  const writer = async (): Promise<void> => {
    const key = Buffer.alloc(KEY_BYTES);
    const value = Buffer.alloc(VALUE_BYTES, 'v');
    while (performance.now() - startMs < durationMs) {
      writeKey(puts++, key);
      await target.putDurable(key, value);
    }
  };
  const spent = await measured(async () => {
    await Promise.all(Array.from({ length: writers }, writer));
  });
  return { puts, ...spent };
}

export async function countedPuts(engine: Pick<OpenEngine, 'putDurable' | 'close'>): Promise<void> {
  let puts = 0;
  const writer = async (): Promise<void> => {
    const key = Buffer.alloc(KEY_BYTES);
    const value = Buffer.alloc(VALUE_BYTES, 'v');
    while (puts < COUNTED_PUTS) {
      writeKey(puts++, key);
      await engine.putDurable(key, value);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  await engine.close();
}

/** What `run` takes: of the time of all threads, and of the clock on the wall. */
export async function measured(
  run: () => void | Promise<void>,
): Promise<{ cpuUs: number; wallMs: number }> {
  const startMs = performance.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: user + system, wallMs: performance.now() - startMs };
}

export function directoryBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
