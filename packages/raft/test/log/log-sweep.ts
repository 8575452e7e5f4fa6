/**
 * Every fault at every call that a workload's log makes to its disk, in recovery too, and flipped
 * bits in what it has left; dealt out to seeds: so many consecutive ones share one workload.
 */
import { type DiskFault, type DiskOperation, seededRandom } from '@ds/sim';
import { StorageError } from '@ds/storage';
import { MemoryFileSystem } from '@ds/storage/memory';
import { RaftError } from '../../src/index.ts';
import { openLogWithRules } from '../../src/log/open-log.ts';
import { describeLog, LogViolation } from './log-model.ts';
import { DIRECTORY, IDENTITY, LogMachine, type PlantedLog } from './log-workload.ts';

/** So many consecutive seeds take all calls of one workload. */
export const SEEDS_PER_WORKLOAD = 40;

/** Before and after the log has been closed and opened again. */
const ACTIONS = 18;

/** After the fault and two power cuts. */
const ACTIONS_AFTER = 9;

/** What a log lives through at one point of a sweep. */
export const WORKLOAD_ACTIONS: number = 2 * ACTIONS + ACTIONS_AFTER;

const ROTTEN_BITS_PER_SEED = 6;

const FAULTS: readonly DiskFault[] = ['crash', 'fail', 'short', 'full'];

/** How often each fault was met by each kind of call. */
export type SweepCoverage = Record<string, number>;

interface Point {
  readonly at: number;
  readonly fault: DiskFault;
  /** What becomes of a machine whose process has met a failure. */
  readonly fate: 'power cut' | 'process ends';
}

/** Goes through the points of `seed`. @throws {Error} naming the first at which a promise broke. */
export async function sweepLog(
  seed: number,
  planted: PlantedLog = {},
  coverage: SweepCoverage = {},
): Promise<SweepCoverage> {
  const workload = Math.floor(seed / SEEDS_PER_WORKLOAD);
  const calls = await callsOf(workload);
  for (let at = seed % SEEDS_PER_WORKLOAD; at < calls.length; at += SEEDS_PER_WORKLOAD) {
    const operation = calls[at]!;
    for (const fault of FAULTS) {
      if (fault !== 'crash' && (fault === 'fail') === (operation === 'write')) continue;
      const fate = (at + workload) % 2 === 0 ? 'power cut' : 'process ends';
      const point: Point = { at, fault, fate };
      coverage[`${operation} ${fault}`] = (coverage[`${operation} ${fault}`] ?? 0) + 1;
      try {
        await meet(workload, point, planted);
      } catch (error) {
        const what = JSON.stringify({ workload, ...point, operation });
        throw new LogViolation(`${(error as Error).message}\nat ${what}`, { cause: error });
      }
    }
  }
  await sweepDamage(seed, workload, planted);
  return coverage;
}

/** The calls to the disk of a workload in which nothing goes wrong; without a planted mistake. */
async function callsOf(workload: number): Promise<DiskOperation[]> {
  const machine = new LogMachine(workload);
  const operations: DiskOperation[] = [];
  machine.disk.onCall(({ operation }) => {
    operations.push(operation);
    return 'ok';
  });
  await live(machine);
  return operations;
}

async function live(machine: LogMachine): Promise<void> {
  await machine.open();
  await machine.work(ACTIONS);
  await machine.close();
  await machine.open();
  await machine.work(ACTIONS);
}

async function meet(workload: number, { at, fault, fate }: Point, planted: PlantedLog) {
  const machine = new LogMachine(workload, planted);
  const { disk } = machine;
  disk.failAt(at, fault);
  await live(machine).catch((error) => expectFailure(error));
  disk.clearFaults();
  if (fault === 'crash' || fate === 'power cut') disk.crash();
  else disk.crash('process');
  // The recovery meets a power cut of its own, at a call that differs from point to point.
  disk.failAt(disk.calls + (at % 31), 'crash');
  await machine.open().catch((error) => expectFailure(error));
  disk.clearFaults();
  disk.crash();
  await machine.open();
  await machine.work(ACTIONS_AFTER);
  await machine.close();
  disk.crash();
  await machine.open();
}

/** Only what says that the disk failed is expected: a mere crash is never damage. */
function expectFailure(error: unknown): void {
  if (error instanceof RaftError && error.code === 'RAFT_FAILED') return;
  if (error instanceof StorageError) return;
  throw error;
}

/** A flipped bit is reported, or has changed nothing that the log shows. */
async function sweepDamage(seed: number, workload: number, planted: PlantedLog): Promise<void> {
  const machine = new LogMachine(workload, planted);
  await live(machine);
  await machine.close();
  const whole = describeLog(machine.model.log);
  const random = seededRandom(seed, 'damage');
  for (let left = ROTTEN_BITS_PER_SEED; left > 0; left -= 1) {
    const copy = new MemoryFileSystem();
    copy.mkdir(DIRECTORY);
    const disk = machine.disk.fileSystem();
    const names = disk.list(DIRECTORY).filter((name) => name.endsWith('.log'));
    const rotten = names[Math.floor(random() * names.length)]!;
    let place = '';
    for (const name of names) {
      const path = `${DIRECTORY}/${name}`;
      const file = disk.open(path, { mode: 'read' });
      const bytes = new Uint8Array(file.size());
      file.read(0, bytes);
      file.close();
      if (name === rotten) {
        const at = Math.floor(random() * bytes.length);
        bytes[at]! ^= 1 << Math.floor(random() * 8);
        place = `${path} at ${at}`;
      }
      copy.open(path, { mode: 'create' }).write(0, bytes);
    }
    await expectReported(copy, whole, `workload ${workload}, ${place}`, planted);
  }
}

async function expectReported(
  fileSystem: MemoryFileSystem,
  whole: string,
  place: string,
  { rules }: PlantedLog,
): Promise<void> {
  try {
    const log = await openLogWithRules({ fileSystem, directory: DIRECTORY, ...IDENTITY }, rules);
    if (describeLog(log) !== whole) throw new LogViolation(`damage went unnoticed: ${place}`);
    await log.close();
  } catch (error) {
    if (!(error instanceof RaftError && error.code === 'RAFT_CORRUPT')) throw error;
  }
}
