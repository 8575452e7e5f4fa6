/**
 * A version edit as the payload of a manifest record: fields, each a varint tag and its contents.
 *
 * ```
 * 1 varint log number        2 varint flushed sequence      3 varint next file number
 * 4 varint synced sequence
 * 5 removed: varint level · varint number
 * 6 added:   varint level · varint number · varint bytes · varint entries · varint tombstones
 *            · varint min sequence · varint max sequence
 *            · varint length, smallest key · varint length, largest key
 * 7 added, with range tombstones: as 6, then varint their fragments · u8 1 where the end is open
 * ```
 */
import { StorageError } from '@ds/storage';
import { ByteReader, type ByteWriter } from '@ds/storage/engine';
import type { TableFacts } from '../table/table-file.ts';
import { LEVELS, type VersionEdit } from './version.ts';

const LOG_NUMBER = 1;
const FLUSHED_SEQUENCE = 2;
const NEXT_FILE_NUMBER = 3;
const SYNCED_SEQUENCE = 4;
const REMOVED = 5;
const ADDED = 6;
const ADDED_WITH_RANGES = 7;

export function encodeEdit(out: ByteWriter, edit: VersionEdit): void {
  const number = (tag: number, value: number | undefined): void => {
    if (value === undefined) return;
    out.varint(tag);
    out.varint(value);
  };
  number(LOG_NUMBER, edit.logNumber);
  number(FLUSHED_SEQUENCE, edit.flushedSequence);
  number(NEXT_FILE_NUMBER, edit.nextFileNumber);
  number(SYNCED_SEQUENCE, edit.syncedSequence);
  for (const { level, number: removed } of edit.removed ?? []) {
    out.varint(REMOVED);
    out.varint(level);
    out.varint(removed);
  }
  for (const { level, facts } of edit.added ?? []) {
    out.varint(facts.rangeTombstones > 0 ? ADDED_WITH_RANGES : ADDED);
    out.varint(level);
    out.varint(facts.number);
    out.varint(facts.bytes);
    out.varint(facts.entries);
    out.varint(facts.tombstones);
    out.varint(facts.minSequence);
    out.varint(facts.maxSequence);
    out.prefixed(facts.smallest);
    out.prefixed(facts.largest);
    if (facts.rangeTombstones === 0) continue;
    out.varint(facts.rangeTombstones);
    out.u8(facts.openEnd ? 1 : 0);
  }
}

/** @throws {StorageError} `STORAGE_CORRUPT`, `STORAGE_FORMAT` for a field of a newer version */
export function decodeEdit(
  bytes: Uint8Array,
  start: number,
  end: number,
  path: string,
): VersionEdit {
  const reader = new ByteReader(bytes, path, 0, start, end);
  const added: { level: number; facts: TableFacts }[] = [];
  const removed: { level: number; number: number }[] = [];
  const numbers: { -readonly [K in keyof VersionEdit]: VersionEdit[K] } = {};
  while (!reader.done) {
    const offset = reader.at;
    const tag = reader.varint();
    if (tag === LOG_NUMBER) numbers.logNumber = reader.varint();
    else if (tag === FLUSHED_SEQUENCE) numbers.flushedSequence = reader.varint();
    else if (tag === NEXT_FILE_NUMBER) numbers.nextFileNumber = reader.varint();
    else if (tag === SYNCED_SEQUENCE) numbers.syncedSequence = reader.varint();
    else if (tag === REMOVED) removed.push({ level: level(reader), number: reader.varint() });
    else if (tag === ADDED || tag === ADDED_WITH_RANGES) {
      const hasRanges = tag === ADDED_WITH_RANGES;
      added.push({ level: level(reader), facts: decodeFacts(reader, hasRanges) });
    } else {
      const message = `${path} has a field ${tag} that this code does not know`;
      throw new StorageError('STORAGE_FORMAT', message, { path, offset });
    }
  }
  return { ...numbers, added, removed };
}

function level(reader: ByteReader): number {
  const value = reader.varint();
  if (value >= LEVELS) throw reader.corrupt(`there is no level ${value}`);
  return value;
}

function decodeFacts(reader: ByteReader, hasRanges: boolean): TableFacts {
  const facts = {
    number: reader.varint(),
    bytes: reader.varint(),
    entries: reader.varint(),
    tombstones: reader.varint(),
    minSequence: reader.varint(),
    maxSequence: reader.varint(),
    smallest: reader.prefixed().slice(),
    largest: reader.prefixed().slice(),
  };
  const rangeTombstones = hasRanges ? reader.varint() : 0;
  return { ...facts, rangeTombstones, openEnd: hasRanges && reader.u8() === 1 };
}
