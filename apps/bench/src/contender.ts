/**
 * The side of a contender: a program that measures one library, prints one line of JSON, and ends.
 *
 * A library that was not installed by the workspace is loaded with `peer`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { RoundReport } from './bench.ts';

/** Each takes about `durationMs` and returns its figure, in the unit that the bench declares. */
export type Measurements = Readonly<Record<string, (durationMs: number) => Promise<number>>>;

/** How long each measurement takes, the first time for nothing. */
export interface Pace {
  /** @default 300 */
  readonly warmUpMs?: number;
  /** @default 1_000 */
  readonly durationMs?: number;
}

/** Runs every measurement once, after a warm-up, and prints the report. */
export async function runContender(
  about: Omit<RoundReport, 'figures'>,
  measurements: Measurements,
  { warmUpMs = 300, durationMs = 1_000 }: Pace = {},
): Promise<void> {
  const figures: Record<string, number> = {};
  for (const [name, measure] of Object.entries(measurements)) {
    await measure(warmUpMs);
    figures[name] = await measure(durationMs);
  }
  console.log(JSON.stringify({ ...about, figures } satisfies RoundReport));
}

// From dist/<package>/ or, bundled together, from dist/: both find apps/bench.
const BENCH = fileURLToPath(import.meta.url).replace(/[/\\](dist|src)[/\\].*$/, '');
const PEERS = join(BENCH, 'peers');

/**
 * Loads a library of peers/package.json. The caller says how much of it it uses: the library's own
 * types are absent wherever nobody benches.
 */
export async function peer<T>(name: string): Promise<T> {
  const { load } = await import(pathToFileURL(join(PEERS, 'load.mjs')).href);
  return load(name) as Promise<T>;
}

export function peerVersion(name: string): string {
  return versionIn(join(PEERS, 'node_modules', name));
}

/** The version of one of our own packages. */
export function ownVersion(name: string): string {
  return versionIn(join(BENCH, 'node_modules', name));
}

function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
