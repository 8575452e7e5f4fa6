/**
 * Our two engines side by side, with their defaults: the table in the package's README that says
 * which to take when. One process per engine, one run of each; `--records` sets the size.
 */
import { cpus } from 'node:os';
import type { RoundReport, RunContext } from '../bench.ts';
import { runProgram } from '../rounds.ts';

const PROGRAMS = { 'B+tree': 'ours', LSM: 'storage-lsm' } as const;

/** What a user chooses by, and the figure of the workloads that says it. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'write-heavy: random load, CPU us': 'b. random load, CPU',
  'write-heavy: random load, thousand/s': 'b. random load',
  'sequential load, CPU us': 'a. sequential load, CPU',
  'read-heavy: get, hit, CPU us': 'c. get, hit, CPU',
  'read-heavy: get, miss, CPU us': 'c. get, miss, CPU',
  'scan, copies, CPU us': 'd. scan, copies, CPU',
  'scan, views, CPU us': 'd. scan, views, CPU',
  'durable puts, 64 writers, thousand/s': 'e. durable puts, 64 writers',
  'space after a random load, x the data': 'f. size after a random load',
  'peak of memory, MB': 'g. peak of memory',
};

export async function engines({ folder, settings, progress }: RunContext): Promise<object> {
  const records = Number(settings.records);
  const reports: RoundReport[] = [];
  for (const [engine, program] of Object.entries(PROGRAMS)) {
    progress(`${records.toLocaleString('en-US')} records: ${engine}`);
    const command = [process.execPath, `${folder}/${program}.js`, `--records=${records}`];
    const output = await runProgram(command);
    reports.push(JSON.parse(output.trimEnd().split('\n').at(-1) ?? ''));
  }
  const rows = Object.entries(QUESTIONS).map(([question, figure]) => ({
    question,
    values: reports.map(({ figures }) => figures[figure] ?? null),
  }));
  return {
    package: 'storage-btree',
    date: new Date().toISOString(),
    machine: `${cpus()[0]?.model.trim()}, Node ${process.version}`,
    records,
    rows,
    // As it stands in the README.
    table: [
      `| ${records.toLocaleString('en-US')} records | ${Object.keys(PROGRAMS).join(' | ')} |`,
      '|---|--:|--:|',
      ...rows.map(({ question, values }) => `| ${question} | ${values.map(shown).join(' | ')} |`),
    ],
  };
}

function shown(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(3)));
}
