/** What the disk may do at one call of a run, and to which calls. */
import type { DiskCall, DiskFault, DiskOperation } from '@ds/sim';

export interface FaultKind {
  readonly fault: DiskFault;
  /** What it can happen to; a power cut during a read is one before the next change. */
  readonly at: readonly DiskOperation[];
  /** Every how many of these calls a test takes. */
  readonly stride: number;
}

const CHANGES: readonly DiskOperation[] = ['write', 'datasync', 'syncDirectory', 'rename'];

export const FAULT_KINDS: Readonly<Record<string, FaultKind>> = {
  'a power cut': { fault: 'crash', at: [...CHANGES, 'preallocate', 'truncate'], stride: 1 },
  'an I/O error': { fault: 'fail', at: [...CHANGES, 'preallocate', 'open', 'read'], stride: 4 },
  'a full disk': { fault: 'full', at: ['write', 'preallocate'], stride: 3 },
  'a short write': { fault: 'short', at: ['write'], stride: 3 },
  'a write that lands elsewhere': { fault: 'misdirect', at: ['write'], stride: 3 },
  'a flipped bit': { fault: 'rot', at: ['read'], stride: 7 },
};

/** The calls among `calls` that a test of `kind` takes; another `seed` takes others. */
export function pointsOf(
  calls: readonly DiskCall[],
  { at, stride }: FaultKind,
  seed: number,
): number[] {
  return calls
    .filter(({ operation }) => at.includes(operation))
    .filter((_, i) => i % stride === seed % stride)
    .map(({ index }) => index);
}
