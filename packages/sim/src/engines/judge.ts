/**
 * Judges what a store shows: exactly some prefix of the workload, no shorter than what it has
 * promised and no longer than what it was given; by ranges in both directions, by single keys and
 * by whatever else the engine reads with. And judges what it says of its failures.
 */
import { type Entry, type Reader, StorageError } from '@ds/storage';
import type { Engine } from './engine.ts';
import type { FaultKind } from './fault-kinds.ts';
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

export class Judge {
  readonly #engine: Engine;
  readonly #workload: Workload;

  constructor(engine: Engine, workload: Workload) {
    this.#engine = engine;
    this.#workload = workload;
  }

  /**
   * How many steps `reader` holds.
   * @throws {Violation} unless they are a prefix of the workload within what is expected
   */
  prefix(reader: Reader, { atLeast, atMost }: Expected): number {
    const count = stepsIn(reader);
    if (count < atLeast) {
      throw new Violation(`step ${atLeast - 1} was promised, the last is ${count - 1}`);
    }
    if (count > atMost) throw new Violation(`step ${count - 1} was never written`);
    const expected = this.#workload.contents[count];
    if (expected === undefined) throw new Violation(`no step has the number ${count - 1}`);
    this.#contents(reader, expected, `after ${count} steps`);
    return count;
  }

  /** @throws {Violation} unless `reader` shows exactly what there was after `count` steps */
  exactly(reader: Reader, count: number): void {
    this.prefix(reader, { atLeast: count, atMost: count });
  }

  #contents(reader: Reader, expected: Contents, when: string): void {
    const entries = [...reader.range()];
    const found = new Map(entries.map(({ key, value }) => [toText(key), toText(value)]));
    for (const key of new Set([...found.keys(), ...expected.keys()])) {
      const wanted = expected.get(key);
      if (found.get(key) !== wanted) {
        const held = found.get(key)?.slice(0, 12);
        throw new Violation(`${when} '${key}' is ${held} and not ${wanted?.slice(0, 12)}`);
      }
      const got = reader.get(text(key));
      if ((got && toText(got)) !== wanted) throw new Violation(`${when} get('${key}') is wrong`);
    }
    this.#order(reader, entries, when);
    const wrong = this.#engine.check?.(reader, entries);
    if (wrong !== undefined) throw new Violation(`${when} ${wrong}`);
  }

  #order(reader: Reader, entries: readonly Entry[], when: string): void {
    const keys = entries.map(({ key }) => toText(key));
    if (keys.join() !== [...new Set(keys)].sort().join()) {
      throw new Violation(`${when} a range is not in order`);
    }
    const reversed = [...reader.range({ reverse: true })].map(({ key }) => toText(key)).reverse();
    if (reversed.join() !== keys.join()) {
      throw new Violation(`${when} a range backwards differs from one forwards`);
    }
  }
}

/** The number that `reader` claims to hold; whether that is so is another question. */
export function stepsIn(reader: Reader): number {
  const last = reader.get(text(COUNTER));
  return last === undefined ? 0 : Number(toText(last)) + 1;
}

/** Every code an error of a store may have while a disk fails, a process dies or data is lost. */
export function expectStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  throw error;
}

/**
 * What is met in the background ends writing: then the writer is told so, and of the damage as the
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

/** Lets an error pass that the fault explains. */
export function expectExplained(error: unknown, { damages }: FaultKind): void {
  const { code, message } = expectStorageError(error);
  if (code !== 'STORAGE_CORRUPT' && code !== 'STORAGE_FORMAT') return;
  if (damages) expectDamageReport(error);
  else throw new Violation(`damage without cause: ${message}`, { cause: error });
}

/** For what has to go well. */
export function unexpected(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  return new Violation(`it fails without cause: ${error.message}`, { cause: error });
}
