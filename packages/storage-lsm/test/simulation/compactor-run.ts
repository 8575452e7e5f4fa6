/** A seeded run of a store that merges elsewhere, checked against a plain map all the way. */
import { drawInteger, seededRandom, type World } from '@ds/sim';
import { compareBytes, type Operation, StorageError } from '@ds/storage';
import type { SafetyDecisions } from '../../src/decisions.ts';
import { parseFileName } from '../../src/files/file-names.ts';
import type { LsmStore } from '../../src/index.ts';
import { makeWorld } from './message-compactor.ts';

const STEPS = 220;
const SETTLED_WITHIN_MS = 60_000;

type Contents = Map<string, string>;

export interface CompactorRun {
  readonly merges: number;
  readonly failedJobs: number;
  /** What is wrong; nothing when all is right. */
  readonly violation: string | undefined;
}

/** Writes, kills workers and stores, then lets all be calm, and looks at every key. */
export async function runCompactor(
  seed: number,
  decisions?: SafetyDecisions,
): Promise<CompactorRun> {
  const world = makeWorld(seed, decisions);
  const run = new Run(world, seed);
  try {
    await run.work();
    await run.calm();
    return { ...run.counts, violation: undefined };
  } catch (error) {
    const isVerdict = error instanceof Violation || error instanceof StorageError;
    if (!isVerdict) throw error;
    return { ...run.counts, violation: error.message };
  } finally {
    await world.close().catch((error: unknown) => {
      if (!(error instanceof StorageError)) throw error;
    });
  }
}

class Violation extends Error {}

class Run {
  readonly #world: World;
  readonly #random: () => number;
  readonly counts = { merges: 0, failedJobs: 0 };
  #contents: Contents = new Map();
  #store: LsmStore | undefined;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = seededRandom(seed);
  }

  async work(): Promise<void> {
    await this.#opened();
    for (let step = 0; step < STEPS; step += 1) {
      await this.#write(step);
      const draw = this.#random();
      if (draw < 0.03) this.#world.restart('worker');
      else if (draw < 0.04) await this.#crashStore();
      else if (draw < 0.1) this.#check();
      else if (draw < 0.2) await this.#world.runFor(this.#random() * 200);
    }
  }

  /** With all well, the work gets done, and what was given up is gone after opening again. */
  async calm(): Promise<void> {
    this.#world.configureNetwork({ loss: 0, duplicate: 0, reorder: 0 });
    const store = this.#store!;
    const isIdle = (): boolean => store.status().task === 'idle';
    await this.#world.runUntil(isIdle, { withinMs: SETTLED_WITHIN_MS });
    this.#check();
    await this.#crashStore();
    this.#check();
    const { levels } = this.#store!.status();
    const tables = levels.reduce((sum, each) => sum + each.tables, 0);
    const files = this.#world.node('store').disk.fileSystem().list('data/store');
    const found = files.filter((name) => parseFileName(name)?.kind === 'table').length;
    if (found > tables + this.#newTables) throw new Violation(`${found} files, ${tables} tables`);
  }

  /** A merge that has begun since opening has its files beside those of the version. */
  get #newTables(): number {
    return this.#store!.status().task === 'idle' ? 0 : 16;
  }

  async #write(step: number): Promise<void> {
    const batch: Operation[] = [];
    const next = new Map(this.#contents);
    for (let i = drawInteger(this.#random, 1, 8); i > 0; i -= 1) batch.push(this.#draw(step, next));
    const written = this.#store!.write(batch, { durable: true });
    await this.#settled(written);
    this.#contents = next;
  }

  #draw(step: number, next: Contents): Operation {
    const name = (): string => `key ${String(drawInteger(this.#random, 0, 400)).padStart(3, '0')}`;
    const draw = this.#random();
    if (draw < 0.04) {
      const [gte, lt] = [name(), name()];
      for (const key of [...next.keys()]) if (key >= gte && key < lt) next.delete(key);
      return { type: 'deleteRange', gte: bytes(gte), lt: bytes(lt) };
    }
    const key = name();
    if (draw < 0.2) {
      next.delete(key);
      return { type: 'delete', key: bytes(key) };
    }
    const value = `${step} `.repeat(drawInteger(this.#random, 1, 60));
    next.set(key, value);
    return { type: 'put', key: bytes(key), value: bytes(value) };
  }

  #check(): void {
    const found = [...this.#store!.range()].map(({ key, value }) => [toText(key), toText(value)]);
    const expected = [...this.#contents].sort(([a], [b]) => compareBytes(bytes(a), bytes(b)));
    if (found.join() !== expected.join()) {
      throw new Violation(`${found.length} entries instead of ${expected.length}, or others`);
    }
    for (const [key, value] of expected.slice(0, 20)) {
      const got = this.#store!.get(bytes(key));
      if (got === undefined || toText(got) !== value) throw new Violation(`get(${key}) is wrong`);
    }
  }

  async #crashStore(): Promise<void> {
    this.#count();
    this.#world.restart('store');
    await this.#opened();
    this.#check();
  }

  async #opened(): Promise<void> {
    const node = this.#world.node<LsmStore>('store');
    const isRunning = (): boolean => node.state === 'running';
    await this.#world.runUntil(isRunning, { withinMs: SETTLED_WITHIN_MS });
    this.#store = node.handle;
  }

  #count(): void {
    const { merges, failedJobs } = this.#store!.status();
    this.counts.merges += merges;
    this.counts.failedJobs += failedJobs;
  }

  async #settled(promise: Promise<void>): Promise<void> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.#world.runUntil(() => isSettled, { withinMs: SETTLED_WITHIN_MS });
    await promise;
  }
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function toText(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
