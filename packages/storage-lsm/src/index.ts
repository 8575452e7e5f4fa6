export type { Pressure, PressureDegree } from './back-pressure.ts';
export type { BlockCodec } from './block-codec.ts';
export type { CompactionJob, JobShape } from './compaction-job.ts';
export type { Compactor, CompactorEvent } from './compactor.ts';
export { type InspectOptions, inspect } from './inspect.ts';
export { answerJob, type JobAnswerOptions } from './job-answer.ts';
export type {
  CompactRangeBounds,
  CompactRangeOptions,
  CompactRangeProgress,
} from './manual-compaction.ts';
export { openLsmStore } from './open.ts';
export type { LsmStoreOptions, ReadOnlyLsmStoreOptions } from './options.ts';
export type { ReadOnlyLsmStore } from './read-only-store.ts';
export type { ReadStatistics } from './read-statistics.ts';
export type { LsmStatus, MergeStatus } from './status.ts';
export type { LsmStore } from './store.ts';
export type { Written } from './table-output.ts';
export type { TableFacts } from './table-writer.ts';
export type { VerifyOptions, VerifyProgress, VerifyReport } from './verification.ts';
