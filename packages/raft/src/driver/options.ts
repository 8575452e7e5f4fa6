/** The settings of one member, with their defaults, checked once. */
import { checkNodeId } from '@ds/transport';
import { MESSAGE_OVERHEAD_BYTES } from '../core/message.ts';
import { ENTRY_OVERHEAD_BYTES } from '../log/entry.ts';
import { MAX_MEMBERS } from '../members/configuration.ts';
import { MAX_CONFIGURATION_BYTES } from '../members/configuration-codec.ts';
import type { RaftNodeOptions } from './node.ts';

export interface ResolvedOptions extends Required<RaftNodeOptions> {
  /** The largest command that still fits one message. */
  readonly maxCommandBytes: number;
}

const KIB = 1024;
const MIB = KIB * KIB;

export function resolveOptions(options: RaftNodeOptions): ResolvedOptions {
  const room = options.transport.maxMessageBytes - MESSAGE_OVERHEAD_BYTES;
  const {
    random = Math.random,
    electionTimeoutMs = 500,
    heartbeatIntervalMs = 50,
    electionPriority = 1,
    leaseReads = false,
    maxClockDrift = 0.01,
    maxBatchBytes = Math.min(128 * KIB, room),
    maxInFlightMessages = 64,
    maxInFlightBytes = 2 * MIB,
    maxUncommittedBytes = 16 * MIB,
    maxPendingReads = 65_536,
    maxCacheBytes = 16 * MIB,
    snapshotEveryBytes = 64 * MIB,
    snapshotEveryEntries = 100_000,
    compactionTailEntries = 10_000,
    snapshotChunkBytes = Math.min(64 * KIB, room - MAX_CONFIGURATION_BYTES),
    snapshotWindowChunks = 8,
    channelName = 'raft',
  } = options;
  const positive = {
    electionTimeoutMs,
    heartbeatIntervalMs,
    maxBatchBytes,
    maxInFlightMessages,
    maxInFlightBytes,
    maxUncommittedBytes,
    maxPendingReads,
    maxCacheBytes,
    snapshotEveryBytes,
    snapshotEveryEntries,
    snapshotChunkBytes,
    snapshotWindowChunks,
  };
  for (const [name, value] of Object.entries(positive)) {
    if (!(value >= 1 && Number.isFinite(value))) {
      throw new RangeError(`${name} must be finite and at least 1, got ${value}`);
    }
  }
  if (!(compactionTailEntries >= 0 && Number.isFinite(compactionTailEntries))) {
    throw new RangeError(`compactionTailEntries must be finite, got ${compactionTailEntries}`);
  }
  for (const [name, value] of Object.entries({ electionPriority, maxClockDrift })) {
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`${name} must be from 0 to 1, got ${value}`);
  }
  if (heartbeatIntervalMs * 2 > electionTimeoutMs) {
    throw new RangeError('heartbeatIntervalMs must be at most half of electionTimeoutMs');
  }
  // A piece of a snapshot travels with the configuration.
  if (Math.max(maxBatchBytes, snapshotChunkBytes + MAX_CONFIGURATION_BYTES) > room) {
    throw new RangeError(`maxBatchBytes and snapshotChunkBytes must fit a message: ${room} bytes`);
  }
  checkMembers(options);
  return {
    ...options,
    ...positive,
    random,
    electionPriority,
    leaseReads,
    maxClockDrift,
    compactionTailEntries,
    channelName,
    maxCommandBytes: room - ENTRY_OVERHEAD_BYTES,
  };
}

function checkMembers({ self, members, transport }: RaftNodeOptions): void {
  for (const member of members) checkNodeId(member);
  if (new Set(members).size !== members.length) throw new TypeError('a member is named twice');
  if (members.length > MAX_MEMBERS) {
    throw new RangeError(`a group has at most ${MAX_MEMBERS} members, got ${members.length}`);
  }
  if (members.length > 0 && !members.includes(self)) {
    throw new TypeError(`'${self}' is not among the members; to join a group, name none`);
  }
  if (transport.self !== self) {
    throw new TypeError(`the transport belongs to '${transport.self}', not to '${self}'`);
  }
}
