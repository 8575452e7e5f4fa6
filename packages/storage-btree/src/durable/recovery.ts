/**
 * From the files of a directory to a tree that has everything, whatever point a crash left them at.
 *
 *  1. The head of the data file names the tree, and the log that goes on from it.
 *  2. What the logs hold is applied to the tree, in free pages.
 *  3. A new log is begun, and a checkpoint makes the tree durable that needs none of the old ones.
 *  4. The old logs are removed.
 *
 * Nothing that the head needs is changed or removed before step 3 is durable, so a crash on the way
 * leaves all as it was, for the next recovery.
 */
import type { FileSystem } from '@ds/storage';
import { corrupt, type LogReplay, logName, replayLogs, WriteAheadLog } from '@ds/storage/engine';
import { changesOf } from '../changing/memtable-changes.ts';
import { WorkingTree } from '../changing/working-tree.ts';
import { LOG_FORMAT, logNumbers } from '../file-names.ts';
import type { ResolvedOptions } from '../options.ts';
import { type OpenedData, openDataFile } from './data-file.ts';
import type { LogPosition } from './meta.ts';

export interface Recovered {
  readonly data: OpenedData;
  readonly working: WorkingTree;
  readonly log: WriteAheadLog;
  readonly logNumber: number;
  readonly lastSequence: number;
}

/** Recovers, or begins a new store in an empty directory. The lock is held. */
export async function recover(options: ResolvedOptions): Promise<Recovered> {
  const data = await openDataFile(options);
  try {
    return await recoverFrom(data, options);
  } catch (error) {
    data.pager.close();
    throw error;
  }
}

async function recoverFrom(data: OpenedData, options: ResolvedOptions): Promise<Recovered> {
  const { fileSystem, directory, decisions, logPreallocateBytes } = options;
  const { memtables, lastSequence } = replay(data.meta.log, options);
  const working = new WorkingTree(data, decisions);
  for (const memtable of memtables) working.apply(changesOf(memtable));
  const logNumber = Math.max(data.meta.log.logNumber, ...logNumbers(fileSystem, directory)) + 1;
  const log = new WriteAheadLog(
    { fileSystem, directory, format: LOG_FORMAT, logPreallocateBytes },
    lastSequence,
  );
  try {
    const segment = log.rotate(logNumber, lastSequence + 1);
    const position = {
      logNumber,
      appliedSequence: lastSequence,
      syncedSequence: lastSequence,
    };
    const logIsReady = (): Promise<void> => log.syncHeader(segment);
    await data.checkpoints.write(working.tree, working.nextVersion(), position, logIsReady);
    removeLogsBefore(logNumber, fileSystem, directory);
  } catch (error) {
    log.close();
    throw error;
  }
  return { data, working, log, logNumber, lastSequence };
}

/** What the logs hold that the tree of the head does not. @throws {StorageError} */
export function replay(position: LogPosition, options: ResolvedOptions): LogReplay {
  const { logNumber, appliedSequence, syncedSequence } = position;
  const { fileSystem, directory, decisions, bufferBytes } = options;
  const logs = logNumbers(fileSystem, directory).filter((number) => number >= logNumber);
  if (logs[0] !== logNumber) {
    throw corrupt(`${directory}/${logName(logNumber)}`, 0, 'the log is missing');
  }
  return replayLogs(
    logs,
    { flushedSequence: appliedSequence, syncedSequence },
    { fileSystem, directory, format: LOG_FORMAT, decisions, memtableBytes: bufferBytes },
  );
}

function removeLogsBefore(number: number, fileSystem: FileSystem, directory: string): void {
  for (const each of logNumbers(fileSystem, directory)) {
    if (each < number) fileSystem.remove(`${directory}/${logName(each)}`);
  }
}
