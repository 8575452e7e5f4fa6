/**
 * One workload on one engine: it meets one fault at one call to the disk, the machine meets its
 * fate, the store recovers, possibly through a second fault at one call of the recovery, and what
 * is left is compared with what was promised.
 */
import type { DiskCall } from '../disk/disk-options.ts';
import type { Engine } from './engine.ts';
import { type FaultKind, faultKind, keepsCache, NO_FAULT } from './fault-kinds.ts';
import { expectDamageReport, expectExplained, unexpected, Violation } from './judge.ts';
import { copyOf, type DiskCopy, type FaultAt, Machine } from './machine.ts';
import { DIRECTORY, type Promised, Run } from './run.ts';
import { type Workload, workloadOf } from './workload.ts';

/** Where a fault is met: the workload's seed, one of its calls to the disk, and the fault. */
export interface FaultPoint extends FaultAt {
  readonly seed: number;
  /** Where the recovery meets a fault of its own; the first is one that ends with a power cut. */
  readonly again?: FaultAt;
}

/** One of so many recoveries has to go on with the workload and be opened once more. */
const GOES_ON_EVERY = 3;

/** A workload that meets faults, one after another, each from the beginning. */
export class FaultTrial {
  readonly #engine: Engine;
  readonly #workload: Workload;

  constructor(engine: Engine, seed: number) {
    this.#engine = engine;
    this.#workload = workloadOf(engine, seed);
  }

  /**
   * Its calls to the disk when nothing goes wrong.
   * @throws {Violation} unless the store holds everything afterwards
   */
  async calls(): Promise<readonly DiskCall[]> {
    const run = this.#begin();
    run.machine.record();
    await run.work();
    run.machine.heal();
    await recoverAndCheck(run, NO_FAULT, false);
    return run.machine.calls;
  }

  /** @throws {Violation} when the store breaks a promise */
  async meet(point: FaultAt): Promise<void> {
    const run = this.#begin();
    const kind = faultKind(point.fault);
    await workThrough(run, point, () => run.work());
    const goesOn = (point.callIndex + this.#workload.seed) % GOES_ON_EVERY === 0;
    await recoverAndCheck(run, kind, goesOn || kind.showsLater === true);
  }

  /** The recovery that follows a point whose fate is a power cut. */
  async recoveryAfter(point: FaultAt): Promise<Recovery> {
    if (keepsCache(faultKind(point.fault))) {
      throw new RangeError(`after '${point.fault}' a cache is left, no mere disk`);
    }
    const run = this.#begin();
    await workThrough(run, point, () => run.work());
    const copy = copyOf(run.machine.fileSystem, DIRECTORY);
    return new Recovery(this.#engine, this.#workload, copy, run.promised);
  }

  #begin(): Run {
    return new Run(this.#engine, new Machine(this.#workload.seed), this.#workload);
  }
}

/** A recovery that can be run again and again, each time with another fault. */
export class Recovery {
  readonly #engine: Engine;
  readonly #workload: Workload;
  readonly #copy: DiskCopy;
  readonly #promised: Promised;

  constructor(engine: Engine, workload: Workload, copy: DiskCopy, promised: Promised) {
    this.#engine = engine;
    this.#workload = workload;
    this.#copy = copy;
    this.#promised = promised;
  }

  /** Its calls to the disk when nothing goes wrong. */
  async calls(): Promise<readonly DiskCall[]> {
    const run = await this.#begin();
    run.machine.record();
    await openAndClose(run);
    return run.machine.calls;
  }

  /** @throws {Violation} when the store breaks a promise */
  async meet(point: FaultAt): Promise<void> {
    const run = await this.#begin();
    const kind = faultKind(point.fault);
    await workThrough(run, point, () => openAndClose(run));
    await recoverAndCheck(run, kind, kind.showsLater === true);
  }

  async #begin(): Promise<Run> {
    const machine = await Machine.withCopy(this.#workload.seed, this.#copy);
    // Whatever lies on the disk when a recovery begins has the durable part as its lower bound.
    const { durable, issued } = this.#promised;
    const promised = { durable, visible: durable, issued };
    return new Run(this.#engine, machine, this.#workload, promised);
  }
}

async function workThrough(run: Run, point: FaultAt, work: () => Promise<void>): Promise<void> {
  const { machine } = run;
  const kind = faultKind(point.fault);
  machine.arm(point, run.workload.seed);
  await work().catch((error: unknown) => expectExplained(error, kind));
  if (!machine.isMet) throw new Violation('the run is over before it has come to this call');
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
  const { promised } = run;
  const { durable, issued } = promised;
  const store = await run.open();
  const count = run.judge.prefix(store, { atLeast: durable, atMost: issued });
  promised.durable = count;
  promised.visible = count;
  await store.close();
}

async function recoverAndCheck(run: Run, kind: FaultKind, goesOn: boolean): Promise<void> {
  const { promised, workload, machine, judge } = run;
  const atLeast = keepsCache(kind) ? promised.visible : promised.durable;
  try {
    const store = await run.open();
    const count = judge.prefix(store, { atLeast, atMost: promised.issued });
    await run.verify();
    await run.checkCopy(kind);
    if (!goesOn) return;
    for (const { batch } of workload.steps.slice(count)) await store.write(batch);
    await store.sync();
    await run.verify();
    machine.cutPower();
    judge.exactly(await run.open(), workload.steps.length);
  } catch (error) {
    if (!kind.damages) throw unexpected(error);
    expectDamageReport(error);
  } finally {
    await run.close();
  }
}
