export type { BlockCodec } from './block/block-codec.ts';
export type { CompactionJob, JobShape } from './compaction/compaction-job.ts';
export type { Compactor, CompactorEvent } from './compaction/compactor.ts';
export { answerJob, type JobAnswerOptions } from './compaction/job-answer.ts';
export type {
  CompactRangeBounds,
  CompactRangeOptions,
  CompactRangeProgress,
} from './compaction/manual-compaction.ts';
export type { Written } from './compaction/table-output.ts';
export { type InspectOptions, inspect } from './maintenance/inspect.ts';
export type { VerifyOptions, VerifyProgress, VerifyReport } from './maintenance/verification.ts';
export { openLsmStore } from './open.ts';
export type { LsmStoreOptions, ReadOnlyLsmStoreOptions } from './options.ts';
export type { ReadOnlyLsmStore } from './read-only-store.ts';
export type { LsmStatus, MergeStatus } from './status.ts';
export type { LsmStore } from './store.ts';
export type { ReadStatistics } from './table/read-statistics.ts';
export type { TableFacts } from './table/table-file.ts';
export type { Pressure, PressureDegree } from './write/back-pressure.ts';
