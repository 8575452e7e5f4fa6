/** What the disk or the machine may do at one call of a run, and what becomes of them then. */
import type { DiskFault, DiskOperation, DiskOptions } from '../disk/disk-options.ts';

/**
 * - `'power cut'`: unsynced bytes and names survive in any combination, torn at any byte or sector,
 *   with zeros or old bytes where the file has grown.
 * - `'kill'`: the process dies; what it handed to the system stays.
 * - `'runs on'`: the same machine opens the store again.
 */
export type Fate = 'power cut' | 'power cut, all unsynced lost' | 'kill' | 'runs on';

export interface FaultKind {
  /** What becomes of the call; nothing for a process that dies before it. */
  readonly call?: DiskFault;
  /** The only operation that it can happen to. @default any */
  readonly only?: DiskOperation;
  readonly disk?: Partial<DiskOptions>;
  /** From this call on nothing more fits on the disk, until the store has failed and closed. */
  readonly staysFull?: true;
  /** Bytes that were durable change: an error may be all that is left. */
  readonly damages?: true;
  /** It shows when what was written is read from the device itself, after a later power cut. */
  readonly showsLater?: true;
  readonly fate: Fate;
}

/** A fault that a call to the disk can meet in a trial; see `DiskFault` for what each does. */
export type FaultName =
  | 'power cut'
  | 'power cut, all unsynced lost'
  | 'power cut, stale tails'
  | 'kill'
  | 'I/O error'
  | 'I/O error, then power cut'
  | 'disk full'
  | 'disk full, then power cut'
  | 'disk stays full'
  | 'short write'
  | 'short write, then power cut'
  | 'bit rot'
  | 'write that lands elsewhere';

const CUT = 'power cut';

const KINDS: Readonly<Record<FaultName, FaultKind>> = {
  'power cut': { call: 'crash', fate: CUT },
  'power cut, all unsynced lost': { fate: 'power cut, all unsynced lost' },
  'power cut, stale tails': { call: 'crash', disk: { staleTail: 1 }, fate: CUT },
  kill: { fate: 'kill' },
  'I/O error': { call: 'fail', fate: 'runs on' },
  'I/O error, then power cut': { call: 'fail', fate: CUT },
  'disk full': { call: 'full', fate: 'runs on' },
  'disk full, then power cut': { call: 'full', fate: CUT },
  'disk stays full': { staysFull: true, fate: 'runs on' },
  'short write': { call: 'short', only: 'write', fate: 'runs on' },
  'short write, then power cut': { call: 'short', only: 'write', fate: CUT },
  'bit rot': { call: 'rot', only: 'read', damages: true, fate: 'runs on' },
  'write that lands elsewhere': {
    call: 'misdirect',
    only: 'write',
    damages: true,
    showsLater: true,
    fate: 'runs on',
  },
};

/** What a run that meets none has met. */
export const NO_FAULT: FaultKind = { fate: 'runs on' };

/** All there are, in the order in which a sweep tries them. */
export const FAULT_NAMES: readonly FaultName[] = Object.keys(KINDS) as FaultName[];

export function faultKind(name: FaultName): FaultKind {
  return KINDS[name];
}

export function canMeet(name: FaultName, operation: DiskOperation): boolean {
  const { only } = faultKind(name);
  return only === undefined || only === operation;
}

/** Whether the machine's cache outlives the fault, and with it all that was handed to it. */
export function keepsCache({ fate }: FaultKind): boolean {
  return fate === 'kill' || fate === 'runs on';
}
