/**
 * A machine with a simulated disk that meets one fault at one call, as a point says, and a copy of
 * what a disk holds, from which further machines begin.
 *
 * Syncs take a seeded number of turns, so that other calls come between their start and their end.
 */
import { type FileSystem, StorageError } from '@ds/storage';
import { SimDisk } from '../disk/disk.ts';
import type { DiskCall } from '../disk/disk-options.ts';
import { drawInteger, type Random, seededRandom } from '../kernel/random.ts';
import { type Fate, type FaultKind, type FaultName, faultKind } from './fault-kinds.ts';

const CAPACITY_BYTES = 2 ** 30;
const MOST_SYNC_TURNS = 8;
/** More than the calls of any workload: the seeds of what survives are told apart by it. */
const MOST_CALLS = 65_536;

/** The bytes of every file, by its path. */
export type DiskCopy = ReadonlyMap<string, Uint8Array>;

/** A fault, and the call that meets it, counted from the run's first. */
export interface FaultAt {
  readonly callIndex: number;
  readonly fault: FaultName;
}

export class Machine {
  readonly disk: SimDisk;
  /** The calls so far, when asked for. */
  readonly calls: DiskCall[] = [];
  isMet = false;
  isDead = false;
  #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed, 'disk');
    const turns = seededRandom(seed, 'turns');
    this.disk = new SimDisk({
      random: () => this.#random(),
      defer: (_delayMs, fire) => inTurns(drawInteger(turns, 1, MOST_SYNC_TURNS), fire),
      capacityBytes: CAPACITY_BYTES,
    });
  }

  /** A machine whose disk holds `copy`, all of it synced. */
  static async withCopy(seed: number, copy: DiskCopy): Promise<Machine> {
    const machine = new Machine(seed);
    await fill(machine.fileSystem, copy);
    return machine;
  }

  get fileSystem(): FileSystem {
    return this.disk.fileSystem();
  }

  /** Notes every call from here on. */
  record(): void {
    this.disk.onCall((call) => {
      this.calls.push(call);
      return 'ok';
    });
  }

  /** Lets the call meet the fault that comes `callIndex` calls from here. */
  arm({ callIndex, fault }: FaultAt, seed: number): void {
    const kind = faultKind(fault);
    const at = this.disk.calls + callIndex;
    if (kind.disk !== undefined) this.disk.configure(kind.disk);
    this.disk.onCall(({ index, path }) => {
      if (index !== at) return 'ok';
      this.isMet = true;
      // What survives and where it tears is another story at each point.
      this.#random = seededRandom(seed * MOST_CALLS + callIndex, fault);
      if (kind.staysFull) {
        this.disk.configure({ capacityBytes: Math.max(1, this.disk.status().bytes) });
        return 'ok';
      }
      this.isDead = kind.fate !== 'runs on' && (kind.call === undefined || kind.call === 'crash');
      if (kind.call !== undefined) return kind.call;
      this.#end(kind.fate);
      throw new StorageError('STORAGE_CLOSED', 'the machine has crashed', { path });
    });
  }

  /** Frees the space, calls fail no more. */
  heal(): void {
    this.disk.onCall(undefined);
    this.disk.configure({ capacityBytes: CAPACITY_BYTES });
  }

  /** Brings about what follows the fault, unless it has happened already. */
  settle({ fate }: FaultKind): void {
    if (!this.isDead) this.#end(fate);
  }

  cutPower(): void {
    this.disk.crash();
  }

  #end(fate: Fate): void {
    if (fate === 'power cut') this.disk.crash();
    else if (fate === 'kill') this.disk.crash('process');
    else if (fate === 'power cut, all unsynced lost') this.disk.crash('none');
  }
}

/** Writes all of `copy`, and syncs it. */
export async function fill(fileSystem: FileSystem, copy: DiskCopy): Promise<void> {
  for (const [path, bytes] of copy) {
    fileSystem.mkdir(directoryOf(path));
    const file = fileSystem.open(path, { mode: 'create' });
    file.write(0, bytes);
    await file.datasync();
    file.close();
  }
  for (const directory of new Set([...copy.keys()].map(directoryOf))) {
    await fileSystem.syncDirectory(directory);
  }
}

/** What there is now in `directory`; nothing when there is no such directory. */
export function copyOf(fileSystem: FileSystem, directory: string): DiskCopy {
  const copy = new Map<string, Uint8Array>();
  for (const name of listed(fileSystem, directory)) {
    const path = `${directory}/${name}`;
    const file = fileSystem.open(path, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    file.close();
    copy.set(path, bytes);
  }
  return copy;
}

function listed(fileSystem: FileSystem, directory: string): string[] {
  try {
    return fileSystem.list(directory);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'STORAGE_NOT_FOUND') return [];
    throw error;
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function inTurns(turns: number, fire: () => void): void {
  void Promise.resolve().then(() => (turns > 1 ? inTurns(turns - 1, fire) : fire()));
}
