/**
 * Logs with one mistake each, which the sweep over faults has to notice. A mistake is a decision
 * that is replaced, or a file system that leaves out what the log asked it for.
 */
import { alteredFileSystem, alteredFiles } from '@ds/sim/engines';
import type { PlantedLog } from './log-workload.ts';

export interface PlantedLogBug extends PlantedLog {
  readonly name: string;
}

export const plantedLogs: readonly PlantedLogBug[] = [
  {
    name: 'a segment of the log goes before the one that takes over is on the device',
    rules: { mayRemove: (nextStart, neededFrom) => nextStart <= neededFrom },
  },
  {
    name: 'a segment of the log goes while its entries are in use',
    rules: { mayRemove: (nextStart, _neededFrom, synced) => nextStart < synced },
  },
  {
    name: 'a damaged log is cut like a torn one',
    rules: { isDamage: () => false },
  },
  {
    name: 'a torn log is taken for a damaged one',
    rules: { isDamage: () => true },
  },
  {
    name: 'what a failed sync left in the cache is trusted',
    rules: { rewriteFrom: () => Number.POSITIVE_INFINITY },
  },
  {
    name: 'the names of segments are not synced',
    fileSystem: (inner) => alteredFileSystem(inner, { syncDirectory: async () => {} }),
  },
  {
    name: 'a torn tail is left under what is written next',
    fileSystem: (inner) => alteredFiles(inner, () => ({ truncate: () => {} })),
  },
  {
    name: 'a sync of the log is reported before it is over',
    fileSystem: (inner) =>
      alteredFiles(inner, (file) => ({
        datasync: async () => {
          file.datasync().catch(() => {});
        },
      })),
  },
];
