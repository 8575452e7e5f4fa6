/**
 * The far side of a {@link Compactor}: takes a job and tells what becomes of it. What a worker of
 * any kind calls, whatever carries the job there and the events back.
 */
import type { FileSystem } from '@ds/storage';
import type { BlockCodec } from '../block/block-codec.ts';
import { SAFE_DECISIONS } from '../decisions.ts';
import { TableSet } from '../table/table-set.ts';
import { type CompactionJob, runCompactionJob } from './compaction-job.ts';
import type { CompactorEvent } from './compactor.ts';

/** How much is read between two reports, in bytes: a worker stalls nobody. */
const SLICE_BYTES = 4 * 1024 * 1024;

export interface JobAnswerOptions {
  /** Where the job's directory lies under the same path as for the store. */
  readonly fileSystem: FileSystem;
  /** What its tables may be compressed with. @default none */
  readonly codecs?: readonly BlockCodec[];
  /** How much to read before reporting progress and letting others run, in bytes. */
  readonly sliceBytes?: number;
  report(event: CompactorEvent): void;
  /** Whether to go on, asked after each slice. @default yes */
  goesOn?(): boolean;
}

/** Does a job and reports its progress and its end; resolves after that, and never rejects. */
export async function answerJob(job: CompactionJob, options: JobAnswerOptions): Promise<void> {
  const { fileSystem, codecs = [], sliceBytes = SLICE_BYTES, report, goesOn } = options;
  const tables = new TableSet({
    fileSystem,
    directory: job.directory,
    maxOpenTables: job.inputs.length + job.below.length + 1,
    blockCacheBytes: 0,
    blockBytes: job.shape.blockBytes,
    compression: undefined,
    codecs,
    decisions: SAFE_DECISIONS,
  });
  try {
    const written = await runCompactionJob(job, {
      fileSystem,
      tables,
      decisions: SAFE_DECISIONS,
      sliceBytes,
      codecs,
      fileOf: (facts) => ({ facts, versions: 0, open: undefined }),
      onSlice: async (entriesRead) => {
        report({ type: 'progress', job: job.id, entriesRead });
        return goesOn?.() ?? true;
      },
    });
    if (written === undefined) report({ type: 'failed', job: job.id, reason: 'given up' });
    else report({ type: 'done', job: job.id, ...written });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report({ type: 'failed', job: job.id, reason });
  } finally {
    tables.closeAll();
  }
}
