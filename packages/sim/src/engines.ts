/**
 * Trials for storage engines: every fault at every call to the disk, in recovery too, and bit rot
 * at every byte, for any `KeyValueStore`.
 */
export { type Coverage, callKind, coverageTable } from './engines/coverage.ts';
export {
  type Damage,
  type DamageOptions,
  damageEverywhere,
  type Leaving,
} from './engines/damage.ts';
export type {
  Action,
  BatchWriter,
  BatchWriterOptions,
  CopyAbility,
  Engine,
  Place,
  StoreCopy,
} from './engines/engine.ts';
export { FAULT_NAMES, type FaultName } from './engines/fault-kinds.ts';
export type { FaultPoint } from './engines/fault-point.ts';
export type { FaultAt } from './engines/machine.ts';
export {
  alteredFileSystem,
  alteredFiles,
  huntEngineBug,
  huntEngineBugs,
  type PlantedEngine,
} from './engines/planted.ts';
export {
  callsOf,
  meetFault,
  meetFaultEverywhere,
  SEEDS_PER_WORKLOAD,
  sweep,
} from './engines/sweep.ts';
