/**
 * Runs a workload that meets one fault at one call to the disk, lets the machine meet its fate,
 * recovers, possibly through a second fault at one call of the recovery, and compares what is left
 * with what was promised.
 */
import type { DiskCall } from '@ds/sim';
import { type FaultKind, faultKind, keepsCache } from './fault-kinds.ts';
import { type DiskCopy, type FaultAt, Machine } from './machine.ts';
import { checkExactly, checkPrefix, expectDamageReport, Violation } from './oracle.ts';
import { DIRECTORY, expectExplained, type Plant, type Promised, Run, unexpected } from './run.ts';
import { type Workload, workloadOf } from './workload.ts';

export interface FaultPoint extends FaultAt {
  readonly seed: number;
  /** Where the recovery meets a fault of its own. */
  readonly again?: FaultAt;
}

/** One of so many recoveries has to go on with the workload and be opened once more. */
const GOES_ON_EVERY = 3;

/** The calls to the disk of the workload of `seed` when nothing goes wrong. */
export async function callsOf(seed: number, plant: Plant = {}): Promise<readonly DiskCall[]> {
  const machine = new Machine(seed);
  machine.record();
  await new Run(machine, workloadOf(seed), plant).work();
  return machine.calls;
}

/** Meets the fault. @throws {Violation} when the store breaks a promise */
export async function meetFault(point: FaultPoint, plant: Plant = {}): Promise<void> {
  if (point.again !== undefined) {
    const recovery = await recoveryAfter(point, plant);
    await recovery.meet(point.again);
    return;
  }
  const run = new Run(new Machine(point.seed), workloadOf(point.seed), plant);
  const kind = faultKind(point.fault);
  await workThrough(run, point, kind, () => run.work());
  const goesOn = (point.callIndex + point.seed) % GOES_ON_EVERY === 0;
  await recoverAndCheck(run, kind, goesOn);
}

/** A recovery that can be run again and again, each time with another fault. */
export class Recovery {
  readonly #copy: DiskCopy;
  readonly #workload: Workload;
  readonly #promised: Promised;
  readonly #plant: Plant;

  constructor(copy: DiskCopy, workload: Workload, promised: Promised, plant: Plant) {
    this.#copy = copy;
    this.#workload = workload;
    this.#promised = promised;
    this.#plant = plant;
  }

  /** Its calls to the disk when nothing goes wrong. */
  async calls(): Promise<readonly DiskCall[]> {
    const run = await this.#begin();
    run.machine.record();
    await openAndClose(run);
    return run.machine.calls;
  }

  async meet(point: FaultAt): Promise<void> {
    const run = await this.#begin();
    const kind = faultKind(point.fault);
    await workThrough(run, { ...point, seed: this.#workload.seed }, kind, () => openAndClose(run));
    await recoverAndCheck(run, kind, false);
  }

  async #begin(): Promise<Run> {
    const machine = await Machine.withCopy(this.#workload.seed, this.#copy);
    // Whatever lies on the disk when a recovery begins has the durable part as its lower bound.
    const { durable, issued } = this.#promised;
    const promised = { durable, visible: durable, issued };
    return new Run(machine, this.#workload, this.#plant, promised);
  }
}

/** The recovery that follows a point whose fate is a power cut. */
export async function recoveryAfter(point: FaultPoint, plant: Plant = {}): Promise<Recovery> {
  const workload = workloadOf(point.seed);
  const run = new Run(new Machine(point.seed), workload, plant);
  const kind = faultKind(point.fault);
  if (keepsCache(kind))
    throw new RangeError(`after '${point.fault}' a cache is left, no mere disk`);
  await workThrough(run, point, kind, () => run.work());
  return new Recovery(run.machine.copy(DIRECTORY), workload, run.promised, plant);
}

async function workThrough(
  run: Run,
  point: FaultPoint,
  kind: FaultKind,
  work: () => Promise<void>,
): Promise<void> {
  const { machine } = run;
  machine.arm(point, point.seed);
  await work().catch((error: unknown) => expectExplained(error, kind));
  if (!machine.isDead) {
    try {
      await run.checkLive();
    } catch (error) {
      // The call that fails may be one of these reads' own.
      expectExplained(error, kind);
    }
  }
  await run.close();
  if (kind.staysFull) await openWhileFull(run, kind);
  machine.heal();
  machine.settle(kind);
}

/** Opening needs room: without any it may fail, but says so and changes nothing. */
async function openWhileFull(run: Run, kind: FaultKind): Promise<void> {
  try {
    await openAndClose(run);
  } catch (error) {
    expectExplained(error, kind);
  }
  await run.close();
}

/** What a recovery finds is durable from then on. */
async function openAndClose(run: Run): Promise<void> {
  const { promised, workload } = run;
  const { durable, issued } = promised;
  const store = await run.open();
  const count = checkPrefix(store, workload, { atLeast: durable, atMost: issued });
  promised.durable = count;
  promised.visible = count;
  await store.close();
}

async function recoverAndCheck(run: Run, kind: FaultKind, goesOn: boolean): Promise<void> {
  const { promised, workload, machine } = run;
  const atLeast = keepsCache(kind) ? promised.visible : promised.durable;
  try {
    const store = await run.open();
    store.verify();
    const count = checkPrefix(store, workload, { atLeast, atMost: promised.issued });
    await run.checkBackup(kind);
    if (!goesOn) return;
    for (const { batch } of workload.steps.slice(count)) await store.write(batch);
    await store.sync();
    store.verify();
    machine.cutPower();
    checkExactly(await run.open(), workload, workload.steps.length);
  } catch (error) {
    if (!kind.damages || error instanceof Violation) throw unexpected(error);
    expectDamageReport(error);
  } finally {
    await run.close();
  }
}
