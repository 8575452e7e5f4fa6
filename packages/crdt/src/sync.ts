export { DeltaReplica, type DeltaReplicaOptions } from './sync/delta-replica.ts';
export { decodeKnown, encodeKnown, type Known } from './sync/known.ts';
export {
  decodeSyncMessage,
  type Neighbours,
  type Replicated,
  Replicator,
  type ReplicatorOptions,
  type ReplicatorStatus,
  type SyncChannel,
  type SyncMessage,
} from './sync/replicator.ts';
