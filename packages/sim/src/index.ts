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
export { type Chaos, type ChaosReport, chaos } from './chaos.ts';
export type { ChaosOptions, ChaosPace } from './chaos-options.ts';
export type { MachineClock } from './clock.ts';
export {
  type ConvergenceOptions,
  type ConvergenceResult,
  checkConvergence,
  type Observation,
} from './convergence.ts';
export { coverage } from './coverage.ts';
export { type DiagramOptions, diagramSvg } from './diagram.ts';
export { type DiskStatus, SimDisk, type SimDiskOptions } from './disk.ts';
export type { DiskCall, DiskFault, DiskOperation, DiskOptions } from './disk-options.ts';
export {
  SimulationError,
  type SimulationErrorCode,
  type SimulationErrorOptions,
} from './errors.ts';
export {
  collectFailures,
  type ExploreOptions,
  type ExploreSettings,
  explore,
  type Scenario,
} from './explore.ts';
export type { ArtifactListener, Exploration, Failure } from './failure.ts';
export { type BudgetOptions, type BudgetReport, FaultBudget } from './fault-budget.ts';
export { type ClockFaults, drawFaults, type Faults, skewClocks, type Tolerance } from './faults.ts';
export { type Call, History, type Operation } from './history.ts';
export type { DelayRange, Latency } from './latency.ts';
export {
  checkLinearizability,
  type LinearizabilityOptions,
  type LinearizabilityResult,
  type Violation,
} from './linearizability.ts';
export type { Link } from './link.ts';
export { type LivenessOptions, mustProgress } from './liveness.ts';
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
export type { FlapOptions, NetworkCounts } from './network.ts';
export type { LinkOptions, NetworkOptions } from './network-options.ts';
export type {
  NodeEnvironment,
  NodeFactory,
  NodeHandle,
  NodeState,
  SimNode,
} from './node.ts';
export {
  bridge,
  drawPartition,
  halves,
  isolateOne,
  majoritiesRing,
  oneWay,
  PARTITION_KINDS,
  type Partition,
  type PartitionKind,
} from './partitions.ts';
export {
  type LockInput,
  type LockOutput,
  type LockState,
  lockModel,
  type QueueInput,
  type QueueOutput,
  queueModel,
} from './queue-and-lock-models.ts';
export { type Random, seededRandom } from './random.ts';
export {
  Schedule,
  type ScheduledStep,
  type ScheduledWorld,
  type ScheduleOptions,
} from './schedule.ts';
export type { SeedOptions } from './seeds.ts';
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
export { type SoakOptions, type SoakResult, soak } from './soak.ts';
export type { StateMap } from './state-map.ts';
export { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';
export type { Loss, Survival } from './survival.ts';
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
