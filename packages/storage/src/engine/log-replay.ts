/**
 * Reading the logs back at recovery: which operations there were since the last flush, and whether
 * where they end is a crash or damage.
 *
 * The logs are one sequence of records, cut into segments. Reading stops where the sequence first
 * breaks: at a record that is not whole, or at a segment that does not go on where the one before
 * ended. Everything behind is looked at for one thing only: a claim (see record-log.ts) that what
 * is missing had been synced; whoever names the logs may make such a claim too. With one it is
 * damage; without, a crash lost writes that nobody had been promised.
 */
import { StorageError } from '../errors.ts';
import type { FileSystem } from '../file-system.ts';
import { replayBatch } from './batch-codec.ts';
import { corrupt } from './byte-reader.ts';
import { decodeFileHeader, FILE_HEADER_BYTES, type FileFormat } from './file-header.ts';
import type { LogDecisions } from './log-decisions.ts';
import { logName } from './log-name.ts';
import { Memtable } from './memtable.ts';
import { claimBehind, scanLog } from './record-log.ts';
import { readWholeFile } from './whole-file.ts';

export interface LogReplayOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly format: FileFormat;
  readonly decisions: LogDecisions;
  /** From which size on a memtable takes no further batch. */
  readonly memtableBytes: number;
}

export interface LogReplay {
  /** What the logs held, the oldest first; none is empty. */
  readonly memtables: readonly Memtable[];
  readonly lastSequence: number;
}

/**
 * Reads the logs `numbers`, ascending. The first has to exist whole: its beginning was durable
 * before anything named it. The others may have been cut short by a crash, down to nothing.
 */
export function replayLogs(
  numbers: readonly number[],
  { flushedSequence, syncedSequence }: { flushedSequence: number; syncedSequence: number },
  options: LogReplayOptions,
): LogReplay {
  const { fileSystem, directory, decisions, memtableBytes } = options;
  const memtables: Memtable[] = [];
  let next = flushedSequence + 1;
  let claimed = syncedSequence;
  let end: { path: string; offset: number } | undefined;
  let broken = false;
  numbers.forEach((number, index) => {
    const path = `${directory}/${logName(number)}`;
    const bytes = readWholeFile(fileSystem, path);
    const first = readHeader(bytes, number, path, index === 0, options);
    if (first !== next && index === 0)
      throw corrupt(path, 16, 'it does not go on where what was written out ends');
    if (broken || first !== next) {
      broken = true;
      end ??= { path, offset: 0 };
      claimed = Math.max(claimed, claimBehind(bytes, FILE_HEADER_BYTES, number, decisions));
      return;
    }
    const scan = scanLog(bytes, number, next, decisions, (record) => {
      let memtable = memtables.at(-1);
      if (memtable === undefined || memtable.bytes >= memtableBytes) {
        memtable = new Memtable(record.firstSequence, memtableBytes);
        memtables.push(memtable);
      }
      const payload = { start: record.payloadStart, end: record.payloadEnd, path };
      return replayBatch(bytes, payload, record.firstSequence, memtable);
    });
    next = scan.nextSequence;
    claimed = Math.max(claimed, scan.syncedSequence);
    end = { path, offset: scan.endOffset };
  });
  if (claimed >= next) {
    throw corrupt(end!.path, end!.offset, 'a record that had been synced is not whole');
  }
  return { memtables, lastSequence: next - 1 };
}

/** The sequence a log begins with; `undefined` when a crash may have cut its header off. */
function readHeader(
  bytes: Uint8Array,
  number: number,
  path: string,
  isFirst: boolean,
  { format, decisions }: LogReplayOptions,
): number | undefined {
  try {
    return decodeFileHeader(bytes, { format, number, path }, decisions).firstSequence;
  } catch (error) {
    if (isFirst || !(error instanceof StorageError)) throw error;
    // A newer version passes the checksum: that is no crash.
    if (error.code === 'STORAGE_FORMAT' && error.offset === 8) throw error;
    return undefined;
  }
}
