/**
 * How far an import has come, in a small file beside its source, so that the next run goes on.
 *
 * Invariant: all records before `done` are acknowledged. Those after it may be as well; writing
 * them again changes nothing but their version.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

export interface Checkpoint {
  /** What the import was of: another size or other options make it another import. */
  readonly identity: string;
  readonly done: number;
}

/** The place after the first `done` records that are all settled, in whatever order they settle. */
export class Watermark {
  readonly #settled = new Set<number>();
  #done: number;

  constructor(done: number) {
    this.#done = done;
  }

  get done(): number {
    return this.#done;
  }

  settle(record: number): void {
    this.#settled.add(record);
    while (this.#settled.delete(this.#done)) this.#done += 1;
  }
}

/** How many records an earlier run of the same import has done; 0 when there was none. */
export async function readCheckpoint(path: string, identity: string): Promise<number> {
  try {
    const checkpoint = JSON.parse(await readFile(path, 'utf8')) as Partial<Checkpoint>;
    const { done } = checkpoint;
    return checkpoint.identity === identity && Number.isSafeInteger(done) ? done! : 0;
  } catch {
    // None, or an unreadable one: beginning at the first record is always right.
    return 0;
  }
}

export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(checkpoint));
  await rename(`${path}.new`, path);
}

export async function removeCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
}
