/** `node dist/main.js PACKAGE [--rounds N] [--syncs] [--json]`, called by `npm run bench`. */
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, Result, SyncCounts } from './bench.ts';
import { compare } from './comparison.ts';
import { runRounds } from './rounds.ts';
import { countSyncs } from './sync-count.ts';
import { table } from './table.ts';

const DEFAULT_ROUNDS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
    syncs: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const [name] = positionals;
if (name === undefined || positionals.length > 1 || !(Number.isSafeInteger(rounds) && rounds > 0)) {
  console.error('usage: npm run bench -- PACKAGE [--rounds N] [--syncs] [--json]');
  process.exit(1);
}
const folder = fileURLToPath(new URL(name, import.meta.url));
const { bench } = (await import(`${folder}/index.js`)) as { bench: Bench };
const result = await measure(bench);
console.log(values.json ? JSON.stringify(result) : table(result));

async function measure(bench: Bench): Promise<Result> {
  const progress = (text: string): void => console.error(`… ${text}`);
  const reports = await runRounds({ bench, rounds, folder, progress });
  const syncs = values.syncs ? await syncsOf(bench, progress) : undefined;
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
    rows: compare(bench, reports),
    ...(syncs && { syncs }),
  };
}

async function syncsOf(bench: Bench, progress: (text: string) => void): Promise<SyncCounts> {
  const counts: Record<string, number> = {};
  for (const program of [bench.ours, ...bench.peers]) {
    progress(`counting the syncs of ${program}`);
    const count = await countSyncs([process.execPath, `${folder}/${program}.js`]);
    if (count === undefined) {
      progress('there is no strace here, so no syncs are counted');
      break;
    }
    counts[program] = count;
  }
  return counts;
}
