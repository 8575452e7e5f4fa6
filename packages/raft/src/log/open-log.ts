/**
 * Opening a log on disk: making it, or reading what is there and putting right what a crash has
 * left behind.
 */
import { type FileSystem, openDirectory } from '@ds/storage';
import { FileRaftLog, type LogSettings } from './file-log.ts';
import { LogIndex } from './log-index.ts';
import { type ReadLog, readLog, type Segment, segmentPath } from './log-recovery.ts';
import { type LogRules, logRules } from './log-rules.ts';
import type { LogPosition, RaftLog } from './raft-log.ts';
import {
  checkIdentity,
  encodeSegmentHeader,
  HEADER_BYTES,
  type SegmentHeader,
} from './segment-format.ts';
import { SnapshotStaging } from './staged-snapshot.ts';

export interface RaftLogOptions {
  readonly fileSystem: FileSystem;
  /** Made when absent; belongs to this log alone. */
  readonly directory: string;
  readonly self: string;
  readonly clusterId: string;
  /** The size of one file of the log. @default 8 MiB */
  readonly segmentBytes?: number;
}

const MIN_SEGMENT_BYTES = 4 * HEADER_BYTES;
const ORIGIN: LogPosition = { index: 0, term: 0 };

/**
 * Opens the log in `directory`, or makes one, and holds its lock until closed.
 * @throws {RaftError} `RAFT_CORRUPT`, `RAFT_FORMAT`, `RAFT_WRONG_IDENTITY`; the file system's own
 * errors, `STORAGE_LOCKED` among them.
 */
export function openRaftLog(options: RaftLogOptions): Promise<RaftLog> {
  return openLogWithRules(options);
}

/** As {@link openRaftLog}; `replaced` are decisions, for tests that break one. */
export async function openLogWithRules(
  options: RaftLogOptions,
  replaced: Partial<LogRules> = {},
): Promise<RaftLog> {
  const { fileSystem, directory, self, clusterId, segmentBytes = 8 * 2 ** 20 } = options;
  if (!(Number.isSafeInteger(segmentBytes) && segmentBytes >= MIN_SEGMENT_BYTES)) {
    throw new RangeError(`segmentBytes must be at least ${MIN_SEGMENT_BYTES}, got ${segmentBytes}`);
  }
  const identity = { clusterId, self };
  checkIdentity(identity);
  await openDirectory(fileSystem, directory);
  const lock = fileSystem.lock(`${directory}/lock`);
  try {
    const rules = { ...logRules, ...replaced };
    const staging = new SnapshotStaging({ fileSystem, directory, identity });
    const found = readLog({ fileSystem, directory, identity, rules });
    const settings = { fileSystem, directory, identity, segmentBytes, rules, lock, staging };
    return await begin(settings, found);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Goes on from what was found, or makes the first segment. */
async function begin(settings: LogSettings, found: ReadLog | undefined): Promise<RaftLog> {
  if (found === undefined) return new FileRaftLog(settings, await createLog(settings));
  try {
    await repair(found, settings);
    return new FileRaftLog(settings, found);
  } catch (error) {
    for (const { file } of found.segments) file.close();
    throw error;
  }
}

/** The first segment is whole before it has its name, so a damaged header is never a crash. */
async function createLog(settings: LogSettings): Promise<ReadLog> {
  const { fileSystem, directory, identity, segmentBytes } = settings;
  const hardState = { term: 0, votedFor: undefined };
  const header: SegmentHeader = { sequence: 1, start: 0, base: ORIGIN, last: ORIGIN, hardState };
  const path = segmentPath(directory, 1);
  const draft = `${directory}/log.part`;
  const file = fileSystem.open(draft, { mode: 'write' });
  file.truncate(0);
  file.preallocate(segmentBytes);
  file.write(0, encodeSegmentHeader(header, identity));
  await file.datasync();
  fileSystem.rename(draft, path);
  await fileSystem.syncDirectory(directory);
  const segment = { path, sequence: 1, file, start: 0, end: 0, size: segmentBytes };
  const index = new LogIndex(header);
  return { segments: [segment], index, synced: 0, torn: false, leftovers: [] };
}

/**
 * Removes what a crash left behind, durably, before anything new is written after it, and makes
 * what was read durable: after a crash of the process alone it may not be on the device yet.
 */
async function repair(read: ReadLog, settings: LogSettings): Promise<void> {
  const { segments, synced, torn, leftovers } = read;
  const { fileSystem, directory, rules } = settings;
  for (const path of leftovers) fileSystem.remove(path);
  // Also what was found: the process that made a file may have died before it synced the name.
  await fileSystem.syncDirectory(directory);
  const current = segments[segments.length - 1]!;
  if (torn) {
    // Cut and grown again, the tail reads as zeros: no old record can follow a new one.
    current.file.truncate(HEADER_BYTES + current.end - current.start);
    current.file.preallocate(current.size);
  }
  for (const segment of segments) {
    rewrite(segment, rules.rewriteFrom(synced));
    await segment.file.datasync();
  }
}

/** Writes again what the segment holds from a position on; its header, when that is before it. */
function rewrite({ file, start, end }: Segment, from: number): void {
  if (end < from) return;
  const at = from <= start ? 0 : HEADER_BYTES + from - start;
  const bytes = new Uint8Array(HEADER_BYTES + end - start - at);
  file.write(at, bytes.subarray(0, file.read(at, bytes)));
}
