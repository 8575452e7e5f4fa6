/** What a workload leaves on the disk after closing, and reading it with one bit flipped. */
import { type DiskCopy, Machine } from './machine.ts';
import { checkExactly, expectDamageReport, Violation } from './oracle.ts';
import { DIRECTORY, type Plant, Run } from './run.ts';
import { type Workload, workloadOf } from './workload.ts';

export interface FlippedBit {
  readonly path: string;
  readonly position: number;
  readonly bit: number;
}

export class ClosedStore {
  readonly paths: readonly string[];
  readonly #workload: Workload;
  readonly #copy: DiskCopy;
  readonly #plant: Plant;

  private constructor(workload: Workload, copy: DiskCopy, plant: Plant) {
    this.#workload = workload;
    this.#copy = copy;
    this.#plant = plant;
    this.paths = [...copy.keys()].filter((path) => this.bytes(path) > 0);
  }

  static async of(seed: number, plant: Plant = {}): Promise<ClosedStore> {
    const workload = workloadOf(seed);
    const machine = new Machine(seed);
    await new Run(machine, workload, plant).work();
    return new ClosedStore(workload, machine.copy(DIRECTORY), plant);
  }

  /** The size of a file. */
  bytes(path: string): number {
    return this.#copy.get(path)?.length ?? 0;
  }

  /** Opens and reads it all. @throws {Violation} unless it is right, or the damage reported */
  async readWith({ path, position, bit }: FlippedBit): Promise<'harmless' | 'reported'> {
    const damaged = this.#copy.get(path)!.slice();
    damaged[position]! ^= 1 << bit;
    const machine = await Machine.withCopy(0, new Map(this.#copy).set(path, damaged));
    const run = new Run(machine, this.#workload, this.#plant);
    try {
      const store = await run.open();
      checkExactly(store, this.#workload, this.#workload.steps.length);
      return 'harmless';
    } catch (error) {
      if (error instanceof Violation) throw error;
      expectDamageReport(error);
      return 'reported';
    } finally {
      await run.close();
    }
  }
}
