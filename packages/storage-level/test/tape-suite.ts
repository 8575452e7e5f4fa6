/**
 * Runs the suite that abstract-level ships, with tape, and reports what tape saw: every assertion
 * counts, and what was left out is listed like what failed.
 */
import { inspect } from 'node:util';
import type { AbstractLevel } from 'abstract-level';
import suite from 'abstract-level/test/index.js';
import tape from 'tape';

export interface SuiteReport {
  readonly tests: number;
  readonly assertions: number;
  /** Of each assertion that did not hold: its test, its name, what was expected and what came. */
  readonly failures: readonly string[];
  /** Tests and assertions that tape was told to skip or to expect to fail. */
  readonly leftOut: readonly string[];
}

export interface SuiteSubject {
  /** A database, not opened yet, on a place of its own. */
  create(options?: object): Pick<AbstractLevel<Uint8Array>, 'supports'>;
}

interface TapeRow {
  readonly type: 'test' | 'assert' | 'end';
  readonly id?: number;
  readonly test?: number;
  readonly name?: string;
  readonly ok?: boolean;
  readonly skip?: unknown;
  readonly todo?: unknown;
  readonly operator?: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly error?: Error;
}

/** Runs the suite, or its tests whose names match, on databases that `create` makes. */
export async function runSuite(
  { create }: SuiteSubject,
  names: RegExp = /(?:)/,
): Promise<SuiteReport> {
  const harness = tape.createHarness();
  const rows = rowsOf(harness);
  suite({
    test: (name, run) => names.test(name) && harness(name, run),
    factory: create,
  });
  return reportOn(await rows);
}

/** Starts the harness on the next turn; resolves when its last test has ended. */
function rowsOf(harness: tape.Harness): Promise<TapeRow[]> {
  return new Promise((resolve, reject) => {
    const rows: TapeRow[] = [];
    harness
      .createStream({ objectMode: true })
      // Comments come as strings.
      .on('data', (row: TapeRow | string) => typeof row === 'object' && rows.push(row))
      .on('error', reject)
      .on('end', () => resolve(rows));
  });
}

function reportOn(rows: readonly TapeRow[]): SuiteReport {
  const names = new Map<number, string>();
  const asserted = rows.filter(({ type }) => type === 'assert');
  for (const { type, id, name } of rows) if (type === 'test') names.set(id ?? -1, name ?? '');
  return {
    tests: names.size,
    assertions: asserted.length,
    failures: asserted
      .filter(({ ok }) => !ok)
      .map((row) => `${names.get(row.test ?? -1)}: ${describeFailure(row)}`),
    leftOut: rows.filter(({ skip, todo }) => skip || todo).map(({ name }) => name ?? ''),
  };
}

function describeFailure({ name, operator, expected, actual, error }: TapeRow): string {
  const where = error?.stack?.split('\n').find((line) => line.includes('abstract-level/test/'));
  const values = `${operator}, expected ${inspect(expected)}, got ${inspect(actual)}`;
  return `${name} (${values})${where === undefined ? '' : `\n  ${where.trim()}`}`;
}
