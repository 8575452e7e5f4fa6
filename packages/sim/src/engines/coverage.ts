/** Which calls, to which kinds of file, have met which faults. */
import type { DiskCall, DiskOperation } from '../disk/disk-options.ts';
import type { Engine } from './engine.ts';

/**
 * How many points there were (`points`), and how many of each kind: `'write log: kill'`,
 * `'recovery: rename table: power cut'`, `'at rest: log: flipped bit reported'`.
 */
export type Coverage = Record<string, number>;

const ON_DIRECTORIES: ReadonlySet<DiskOperation> = new Set(['list', 'mkdir', 'syncDirectory']);

/** `write log`, `rename new-data`, `syncDirectory`: the operation and the kind of its file. */
export function callKind(
  engine: Engine,
  { operation, path }: Pick<DiskCall, 'operation' | 'path'>,
): string {
  const kind = ON_DIRECTORIES.has(operation) ? undefined : fileKind(engine, path);
  return kind === undefined ? operation : `${operation} ${kind}`;
}

export function fileKind(engine: Engine, path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return engine.fileKind === undefined ? name.replace(/\d+/g, 'N') : engine.fileKind(name);
}

/** Adds a point to `coverage`. */
export function cover(coverage: Coverage, call: string, fault: string): void {
  const name = `${call}: ${fault}`;
  coverage[name] = (coverage[name] ?? 0) + 1;
  coverage.points = (coverage.points ?? 0) + 1;
}

/** A line for each kind of call: how many points it had, and with how many different faults. */
export function coverageTable(coverage: Coverage): string {
  const rows = new Map<string, { points: number; faults: number }>();
  for (const [name, points] of Object.entries(coverage)) {
    const end = name.lastIndexOf(': ');
    if (end < 0) continue;
    const call = name.slice(0, end);
    const row = rows.get(call) ?? { points: 0, faults: 0 };
    rows.set(call, { points: row.points + points, faults: row.faults + 1 });
  }
  const width = Math.max(4, ...[...rows.keys()].map((call) => call.length));
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([call, { points, faults }]) => {
      return `${call.padEnd(width)}  ${String(points).padStart(7)}  ${String(faults).padStart(6)}`;
    });
  return [`${'call'.padEnd(width)}   points  faults`, ...lines].join('\n');
}
