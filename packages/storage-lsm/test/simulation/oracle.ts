/**
 * Judges what a store shows: exactly some prefix of the workload, no shorter than what it has
 * promised and no longer than what it was given; by ranges in both directions and by single keys.
 */
import { type Reader, StorageError } from '@ds/storage';
import { COUNTER, type Contents, text, toText, type Workload } from './workload.ts';

/** The store did what it must never do. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** How many steps a store may hold. */
export interface Expected {
  readonly atLeast: number;
  readonly atMost: number;
}

/**
 * How many steps `store` holds.
 * @throws {Violation} unless they are a prefix of `workload` within what is expected
 */
export function checkPrefix(
  store: Reader,
  workload: Workload,
  { atLeast, atMost }: Expected,
): number {
  const found = readAll(store);
  const last = found.get(COUNTER);
  const count = last === undefined ? 0 : Number(last) + 1;
  if (count < atLeast) throw new Violation(`step ${atLeast - 1} was promised, the last is ${last}`);
  if (count > atMost) throw new Violation(`step ${last} was never written`);
  const expected = workload.contents[count];
  if (expected === undefined) throw new Violation(`no step has the number ${last}`);
  checkContents(store, found, expected, `after ${count} steps`);
  return count;
}

/** @throws {Violation} unless `store` shows exactly what there was after `count` steps */
export function checkExactly(store: Reader, workload: Workload, count: number): void {
  checkPrefix(store, workload, { atLeast: count, atMost: count });
}

/** Every code an error of a store may have while a disk fails, a process dies or data is lost. */
export function expectStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  throw error;
}

/**
 * What a merge met in the background ended writing: the writer is told so, and of the damage as the
 * cause.
 * @throws {Violation} unless `error` says that there is damage, in which file, and where
 */
export function expectDamageReport(error: unknown): void {
  const told = expectStorageError(error);
  const damage = told.code === 'STORAGE_FAILED' ? expectStorageError(told.cause) : told;
  const { code, path, offset, message } = damage;
  if (code !== 'STORAGE_CORRUPT' && code !== 'STORAGE_FORMAT') {
    throw new Violation(`damage is reported as ${code}: ${message}`, { cause: error });
  }
  if (path === undefined || offset === undefined) {
    throw new Violation(`damage without its place: ${message}`, { cause: error });
  }
}

function readAll(store: Reader): Map<string, string> {
  const found = new Map<string, string>();
  for (const { key, value } of store.range()) found.set(toText(key), toText(value));
  return found;
}

function checkContents(store: Reader, found: Contents, expected: Contents, when: string): void {
  for (const key of new Set([...found.keys(), ...expected.keys()])) {
    const wanted = expected.get(key);
    if (found.get(key) !== wanted) {
      const held = found.get(key)?.slice(0, 12);
      throw new Violation(`${when} '${key}' is ${held} and not ${wanted?.slice(0, 12)}`);
    }
    const got = store.get(text(key));
    if ((got && toText(got)) !== wanted) throw new Violation(`${when} get('${key}') is wrong`);
  }
  const reversed = [...store.range({ reverse: true })].map(({ key }) => toText(key)).reverse();
  if (reversed.join() !== [...found.keys()].join()) {
    throw new Violation(`${when} a range backwards differs from one forwards`);
  }
}
