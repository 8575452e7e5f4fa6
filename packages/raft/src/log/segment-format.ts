/**
 * The bytes of a log segment: its header and its records; docs/format.md draws them.
 *
 * A log is one stream of records that continues from segment to segment; a place in it is called a
 * position, in bytes. Every record's checksum starts from its position, so that a record found in
 * a wrong place is damage and not an entry. Records begin at multiples of 8, so that the next one
 * can be looked for when one is damaged. Numbers are big-endian.
 */
import { crc32 } from '@ds/storage';
import { readU64, writeU64 } from '../big-endian.ts';
import { RaftError } from '../errors.ts';
import { decodeConfiguration, encodeConfiguration } from '../members/configuration-codec.ts';
import type { LogEntry } from './entry.ts';
import type { HardState, LogBase, LogPosition } from './raft-log.ts';

/** Every file of a log begins with a header of this size, its checksum last. */
export const HEADER_BYTES = 1024;

/** The least that a record takes. */
export const RECORD_BYTES = 16;

const VERSION = 1;
const NO_VOTE = 0xffff;
const MAX_ID_BYTES = 255;
const TEXT = new TextEncoder();
const SEGMENT_MAGIC = TEXT.encode('DSRAFTLG');
const SNAPSHOT_MAGIC = TEXT.encode('DSRAFTSN');
const NOTHING = new Uint8Array(0);

const RECORD_ENTRY = 1;
const RECORD_HARD_STATE = 2;
const RECORD_RESET = 3;
const RECORD_COMPACT = 4;
const RECORD_SYNCED = 5;

const ENTRY_COMMAND = 0;
const ENTRY_TAGGED = 1;
const ENTRY_REGISTER = 2;
const ENTRY_NO_OP = 3;
const ENTRY_CONFIGURATION = 4;

const ENTRY_CODE: Readonly<Record<LogEntry['kind'], number>> = {
  command: ENTRY_COMMAND,
  'register-session': ENTRY_REGISTER,
  'no-op': ENTRY_NO_OP,
  configuration: ENTRY_CONFIGURATION,
};

export interface Identity {
  readonly clusterId: string;
  readonly self: string;
}

/** What holds where a segment begins, so that it can be read without the ones before it. */
export interface SegmentHeader {
  readonly sequence: number;
  /** The position of its first record. */
  readonly start: number;
  readonly base: LogPosition;
  readonly last: LogPosition;
  readonly hardState: HardState;
}

export type SegmentRecord =
  | { readonly kind: 'entry'; readonly entry: LogEntry }
  | { readonly kind: 'hard-state'; readonly hardState: HardState }
  | { readonly kind: 'reset'; readonly base: LogBase }
  | { readonly kind: 'compact'; readonly base: LogBase }
  /** Everything before this position of the stream was on the device when this was written. */
  | { readonly kind: 'synced'; readonly before: number };

/** @throws {RangeError} for an id that does not fit the header. */
export function checkIdentity({ clusterId, self }: Identity): void {
  for (const id of [clusterId, self]) {
    const bytes = TEXT.encode(id).length;
    if (bytes < 1 || bytes > MAX_ID_BYTES) {
      throw new RangeError(`clusterId and self take 1 to ${MAX_ID_BYTES} bytes, got ${bytes}`);
    }
  }
}

export function encodeSegmentHeader(header: SegmentHeader, identity: Identity): Uint8Array {
  const bytes = startHeader(SEGMENT_MAGIC, identity);
  writeU64(bytes, 16, header.sequence);
  writeU64(bytes, 24, header.start);
  writeU64(bytes, 32, header.base.index);
  writeU64(bytes, 40, header.base.term);
  writeU64(bytes, 48, header.last.index);
  writeU64(bytes, 56, header.last.term);
  writeU64(bytes, 64, header.hardState.term);
  putVote(bytes, 72, header.hardState.votedFor);
  return endHeader(bytes);
}

/**
 * The header at the start of `bytes`, or `undefined` when it is damaged.
 * @throws {RaftError} `RAFT_FORMAT` for a newer version, `RAFT_WRONG_IDENTITY` for another log's.
 */
export function decodeSegmentHeader(
  bytes: Uint8Array,
  identity: Identity,
  path: string,
): SegmentHeader | undefined {
  if (!checkHeader(bytes, SEGMENT_MAGIC, identity, path)) return undefined;
  return {
    sequence: readU64(bytes, 16),
    start: readU64(bytes, 24),
    base: { index: readU64(bytes, 32), term: readU64(bytes, 40) },
    last: { index: readU64(bytes, 48), term: readU64(bytes, 56) },
    hardState: { term: readU64(bytes, 64), votedFor: getVote(bytes, 72) },
  };
}

/** The header of a staged snapshot. */
export function encodeSnapshotHeader(position: LogPosition, identity: Identity): Uint8Array {
  const bytes = startHeader(SNAPSHOT_MAGIC, identity);
  writeU64(bytes, 16, position.index);
  writeU64(bytes, 24, position.term);
  return endHeader(bytes);
}

/** As {@link decodeSegmentHeader}, of a staged snapshot. */
export function decodeSnapshotHeader(
  bytes: Uint8Array,
  identity: Identity,
  path: string,
): LogPosition | undefined {
  if (!checkHeader(bytes, SNAPSHOT_MAGIC, identity, path)) return undefined;
  return { index: readU64(bytes, 16), term: readU64(bytes, 24) };
}

/** Records on their way to the file, one after the other from `position` on. */
export class RecordWriter {
  #bytes: Uint8Array = new Uint8Array(64 * 1024);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;
  #position = 0;

  /** Starts over for records that go to `position`. */
  start(position: number): void {
    this.#position = position;
    this.#length = 0;
  }

  /** The records so far; valid until the next start. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Where the next record goes. */
  get position(): number {
    return this.#position + this.#length;
  }

  add(record: SegmentRecord): void {
    switch (record.kind) {
      case 'entry':
        this.#addEntry(record.entry);
        break;
      case 'hard-state': {
        const { term, votedFor } = record.hardState;
        const at = this.#open(RECORD_HARD_STATE, 0, RECORD_BYTES + 10 + (votedFor ? 4 * 255 : 0));
        this.#u64(at + RECORD_BYTES, term);
        const end = putVote(this.#bytes, at + RECORD_BYTES + 8, votedFor);
        this.#close(at, end - at);
        break;
      }
      case 'reset':
      case 'compact': {
        const type = record.kind === 'reset' ? RECORD_RESET : RECORD_COMPACT;
        const configuration = encodeConfiguration(record.base.configuration);
        const length = RECORD_BYTES + 16 + configuration.length;
        const at = this.#open(type, 0, length);
        this.#u64(at + RECORD_BYTES, record.base.index);
        this.#u64(at + RECORD_BYTES + 8, record.base.term);
        this.#bytes.set(configuration, at + RECORD_BYTES + 16);
        this.#close(at, length);
        break;
      }
      case 'synced': {
        const at = this.#open(RECORD_SYNCED, 0, RECORD_BYTES + 8);
        this.#u64(at + RECORD_BYTES, record.before);
        this.#close(at, RECORD_BYTES + 8);
      }
    }
  }

  #addEntry({ index, term, kind, command, tag }: LogEntry): void {
    const tagged = kind === 'command' && tag !== undefined;
    const code = tagged ? ENTRY_TAGGED : ENTRY_CODE[kind];
    const length = RECORD_BYTES + 16 + (tagged ? 24 : 0) + command.length;
    const at = this.#open(RECORD_ENTRY, code, length);
    let to = at + RECORD_BYTES;
    this.#u64(to, index);
    this.#u64(to + 8, term);
    to += 16;
    if (tagged) {
      this.#u64(to, tag.session);
      this.#u64(to + 8, tag.sequence);
      this.#u64(to + 16, tag.acknowledged);
      to += 24;
    }
    this.#bytes.set(command, to);
    this.#close(at, length);
  }

  #open(type: number, code: number, maxLength: number): number {
    const at = this.#length;
    const needed = at + align(maxLength);
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#bytes.fill(0, at, at + RECORD_BYTES);
    this.#bytes[at + 8] = type;
    this.#bytes[at + 9] = code;
    return at;
  }

  #close(at: number, length: number): void {
    const end = at + align(length);
    this.#bytes.fill(0, at + length, end);
    this.#view.setUint32(at + 4, length);
    const crc = crc32(this.#bytes, at + 4, end, seedOf(this.#position + at));
    this.#view.setUint32(at, crc);
    this.#length = end;
  }

  #u64(at: number, value: number): void {
    this.#view.setUint32(at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(at + 4, value >>> 0);
  }
}

/** What the record of a reset or a compaction takes, in bytes. */
export function baseRecordBytes({ configuration }: LogBase): number {
  return align(RECORD_BYTES + 16 + encodeConfiguration(configuration).length);
}

/** How far the record at `at` reaches, or 0 when there is no whole and valid one. */
export function recordEnd(bytes: Uint8Array, at: number, position: number): number {
  if (at + RECORD_BYTES > bytes.length) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(at + 4);
  const end = at + align(length);
  if (length < RECORD_BYTES || end > bytes.length) return 0;
  return crc32(bytes, at + 4, end, seedOf(position)) === view.getUint32(at) ? end : 0;
}

/** What a valid `synced` record at `at` says, or 0 when there is none; cheap on any bytes. */
export function syncedBefore(bytes: Uint8Array, at: number, position: number): number {
  if (bytes[at + 8] !== RECORD_SYNCED || bytes[at + 7] !== RECORD_BYTES + 8) return 0;
  const end = recordEnd(bytes, at, position);
  return end === at + RECORD_BYTES + 8 ? readU64(bytes, at + RECORD_BYTES) : 0;
}

/** How long the record at `at` claims to be, padding included. */
export function claimedBytes(bytes: Uint8Array, at: number): number {
  return align(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at + 4));
}

/**
 * The record at `at`, which `recordEnd` has found valid; `undefined` for one of an unknown kind.
 * An entry's command is a copy.
 * @throws {TypeError} for a configuration that cannot be.
 */
export function decodeRecord(bytes: Uint8Array, at: number): SegmentRecord | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = at + view.getUint32(at + 4);
  const body = at + RECORD_BYTES;
  const base = (): LogBase => ({
    index: readU64(bytes, body),
    term: readU64(bytes, body + 8),
    configuration: decodeConfiguration(bytes.subarray(body + 16, end)),
  });
  switch (bytes[at + 8]) {
    case RECORD_ENTRY:
      return { kind: 'entry', entry: decodeEntry(bytes, bytes[at + 9]!, body, end) };
    case RECORD_HARD_STATE: {
      const hardState = { term: readU64(bytes, body), votedFor: getVote(bytes, body + 8) };
      return { kind: 'hard-state', hardState };
    }
    case RECORD_RESET:
      return { kind: 'reset', base: base() };
    case RECORD_COMPACT:
      return { kind: 'compact', base: base() };
    case RECORD_SYNCED:
      return { kind: 'synced', before: readU64(bytes, body) };
    default:
      return undefined;
  }
}

function decodeEntry(bytes: Uint8Array, code: number, body: number, end: number): LogEntry {
  const index = readU64(bytes, body);
  const term = readU64(bytes, body + 8);
  let from = body + 16;
  if (code === ENTRY_NO_OP) return { index, term, kind: 'no-op', command: NOTHING, tag: undefined };
  if (code === ENTRY_REGISTER) {
    return { index, term, kind: 'register-session', command: NOTHING, tag: undefined };
  }
  let tag: LogEntry['tag'];
  if (code === ENTRY_TAGGED) {
    tag = {
      session: readU64(bytes, from),
      sequence: readU64(bytes, from + 8),
      acknowledged: readU64(bytes, from + 16),
    };
    from += 24;
  }
  const kind = code === ENTRY_CONFIGURATION ? 'configuration' : 'command';
  return { index, term, kind, command: bytes.slice(from, end), tag };
}

export function align(length: number): number {
  return (length + 7) & ~7;
}

function seedOf(position: number): number {
  return (position / 8) >>> 0;
}

function startHeader(magic: Uint8Array, { clusterId, self }: Identity): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(magic);
  new DataView(bytes.buffer).setUint32(8, VERSION);
  const next = putText(bytes, 360, clusterId);
  putText(bytes, next, self);
  return bytes;
}

function endHeader(bytes: Uint8Array): Uint8Array {
  const end = HEADER_BYTES - 4;
  new DataView(bytes.buffer).setUint32(end, crc32(bytes, 0, end));
  return bytes;
}

function checkHeader(
  bytes: Uint8Array,
  magic: Uint8Array,
  identity: Identity,
  path: string,
): boolean {
  if (bytes.length < HEADER_BYTES || !magic.every((byte, i) => bytes[i] === byte)) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = HEADER_BYTES - 4;
  if (crc32(bytes, 0, end) !== view.getUint32(end)) return false;
  const version = view.getUint32(8);
  if (version !== VERSION) {
    const text = `${path} is of format version ${version}; this program reads version ${VERSION}`;
    throw new RaftError('RAFT_FORMAT', text, { path });
  }
  const [clusterId, next] = getText(bytes, 360);
  const [self] = getText(bytes, next);
  if (clusterId !== identity.clusterId || self !== identity.self) {
    const text =
      `${path} belongs to node '${self}' of cluster '${clusterId}', ` +
      `not to '${identity.self}' of '${identity.clusterId}'`;
    throw new RaftError('RAFT_WRONG_IDENTITY', text, { path });
  }
  return true;
}

/** Whose file it says it is, when its header is whole. */
export function identityIn(bytes: Uint8Array): Identity | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = HEADER_BYTES - 4;
  if (crc32(bytes, 0, end) !== view.getUint32(end)) return undefined;
  const [clusterId, next] = getText(bytes, 360);
  return { clusterId, self: getText(bytes, next)[0] };
}

/** Writes an optional id and returns where it ends. */
function putVote(bytes: Uint8Array, at: number, votedFor: string | undefined): number {
  if (votedFor !== undefined) return putText(bytes, at, votedFor);
  bytes[at] = NO_VOTE >> 8;
  bytes[at + 1] = NO_VOTE & 0xff;
  return at + 2;
}

function getVote(bytes: Uint8Array, at: number): string | undefined {
  const isNone = bytes[at] === NO_VOTE >> 8 && bytes[at + 1] === (NO_VOTE & 0xff);
  return isNone ? undefined : getText(bytes, at)[0];
}

function putText(bytes: Uint8Array, at: number, text: string): number {
  const encoded = TEXT.encode(text);
  bytes[at] = encoded.length >> 8;
  bytes[at + 1] = encoded.length & 0xff;
  bytes.set(encoded, at + 2);
  return at + 2 + encoded.length;
}

function getText(bytes: Uint8Array, at: number): [text: string, end: number] {
  const end = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
  return [new TextDecoder().decode(bytes.subarray(at + 2, end)), end];
}
