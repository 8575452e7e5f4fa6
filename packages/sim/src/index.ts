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
} from './checkers/aggregate-checkers.ts';
export {
  type ConvergenceOptions,
  type ConvergenceResult,
  checkConvergence,
  type Observation,
} from './checkers/convergence.ts';
export { type Call, History, type Operation } from './checkers/history.ts';
export {
  checkLinearizability,
  type LinearizabilityOptions,
  type LinearizabilityResult,
  type Violation,
} from './checkers/linearizability.ts';
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
} from './checkers/models.ts';
export {
  type LockInput,
  type LockOutput,
  type LockState,
  lockModel,
  type QueueInput,
  type QueueOutput,
  queueModel,
} from './checkers/queue-and-lock-models.ts';
export {
  checkSequentialConsistency,
  type SequentialOptions,
  type SequentialResult,
} from './checkers/sequential-consistency.ts';
export {
  checkSessionGuarantees,
  type SessionGuarantee,
  type SessionInput,
  type SessionOutput,
  type SessionResult,
  type SessionViolation,
} from './checkers/session-guarantees.ts';
export type { StateMap } from './checkers/state-map.ts';
export { checkStrength, type Floor, type Strength, strengthOf } from './checkers/strength.ts';
export {
  type VersionedEntry,
  type VersionedInput,
  type VersionedOutput,
  versionedModel,
} from './checkers/versioned-model.ts';
export { coverage } from './coverage.ts';
export { type DiskStatus, SimDisk, type SimDiskOptions } from './disk/disk.ts';
export type { DiskCall, DiskFault, DiskOperation, DiskOptions } from './disk/disk-options.ts';
export type { Loss, Survival } from './disk/survival.ts';
export {
  SimulationError,
  type SimulationErrorCode,
  type SimulationErrorOptions,
} from './errors.ts';
export { type Chaos, type ChaosReport, chaos } from './faults/chaos.ts';
export type { ChaosOptions, ChaosPace } from './faults/chaos-options.ts';
export { type BudgetOptions, type BudgetReport, FaultBudget } from './faults/fault-budget.ts';
export {
  type ClockFaults,
  drawFaults,
  type Faults,
  skewClocks,
  type Tolerance,
} from './faults/faults.ts';
export type { MachineClock } from './kernel/clock.ts';
export { drawInteger, drawOne, type Random, seededRandom } from './kernel/random.ts';
export type { TraceEvent } from './kernel/trace.ts';
export { type LivenessOptions, mustProgress } from './liveness.ts';
export type { DelayRange, Latency } from './network/latency.ts';
export type { Link } from './network/link.ts';
export type { FlapOptions, NetworkCounts } from './network/network.ts';
export type { LinkOptions, NetworkOptions } from './network/network-options.ts';
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
} from './network/partitions.ts';
export type {
  NodeEnvironment,
  NodeFactory,
  NodeHandle,
  NodeState,
  SimNode,
} from './node.ts';
export { type DiagramOptions, diagramSvg } from './pictures/diagram.ts';
export { type TimelineOptions, timelineSvg, timelineText } from './pictures/timeline.ts';
export { traceLines } from './pictures/trace-lines.ts';
export {
  collectFailures,
  type ExploreOptions,
  type ExploreSettings,
  explore,
  type Scenario,
} from './runner/explore.ts';
export type { ArtifactListener, Exploration, Failure } from './runner/failure.ts';
export { type Catch, type CaughtBug, hunt } from './runner/hunt.ts';
export {
  Schedule,
  type ScheduledStep,
  type ScheduledWorld,
  type ScheduleOptions,
} from './runner/schedule.ts';
export type { SeedOptions } from './runner/seeds.ts';
export { failureSignature, type ShrinkOptions, type Shrunk, shrink } from './runner/shrink.ts';
export { type SoakOptions, type SoakResult, soak } from './runner/soak.ts';
export { World } from './world.ts';
export type { WaitOptions, WorldCounts, WorldOptions } from './world-options.ts';
