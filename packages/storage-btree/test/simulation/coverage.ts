/** Which calls, to which kinds of file, have met which faults. */
import type { DiskCall } from '@ds/sim';
import { DATA_NAME, LOCK_NAME, NEW_DATA_NAME } from '../../src/file-names.ts';

/** `write log`, `rename new-data`, `syncDirectory`: the operation and the kind of its file. */
export function callKind({ operation, path }: Pick<DiskCall, 'operation' | 'path'>): string {
  const kind = fileKind(path);
  return kind === undefined ? operation : `${operation} ${kind}`;
}

const KINDS: Readonly<Record<string, string>> = {
  [DATA_NAME]: 'data',
  [NEW_DATA_NAME]: 'new-data',
  [LOCK_NAME]: 'lock',
};

export function fileKind(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name.endsWith('.log')) return 'log';
  return KINDS[name];
}

/** Counts points by kind of call and fault. */
export class Coverage {
  readonly #counts = new Map<string, number>();
  points = 0;

  count(call: string, fault: string): void {
    this.points += 1;
    const name = `${call}: ${fault}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  has(call: string): boolean {
    return [...this.#counts.keys()].some((name) => name.startsWith(`${call}: `));
  }

  numbers(): Record<string, number> {
    return { points: this.points, ...Object.fromEntries(this.#counts) };
  }
}
