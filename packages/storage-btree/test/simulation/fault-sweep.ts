/**
 * Every fault at every call of a workload, dealt out to seeds: so many consecutive seeds share one
 * workload, and each takes every so-manieth of its calls. A seed also sends one recovery of that
 * workload through a second fault at each of its calls, and flips bits in what a store has left.
 */
import { seededRandom } from '@ds/sim';
import { ClosedStore } from './closed-store.ts';
import { Coverage, callKind, fileKind } from './coverage.ts';
import { drawInteger } from './draw.ts';
import { canMeet, FAULT_NAMES, type FaultName } from './fault-kinds.ts';
import { callsOf, type FaultPoint, meetFault, recoveryAfter } from './fault-point.ts';
import { Violation } from './oracle.ts';
import type { Plant } from './run.ts';

/** So many consecutive seeds take all calls of one workload. */
export const SEEDS_PER_WORKLOAD = 50;

const ROTTEN_BYTES_PER_SEED = 60;

/** What a recovery may meet; bits that rot under one are damage that comes with a crash. */
const AGAIN: readonly FaultName[] = FAULT_NAMES.filter((name) => name !== 'bit rot');

export interface SweepOptions {
  readonly plant?: Plant;
  readonly coverage?: Coverage;
  /** The faults that the workload meets. @default all */
  readonly faults?: readonly FaultName[];
}

/** Goes through the points of `seed`. Rejects with a {@link FailedPoint} at the first violation. */
export async function sweep(seed: number, options: SweepOptions = {}): Promise<void> {
  const { plant = {}, coverage = new Coverage(), faults = FAULT_NAMES } = options;
  const workload = Math.floor(seed / SEEDS_PER_WORKLOAD);
  const calls = await judged({ seed: workload }, (point) => callsOf(point.seed, plant));
  for (let at = seed % SEEDS_PER_WORKLOAD; at < calls.length; at += SEEDS_PER_WORKLOAD) {
    const call = calls[at]!;
    for (const fault of faults) {
      if (!canMeet(fault, call.operation)) continue;
      coverage.count(callKind(call), fault);
      await judged({ seed: workload, callIndex: at, fault }, (point) => meetFault(point, plant));
    }
  }
  await sweepRecovery(seed, workload, calls.length, plant, coverage);
  await sweepDamage(seed, workload, plant, coverage);
}

/** Two faults at each call of the recovery after one power cut, one of them a power cut again. */
async function sweepRecovery(
  seed: number,
  workload: number,
  calls: number,
  plant: Plant,
  coverage: Coverage,
): Promise<void> {
  const random = seededRandom(seed, 'recovery');
  const callIndex = drawInteger(random, 0, calls - 1);
  const point: FaultPoint = { seed: workload, callIndex, fault: 'power cut' };
  const recovery = await judged(point, () => recoveryAfter(point, plant));
  const recoveryCalls = await judged(point, () => recovery.calls());
  for (const [at, call] of recoveryCalls.entries()) {
    const other = AGAIN[(at + seed) % AGAIN.length]!;
    for (const fault of new Set<FaultName>(['power cut', other])) {
      if (!canMeet(fault, call.operation)) continue;
      coverage.count(`recovery: ${callKind(call)}`, fault);
      const again = { callIndex: at, fault };
      await judged({ ...point, again }, () => recovery.meet(again));
    }
  }
}

async function sweepDamage(
  seed: number,
  workload: number,
  plant: Plant,
  coverage: Coverage,
): Promise<void> {
  const random = seededRandom(seed, 'damage');
  const closed = await judged({ seed: workload }, (point) => ClosedStore.of(point.seed, plant));
  for (let i = 0; i < ROTTEN_BYTES_PER_SEED; i += 1) {
    const path = closed.paths[i % closed.paths.length]!;
    const position = drawInteger(random, 0, closed.bytes(path) - 1);
    const bit = drawInteger(random, 0, 7);
    const rot = { path, position, bit };
    const outcome = await judged({ seed: workload, rot }, () => closed.readWith(rot));
    coverage.count(`at rest: ${fileKind(path)}`, `flipped bit ${outcome}`);
  }
}

/** One point at which the store broke a promise; its message is the point itself. */
export class FailedPoint extends Error {
  override readonly name = 'FailedPoint';
}

/** @throws {FailedPoint} when the store breaks a promise at `point`, or keeps somebody waiting */
export async function judged<P, R>(point: P, meet: (point: P) => Promise<R>): Promise<R> {
  try {
    return await Promise.race([meet(point), stuck()]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FailedPoint(`${reason} at ${JSON.stringify(point)}`, { cause: error });
  }
}

/** Rejects after all promises have had their turns: nothing else can wake who still waits. */
async function stuck(): Promise<never> {
  await new Promise(setImmediate);
  throw new Violation('it waits for ever');
}
