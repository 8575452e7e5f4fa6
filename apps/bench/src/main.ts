/** `node dist/main.js PACKAGE [--rounds N] [--syncs] [--json]`, called by `npm run bench`. */
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, Result, RoundReport, SyncCounts } from './bench.ts';
import { compare } from './comparison.ts';
import { runRounds } from './rounds.ts';
import { countSyncs } from './sync-count.ts';
import { table } from './table.ts';

const DEFAULT_ROUNDS = 5;

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name.startsWith('-')) {
  console.error('usage: npm run bench -- PACKAGE [--rounds N] [--syncs] [--json]');
  process.exit(1);
}
const folder = fileURLToPath(new URL(name, import.meta.url));
const { bench } = (await import(`${folder}/index.js`)) as { bench: Bench };
const { rounds, syncs, json, flags, settings } = parse(bench);
const progress = (text: string): void => console.error(`… ${text}`);

const other = Object.entries(bench.instead ?? {}).find(([flag]) => flags.has(flag));
if (other !== undefined) {
  const result = await other[1]({ folder, settings, progress });
  console.log(JSON.stringify(result, null, json ? undefined : 2));
} else {
  const result = await measure();
  console.log(json ? JSON.stringify(result) : table(result));
}

function parse({ settings = {}, instead = {} }: Bench): {
  rounds: number;
  syncs: boolean;
  json: boolean;
  flags: ReadonlySet<string>;
  settings: Record<string, string>;
} {
  const { values } = understood({
    args,
    options: {
      rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
      syncs: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      ...Object.fromEntries(Object.keys(instead).map((flag) => [flag, { type: 'boolean' }])),
      ...Object.fromEntries(Object.keys(settings).map((setting) => [setting, { type: 'string' }])),
    },
  });
  const given = values as Record<string, string | boolean | undefined>;
  const rounds = Number(given.rounds);
  if (!(Number.isSafeInteger(rounds) && rounds > 0)) usage();
  return {
    rounds,
    syncs: given.syncs === true,
    json: given.json === true,
    flags: new Set(Object.keys(instead).filter((flag) => given[flag] === true)),
    settings: Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, String(given[key] ?? value)]),
    ),
  };
}

function understood(config: NonNullable<Parameters<typeof parseArgs>[0]>): { values: unknown } {
  try {
    return parseArgs(config);
  } catch (error) {
    // One of node:util's own: its first sentence says which argument it was.
    return usage((error as Error).message);
  }
}

function usage(problem?: string): never {
  const own = [
    ...Object.keys(bench.instead ?? {}).map((flag) => ` [--${flag}]`),
    ...Object.keys(bench.settings ?? {}).map((setting) => ` [--${setting} VALUE]`),
  ];
  if (problem !== undefined) console.error(problem);
  const words = `${name} [--rounds N] [--syncs] [--json]${own.join('')}`;
  console.error(`usage: npm run bench -- ${words}`);
  process.exit(1);
}

async function measure(): Promise<Result> {
  const given = Object.entries(settings).map(([key, value]) => `--${key}=${value}`);
  const reports = await runRounds({ bench, rounds, folder, arguments: given, progress });
  const counts = syncs ? await syncsOf(given) : undefined;
  const rows = compare(bench, reports);
  return {
    package: bench.package,
    date: new Date().toISOString(),
    machine: `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`,
    rounds,
    contenders: [...reports.values()].flatMap(([report]) => {
      if (!report) return [];
      const { name, version, configuration } = report;
      return [{ name, version, configuration }];
    }),
    rows: counts ? [...rows, ...syncRows(reports, counts)] : rows,
    ...(counts && { syncs: counts }),
  };
}

async function syncsOf(given: readonly string[]): Promise<SyncCounts> {
  const counts: Record<string, number> = {};
  for (const program of [bench.ours, ...bench.peers]) {
    progress(`counting the syncs of ${program}`);
    const part = [...given, ...(bench.syncs?.arguments ?? [])];
    const count = await countSyncs([process.execPath, `${folder}/${program}.js`, ...part]);
    if (count === undefined) {
      progress('there is no strace here, so no syncs are counted');
      break;
    }
    counts[program] = count;
  }
  return counts;
}

/** Syncs per operation, where the bench says what it counts. */
function syncRows(
  reports: ReadonlyMap<string, readonly RoundReport[]>,
  counts: SyncCounts,
): Result['rows'] {
  if (bench.syncs === undefined) return [];
  const { measure, operations } = bench.syncs;
  const perOperation = new Map<string, RoundReport[]>();
  for (const [program, [report]] of reports) {
    const count = counts[program];
    if (report === undefined || count === undefined) continue;
    perOperation.set(program, [{ ...report, figures: { [measure.name]: count / operations } }]);
  }
  return compare({ ...bench, measures: [measure] }, perOperation);
}
