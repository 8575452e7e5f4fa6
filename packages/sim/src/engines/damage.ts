/**
 * Damage at rest: what a workload leaves on the disk, read with one bit flipped, with a file cut
 * short or with one gone. All that it holds comes out right, or the damage is reported.
 */
import { MemoryFileSystem } from '@ds/storage/memory';
import { takeTurn } from '../kernel/scheduler.ts';
import { fileKind } from './coverage.ts';
import type { Engine } from './engine.ts';
import { expectDamageReport, expectStorageError, Judge } from './judge.ts';
import { copyOf, type DiskCopy, fill, Machine } from './machine.ts';
import { DIRECTORY, Run } from './run.ts';
import { judged } from './verdict.ts';
import { type Workload, workloadOf } from './workload.ts';

/** What reading gave: all of it right, or a report of the damage. */
export type DamageOutcome = 'harmless' | 'reported';

/** How a store was left: closed, or by a process that died after a sync. */
export type Leaving = 'closed' | 'killed';

export class FilesLeft {
  /** Of those files that hold anything. */
  readonly paths: readonly string[];
  readonly #engine: Engine;
  readonly #workload: Workload;
  readonly #copy: DiskCopy;

  private constructor(engine: Engine, workload: Workload, copy: DiskCopy) {
    this.#engine = engine;
    this.#workload = workload;
    this.#copy = copy;
    this.paths = [...copy].filter(([, bytes]) => bytes.length > 0).map(([path]) => path);
  }

  /** @throws {SimulationError} `SIM_ENGINE_BROKEN` when the workload fails with nothing to blame */
  static async of(engine: Engine, workload: Workload, leaving: Leaving): Promise<FilesLeft> {
    const run = new Run(engine, new Machine(workload.seed), workload);
    await judged({ seed: workload.seed, leaving }, async () => {
      if (leaving === 'closed') return run.work();
      await run.takeSteps();
      await run.store?.sync();
    });
    // What the engine does on its own comes to its end.
    await takeTurn();
    return new FilesLeft(engine, workload, copyOf(run.machine.fileSystem, DIRECTORY));
  }

  /** The size of a file. */
  bytes(path: string): number {
    return this.#copy.get(path)?.length ?? 0;
  }

  /**
   * Opens and reads it all after `damage` to the file, at `position`.
   * @throws {Violation} unless it is right, or the damage reported
   */
  async readWith(
    damage: Damage,
    path: string,
    position: number,
    bit?: number,
  ): Promise<DamageOutcome> {
    const files = new Map(this.#copy);
    const bytes = new Uint8Array(files.get(path) ?? []);
    if (damage === 'missing') files.delete(path);
    else if (damage === 'cut short') files.set(path, bytes.slice(0, position));
    else {
      bytes[position] = (bytes[position] ?? 0) ^ (1 << (bit ?? (position * 5) % 8));
      files.set(path, bytes);
    }
    return this.#read(files);
  }

  async #read(copy: DiskCopy): Promise<DamageOutcome> {
    const fileSystem = new MemoryFileSystem();
    await fill(fileSystem, copy);
    const { seed, steps } = this.#workload;
    try {
      const store = await this.#engine.open({ fileSystem, directory: DIRECTORY, seed });
      try {
        new Judge(this.#engine, this.#workload).exactly(store, steps.length);
      } finally {
        await store.close().catch(expectStorageError);
      }
      return 'harmless';
    } catch (error) {
      expectDamageReport(error);
      return 'reported';
    }
  }
}

/** What is done to a file: at every place of it, or once. */
export type Damage = 'flipped bit' | 'cut short' | 'missing';

export interface DamageOptions {
  /** Of the workload. @default 1 */
  readonly seed?: number;
  /** How many of its steps are taken: the more, the larger the files. @default 10 */
  readonly steps?: number;
  /** @default 'closed' */
  readonly leaving?: Leaving;
  /** The places to damage, in files of a kind. @default every byte of each */
  takes?(kind: string, position: number): boolean;
  readonly signal?: AbortSignal;
}

/**
 * Damages every file that a workload leaves, at one byte after another: flips a bit of it, or cuts
 * the file there; or takes the whole file away. Resolves with how often that was `'log: harmless'`
 * and `'log: reported'`, by kind of file. Cost: opens the store and reads all of it at each byte.
 * @throws {SimulationError} `SIM_ENGINE_BROKEN` when wrong data comes out
 */
export async function damageEverywhere(
  engine: Engine,
  damage: Damage,
  options: DamageOptions = {},
): Promise<Record<string, number>> {
  const { seed = 1, steps = 10, leaving = 'closed', takes = () => true, signal } = options;
  const workload = workloadOf(engine, seed, steps);
  const left = await FilesLeft.of(engine, workload, leaving);
  const counts: Record<string, number> = {};
  for (const path of left.paths) {
    const kind = fileKind(engine, path);
    const places = damage === 'missing' ? 1 : left.bytes(path);
    for (let position = 0; kind !== undefined && position < places; position += 1) {
      if (!takes(kind, position)) continue;
      signal?.throwIfAborted();
      const point = { seed, leaving, damage, path, position };
      const outcome = await judged(point, () => left.readWith(damage, path, position));
      const name = `${kind}: ${outcome}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}
