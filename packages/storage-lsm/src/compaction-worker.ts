/**
 * The program of the worker thread that merges tables: jobs come in as messages and events go out.
 * It is started by start-worker.ts, and does one job after another.
 */
import { parentPort } from 'node:worker_threads';
import { nodeFileSystem } from '@ds/storage/node';
import type { CompactionJob } from './compaction/compaction-job.ts';
import { answerJob } from './compaction/job-answer.ts';
import { deflateCodec } from './node.ts';

const fileSystem = nodeFileSystem();
const codecs = [deflateCodec()];
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (job: CompactionJob) => {
  const report = (event: unknown): void => parentPort?.postMessage(event);
  last = last.then(() => answerJob(job, { fileSystem, codecs, report }));
});
