/**
 * Engines with one mistake each: the trials, which see a store from outside, have to notice. And a
 * file system of which some calls do something else, which is how most mistakes are planted.
 */
import type { File, FileSystem } from '@ds/storage';
import { SimulationError } from '../errors.ts';
import { type CaughtBug, hunt } from '../runner/hunt.ts';
import type { SoakOptions } from '../runner/soak.ts';
import type { Coverage } from './coverage.ts';
import type { Engine } from './engine.ts';
import { SEEDS_PER_WORKLOAD, sweep } from './sweep.ts';

/** An engine with a mistake, and the same without, by which the catch is checked. */
export interface PlantedEngine {
  readonly planted: Engine;
  readonly sound: Engine;
}

/**
 * Sweeps with each bug until a point gives it away, and then the same points without it, which have
 * to pass. Each seed takes other calls of another workload.
 * @throws {SimulationError} `SIM_ENGINE_BROKEN` when the sound engine fails too
 */
export async function huntEngineBugs(
  bugs: Readonly<Record<string, PlantedEngine>>,
  options: SoakOptions,
): Promise<{ bugs: CaughtBug[] }> {
  const caught: CaughtBug[] = [];
  for (const [name, bug] of Object.entries(bugs)) {
    caught.push(await huntEngineBug(name, bug, options));
  }
  return { bugs: caught };
}

/** {@link huntEngineBugs} for one bug; its events are points. */
export async function huntEngineBug(
  name: string,
  { planted, sound }: PlantedEngine,
  options: SoakOptions,
): Promise<CaughtBug> {
  const coverage: Coverage = {};
  return hunt(name, options, async (number) => {
    const seed = number * (SEEDS_PER_WORKLOAD + 1);
    try {
      await sweep(planted, seed, { coverage });
      return undefined;
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      await sweep(sound, seed);
      return { events: coverage.points ?? 0, message: error.message };
    }
  });
}

/** `inner`, with some of its calls replaced. */
export function alteredFileSystem(inner: FileSystem, replaced: Partial<FileSystem>): FileSystem {
  return {
    open: (path, options) => inner.open(path, options),
    rename: (from, to) => inner.rename(from, to),
    link: (existing, added) => inner.link(existing, added),
    remove: (path) => inner.remove(path),
    list: (directory) => inner.list(directory),
    mkdir: (directory) => inner.mkdir(directory),
    lock: (path) => inner.lock(path),
    syncDirectory: (directory) => inner.syncDirectory(directory),
    ...replaced,
  };
}

/** `inner`, with what `replaced` gives for a file in the place of that file's own calls. */
export function alteredFiles(
  inner: FileSystem,
  replaced: (file: File) => Partial<File>,
): FileSystem {
  return alteredFileSystem(inner, {
    open: (path, options) => {
      const file = inner.open(path, options);
      return {
        path,
        read: (position, target) => file.read(position, target),
        write: (position, data) => file.write(position, data),
        truncate: (size) => file.truncate(size),
        preallocate: (size) => file.preallocate(size),
        size: () => file.size(),
        datasync: () => file.datasync(),
        close: () => file.close(),
        ...replaced(file),
      };
    },
  });
}
