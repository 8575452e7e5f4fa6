/**
 * The files of a log as text for people: what each says, and where it ends or is damaged.
 *
 * It changes and locks nothing and believes nothing that it has not read. Beside a running node it
 * may see a record that is just being written.
 */
import type { FileSystem } from '@ds/storage';
import type { Configuration } from '../members/configuration.ts';
import type { LogEntry } from './entry.ts';
import { readWhole } from './log-recovery.ts';
import {
  decodeRecord,
  decodeSegmentHeader,
  decodeSnapshotHeader,
  HEADER_BYTES,
  identityIn,
  recordEnd,
  type SegmentRecord,
} from './segment-format.ts';

export interface InspectOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Every record, not only how many there are. @default false */
  readonly entries?: boolean;
}

/** Line by line. @throws the file system's error when the directory itself cannot be read */
export function* inspect({
  fileSystem,
  directory,
  entries = false,
}: InspectOptions): Generator<string> {
  const names = fileSystem.list(directory).sort();
  const segments = names.filter((name) => name.endsWith('.log'));
  yield `${directory}: ${segments.length} segments`;
  for (const name of segments) {
    const path = `${directory}/${name}`;
    yield* inspectSegment(path, readWhole(fileSystem, path), entries);
  }
  if (!names.includes('snapshot')) return;
  const path = `${directory}/snapshot`;
  const bytes = readWhole(fileSystem, path);
  const identity = identityIn(bytes);
  const position = identity && decodeSnapshotHeader(bytes, identity, path);
  if (position === undefined) yield `${path}: its header is damaged`;
  else {
    const { index, term } = position;
    yield `${path}: a snapshot up to entry ${index} of term ${term} that waits to be restored`;
  }
}

function* inspectSegment(path: string, bytes: Uint8Array, every: boolean): Generator<string> {
  const identity = identityIn(bytes);
  const header = identity && decodeSegmentHeader(bytes, identity, path);
  if (identity === undefined || header === undefined) {
    yield `${path}: its header is damaged, or was never whole`;
    return;
  }
  const { base, last, hardState, start } = header;
  yield `${path}: node '${identity.self}' of cluster '${identity.clusterId}'`;
  yield `  begun with entries ${base.index + 1} to ${last.index}, term ${hardState.term}, voted for ${hardState.votedFor ?? 'nobody'}`;
  const counts = new Map<string, number>();
  let at = HEADER_BYTES;
  for (;;) {
    const position = start + at - HEADER_BYTES;
    const end = recordEnd(bytes, at, position);
    if (end === 0) break;
    const text = describe(decodeRecord(bytes, at));
    const kind = text.split(' ', 1)[0]!;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (every) yield `  ${String(position).padStart(10)}  ${text}`;
    at = end;
  }
  const sums = [...counts].map(([kind, count]) => `${count} x ${kind}`).join(', ');
  const isBlank = bytes.subarray(at).every((byte) => byte === 0);
  yield `  ${sums || 'no records'}; ${at} of ${bytes.length} bytes`;
  if (!isBlank) yield `  what follows byte ${at} is no record: a torn write, or damage`;
}

function describe(record: SegmentRecord | undefined): string {
  if (record === undefined) return 'unknown';
  switch (record.kind) {
    case 'entry':
      return `entry ${entryText(record.entry)}`;
    case 'hard-state': {
      const { term, votedFor } = record.hardState;
      return `hard-state term ${term}, voted for ${votedFor ?? 'nobody'}`;
    }
    case 'synced':
      return `synced before ${record.before}`;
    default: {
      const { index, term, configuration } = record.base;
      return `${record.kind} at entry ${index} of term ${term}, ${membersText(configuration)}`;
    }
  }
}

function entryText({ index, term, kind, command, tag }: LogEntry): string {
  const session = tag === undefined ? '' : `, session ${tag.session} sequence ${tag.sequence}`;
  return `${index} of term ${term}: ${kind}, ${command.length} bytes${session}`;
}

function membersText({ voters, outgoing, learners }: Configuration): string {
  const old = outgoing.length > 0 ? ` and ${outgoing.join(' ')}` : '';
  const others = learners.length > 0 ? `, learners ${learners.join(' ')}` : '';
  return `voters ${voters.join(' ')}${old}${others}`;
}
