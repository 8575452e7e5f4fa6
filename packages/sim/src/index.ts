export {
  type AggregateOptions,
  type AggregateResult,
  type AggregateViolation,
  type BankInput,
  type BankOutput,
  type CounterInput,
  type CounterOutput,
  checkBank,
  checkCounter,
  checkSet,
  checkUniqueIds,
  type SetInput,
  type SetOutput,
} from './aggregate-checkers.ts';
export { type Chaos, type ChaosOptions, chaos } from './chaos.ts';
export type { MachineClock } from './clock.ts';
export {
  type ConvergenceOptions,
  type ConvergenceResult,
  checkConvergence,
  type Observation,
} from './convergence.ts';
export { type DiagramOptions, diagramSvg } from './diagram.ts';
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
export {
  type LockInput,
  type LockOutput,
  type LockState,
  lockModel,
  type QueueInput,
  type QueueOutput,
  queueModel,
} from './queue-and-lock-models.ts';
export { type DelayRange, type Random, seededRandom } from './random.ts';
export {
  Schedule,
  type ScheduledStep,
  type ScheduledWorld,
  type ScheduleOptions,
} from './schedule.ts';
export {
  checkSequentialConsistency,
  type SequentialOptions,
  type SequentialResult,
} from './sequential-consistency.ts';
export {
  checkSessionGuarantees,
  type SessionGuarantee,
  type SessionInput,
  type SessionOutput,
  type SessionResult,
  type SessionViolation,
} from './session-guarantees.ts';
export { failureSignature, type ShrinkOptions, type Shrunk, shrink } from './shrink.ts';
export { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';
export { type TimelineOptions, timelineSvg, timelineText } from './timeline.ts';
export type { TraceEvent } from './trace.ts';
export { traceLines } from './trace-lines.ts';
export {
  type VersionedEntry,
  type VersionedInput,
  type VersionedOutput,
  versionedModel,
} from './versioned-model.ts';
export { World } from './world.ts';
export type { WaitOptions, WorldCounts, WorldOptions } from './world-options.ts';
