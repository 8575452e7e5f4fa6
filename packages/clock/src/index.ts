export {
  BoundedClock,
  type BoundedClockOptions,
  compareIntervals,
  type TimeInterval,
  type TimeMeasurement,
} from './bounded-clock.ts';
export { CausalContext } from './causal-context.ts';
export { CausalDelivery, type CausalDeliveryOptions, type Receipt } from './causal-delivery.ts';
export { CausalStability } from './causal-stability.ts';
export type { Causality } from './causality.ts';
export { type Clock, checkDelay, type Timer } from './clock.ts';
export { compareDots, type Dot, equalDots } from './dot.ts';
export { DottedVersionVector } from './dotted-version-vector.ts';
export {
  decodeCausalContext,
  decodeDottedVersionVector,
  decodeLamport,
  decodeSiblingSet,
  decodeVersionVector,
  encodeCausalContext,
  encodeDottedVersionVector,
  encodeLamport,
  encodeSiblingSet,
  encodeVersionVector,
} from './encodings.ts';
export { ClockError, type ClockErrorCode } from './errors.ts';
export {
  HybridLogicalClock,
  type HybridLogicalClockOptions,
  type HybridLogicalClockStatus,
} from './hybrid-logical-clock.ts';
export {
  compareTimestamps,
  earlierTimestamp,
  floorPreviousTimestamp,
  type HybridTimestamp,
  laterTimestamp,
  nextTimestamp,
  nextWall,
  previousTimestamp,
  previousWall,
  readTimestamp,
  timestampFromBigInt,
  timestampToBigInt,
  writeTimestamp,
} from './hybrid-timestamp.ts';
export { IntervalTreeClock } from './interval-tree-clock.ts';
export { decodeIntervalTreeClock, encodeIntervalTreeClock } from './interval-tree-code.ts';
export {
  compareLamport,
  LamportClock,
  type LamportClockOptions,
  type LamportTimestamp,
} from './lamport-clock.ts';
export { type SiblingEntry, SiblingSet } from './sibling-set.ts';
export { SortableIds, type SortableIdsOptions, timestampOfId } from './sortable-ids.ts';
export { systemClock } from './system.ts';
export {
  formatDecimalTimestamp,
  formatTimestamp,
  parseDecimalTimestamp,
  parseTimestamp,
  type WallUnit,
} from './timestamp-text.ts';
export { VectorClock, type VectorClockOptions } from './vector-clock.ts';
export { type DotRange, VersionVector } from './version-vector.ts';
export { type Deadline, deadline, sleep } from './wait.ts';
