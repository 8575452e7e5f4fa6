export { type Chaos, type ChaosOptions, chaos } from './chaos.ts';
export type { MachineClock } from './clock.ts';
export {
  type DiskCall,
  type DiskFault,
  type DiskOperation,
  type DiskOptions,
  type DiskStatus,
  SimDisk,
  type SimDiskOptions,
} from './disk.ts';
export type { Survival } from './disk-image.ts';
export {
  SimulationError,
  type SimulationErrorCode,
  type SimulationErrorOptions,
} from './errors.ts';
export {
  collectFailures,
  type Exploration,
  type ExploreOptions,
  explore,
  type Failure,
} from './explore.ts';
export { type ClockFaults, drawFaults, type Faults, skewClocks } from './faults.ts';
export { type Call, History, type Operation } from './history.ts';
export {
  checkLinearizability,
  type LinearizabilityOptions,
  type LinearizabilityResult,
  type Violation,
} from './linearizability.ts';
export {
  Choice,
  ILLEGAL,
  type KeyValueInput,
  type KeyValueModelOptions,
  type KeyValueOutput,
  keyValueModel,
  type Model,
  type Next,
  oneOf,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
} from './models.ts';
export type { NetworkCounts } from './network.ts';
export type { NetworkOptions } from './network-options.ts';
export type {
  NodeEnvironment,
  NodeFactory,
  NodeHandle,
  NodeState,
  SimNode,
} from './node.ts';
export { type DelayRange, type Random, seededRandom } from './random.ts';
export type { TraceEvent } from './trace.ts';
export {
  type VersionedEntry,
  type VersionedInput,
  type VersionedOutput,
  versionedModel,
} from './versioned-model.ts';
export { type WaitOptions, World, type WorldCounts, type WorldOptions } from './world.ts';
