/**
 * What engines are made of, once for all of them: the log that a crash cannot break, the buffer of
 * newest entries, and the bytes they are written in.
 */
export { encodeBatch, replayBatch } from './engine/batch-codec.ts';
export {
  type BoundedBatch,
  type BoundedOperation,
  type BoundedRange,
  bounded,
  FIRST_KEY,
  halfOpen,
  laterKey,
  successor,
} from './engine/bounded-batch.ts';
export { ByteReader, corrupt } from './engine/byte-reader.ts';
export {
  ByteWriter,
  getU32,
  getU64,
  setU32,
  setU64,
  setVarint,
} from './engine/byte-writer.ts';
export { copyOf, viewOf } from './engine/copies.ts';
export { type Cursor, compareEntries, compareRanges, NO_BYTES } from './engine/cursor.ts';
export {
  checkMagic,
  checkVersion,
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  type FileFormat,
  type FileHeader,
} from './engine/file-header.ts';
export { FragmentProbe, type TombstoneProbe } from './engine/fragment-probe.ts';
export { GroupCommit, type GroupCommitOptions } from './engine/group-commit.ts';
export { Health } from './engine/health.ts';
export { LastKey } from './engine/last-key.ts';
export {
  type LogDecisions,
  type RecordFacts,
  SAFE_LOG_DECISIONS,
} from './engine/log-decisions.ts';
export { logName, paddedNumber } from './engine/log-name.ts';
export { type LogReplay, type LogReplayOptions, replayLogs } from './engine/log-replay.ts';
export { ABSENT, Memtable, type MemtableMemory } from './engine/memtable.ts';
export { MergeCursor } from './engine/merge-cursor.ts';
export {
  coveringSequence,
  FragmentRun,
  mergeFragments,
  NO_FRAGMENTS,
  newestVisible,
  RangeTombstones,
  startsBy,
  type TombstoneFragment,
} from './engine/range-tombstones.ts';
export {
  claimBehind,
  inOneGo,
  type LogRecord,
  type LogScan,
  RECORD_HEADER_BYTES,
  type RecordStart,
  scanLog,
  scanLogInSlices,
  sealRecord,
} from './engine/record-log.ts';
export { VisibleCursor } from './engine/visible-cursor.ts';
export { readWholeFile } from './engine/whole-file.ts';
export {
  type LogSegment,
  WriteAheadLog,
  type WriteAheadLogOptions,
} from './engine/write-ahead-log.ts';
