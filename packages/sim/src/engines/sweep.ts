/**
 * Every fault at every call of a workload, dealt out to seeds: so many consecutive seeds share one
 * workload, and each takes every so-manieth of its calls. A seed also sends one recovery of that
 * workload through a second fault at each of its calls, and flips bits in what a store has left.
 *
 * Source: SQLite's tests fail each call in turn; RocksDB's stress test keeps the expected values
 * outside of the store; what survives a power cut follows Pillai et al., OSDI 2014.
 */
import type { DiskCall } from '../disk/disk-options.ts';
import { drawInteger, seededRandom } from '../kernel/random.ts';
import { type Coverage, callKind, cover, fileKind } from './coverage.ts';
import { FilesLeft } from './damage.ts';
import type { Engine } from './engine.ts';
import { canMeet, FAULT_NAMES, type FaultName } from './fault-kinds.ts';
import { type FaultPoint, FaultTrial } from './fault-point.ts';
import { judged } from './verdict.ts';
import { workloadOf } from './workload.ts';

/** So many consecutive seeds take all calls of one workload. */
export const SEEDS_PER_WORKLOAD = 50;

const ROTTEN_BYTES_PER_SEED = 60;

export interface SweepOptions {
  /** Where points are added as they are met, so that it also tells of a sweep that has failed. */
  readonly coverage?: Coverage;
  readonly signal?: AbortSignal;
}

/**
 * Goes through the points of `seed`, some hundred of them; {@link SEEDS_PER_WORKLOAD} seeds in a
 * row take every fault to every call of one workload. Resolves with what was covered.
 * Cost: each point runs the workload once, from the beginning, and opens what is left.
 * @throws {SimulationError} `SIM_ENGINE_BROKEN` at the first broken promise; `cause` tells which
 */
export async function sweep(
  engine: Engine,
  seed: number,
  { coverage = {}, signal }: SweepOptions = {},
): Promise<Coverage> {
  const swept = new Sweep(engine, seed, coverage, signal);
  const calls = await swept.workload();
  await swept.recovery(calls);
  await swept.damage();
  return coverage;
}

/** The calls to the disk of the workload of `seed` when nothing goes wrong. */
export async function callsOf(engine: Engine, seed: number): Promise<readonly DiskCall[]> {
  return judged({ seed }, () => new FaultTrial(engine, seed).calls());
}

/**
 * Meets one fault, and no other: what replays a point that a sweep has named.
 * @throws {SimulationError} `SIM_ENGINE_BROKEN` when the store breaks a promise
 */
export async function meetFault(engine: Engine, point: FaultPoint): Promise<void> {
  const { seed, again } = point;
  const trial = new FaultTrial(engine, seed);
  await judged(point, async () => {
    if (again === undefined) await trial.meet(point);
    else await (await trial.recoveryAfter(point)).meet(again);
  });
}

export interface EverywhereOptions {
  /** Of the workload. */
  readonly seed: number;
  readonly fault: FaultName;
  /** The calls to take. @default all that can meet the fault */
  takes?(call: DiskCall): boolean;
  readonly signal?: AbortSignal;
}

/**
 * Meets one fault at every call of one workload, each time from the beginning: for a test that is
 * to leave nothing out. Resolves with the number of calls.
 * @throws {SimulationError} `SIM_ENGINE_BROKEN` at the first broken promise
 */
export async function meetFaultEverywhere(
  engine: Engine,
  { seed, fault, takes = () => true, signal }: EverywhereOptions,
): Promise<number> {
  const trial = new FaultTrial(engine, seed);
  const calls = await judged({ seed }, () => trial.calls());
  const met = calls.filter((call) => canMeet(fault, call.operation) && takes(call));
  for (const { index } of met) {
    signal?.throwIfAborted();
    await judged({ seed, callIndex: index, fault }, (point) => trial.meet(point));
  }
  return met.length;
}

class Sweep {
  readonly #engine: Engine;
  readonly #seed: number;
  readonly #coverage: Coverage;
  readonly #signal: AbortSignal | undefined;
  /** The seed of the workload. */
  readonly #shared: number;
  readonly #trial: FaultTrial;
  readonly #faults: readonly FaultName[];

  constructor(engine: Engine, seed: number, coverage: Coverage, signal?: AbortSignal) {
    this.#engine = engine;
    this.#seed = seed;
    this.#coverage = coverage;
    this.#signal = signal;
    this.#shared = Math.floor(seed / SEEDS_PER_WORKLOAD);
    this.#trial = new FaultTrial(engine, this.#shared);
    this.#faults = engine.faults ?? FAULT_NAMES;
  }

  /** Resolves with the number of the workload's calls. */
  async workload(): Promise<number> {
    const seed = this.#shared;
    const calls = await judged({ seed }, () => this.#trial.calls());
    for (const [callIndex, call] of calls.entries()) {
      if (callIndex % SEEDS_PER_WORKLOAD !== this.#seed % SEEDS_PER_WORKLOAD) continue;
      for (const fault of this.#faults) {
        if (!canMeet(fault, call.operation)) continue;
        this.#cover(callKind(this.#engine, call), fault);
        await judged({ seed, callIndex, fault }, (point) => this.#trial.meet(point));
      }
    }
    return calls.length;
  }

  /** Two faults at each call of the recovery after one power cut, one of them a power cut again. */
  async recovery(calls: number): Promise<void> {
    if (!this.#faults.includes('power cut')) return;
    const random = seededRandom(this.#seed, 'recovery');
    const callIndex = drawInteger(random, 0, calls - 1);
    const point: FaultPoint = { seed: this.#shared, callIndex, fault: 'power cut' };
    const recovery = await judged(point, () => this.#trial.recoveryAfter(point));
    const recoveryCalls = await judged(point, () => recovery.calls());
    // Bits that rot under a recovery are damage that comes with a crash.
    const others = this.#faults.filter((name) => name !== 'bit rot');
    for (const [at, call] of recoveryCalls.entries()) {
      const other = others[(at + this.#seed) % others.length] ?? 'power cut';
      for (const fault of new Set<FaultName>(['power cut', other])) {
        if (!canMeet(fault, call.operation)) continue;
        this.#cover(`recovery: ${callKind(this.#engine, call)}`, fault);
        const again = { callIndex: at, fault };
        await judged({ ...point, again }, () => recovery.meet(again));
      }
    }
  }

  async damage(): Promise<void> {
    if (!this.#faults.includes('bit rot')) return;
    const seed = this.#shared;
    const random = seededRandom(this.#seed, 'damage');
    const workload = workloadOf(this.#engine, seed);
    const left = await FilesLeft.of(this.#engine, workload, 'closed');
    for (let i = 0; i < ROTTEN_BYTES_PER_SEED; i += 1) {
      const path = left.paths[i % left.paths.length] ?? '';
      const position = drawInteger(random, 0, left.bytes(path) - 1);
      const bit = drawInteger(random, 0, 7);
      const rot = { path, position, bit };
      const outcome = await judged({ seed, rot }, () =>
        left.readWith('flipped bit', path, position, bit),
      );
      this.#cover(`at rest: ${fileKind(this.#engine, path)}`, `flipped bit ${outcome}`);
    }
  }

  #cover(call: string, fault: string): void {
    this.#signal?.throwIfAborted();
    cover(this.#coverage, call, fault);
  }
}
