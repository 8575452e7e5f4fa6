/**
 * The manifest: a log of version edits, the first of which recreates the whole version; and
 * CURRENT, the 24 bytes that name the manifest in force.
 *
 * ```
 * CURRENT:  0 8 bytes magic · 8 u32 version · 12 u64 manifest number · 20 u32 CRC-32 of 0 to 19
 * ```
 * A new manifest is durable before CURRENT names it, and CURRENT is replaced in one step, so that a
 * crash finds the old manifest whole or the new one whole. Every edit is durable before the next
 * is written and before anything it makes unnecessary is removed.
 */
import { crc32, type File, type FileSystem } from '@ds/storage';
import {
  ByteWriter,
  checkMagic,
  checkVersion,
  corrupt,
  decodeFileHeader,
  encodeFileHeader,
  getU32,
  getU64,
  inOneGo,
  type LogDecisions,
  type LogRecord,
  RECORD_HEADER_BYTES,
  readWholeFile,
  scanLogInSlices,
  sealRecord,
  setU32,
  setU64,
} from '@ds/storage/engine';
import { CURRENT_FORMAT, MANIFEST_FORMAT } from '../files/file-formats.ts';
import { CURRENT_NAME, CURRENT_NEW_NAME, manifestName } from '../files/file-names.ts';
import type { VersionEdit } from './version.ts';
import { decodeEdit, encodeEdit } from './version-edit.ts';

const CURRENT_BYTES = 24;

export class Manifest {
  readonly number: number;
  readonly #file: File;
  readonly #out = new ByteWriter(512);
  #offset: number;
  #nextEdit = 1;

  private constructor(number: number, file: File, offset: number) {
    this.number = number;
    this.#file = file;
    this.#offset = offset;
  }

  /** Writes a manifest that begins with `base`, makes it durable, and makes CURRENT name it. */
  static async create(
    fileSystem: FileSystem,
    directory: string,
    number: number,
    base: VersionEdit,
  ): Promise<Manifest> {
    const path = `${directory}/${manifestName(number)}`;
    const file = fileSystem.open(path, { mode: 'create' });
    try {
      const header = encodeFileHeader({ format: MANIFEST_FORMAT, number, firstSequence: 1 });
      file.write(0, header);
      const manifest = new Manifest(number, file, header.length);
      manifest.#write(base);
      await file.datasync();
      await fileSystem.syncDirectory(directory);
      manifest.#markSynced();
      await nameCurrent(fileSystem, directory, number);
      return manifest;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The size of the file, in bytes. */
  get bytes(): number {
    return this.#offset;
  }

  /** Resolves when `edit` is durable. One at a time. */
  async append(edit: VersionEdit): Promise<void> {
    this.#write(edit);
    await this.#file.datasync();
    this.#markSynced();
  }

  close(): void {
    this.#file.close();
  }

  #write(edit: VersionEdit): void {
    this.#append(this.#nextEdit - 1, edit);
    this.#nextEdit += 1;
  }

  /** A claim behind the last edit, so that damage to it is not taken for a crash. */
  #markSynced(): void {
    this.#append(this.#nextEdit - 1, undefined);
  }

  #append(syncedSequence: number, edit: VersionEdit | undefined): void {
    const out = this.#out;
    out.clear();
    out.reserve(RECORD_HEADER_BYTES);
    out.length = RECORD_HEADER_BYTES;
    if (edit !== undefined) encodeEdit(out, edit);
    sealRecord(out, 0, this.#offset, {
      logNumber: this.number,
      firstSequence: this.#nextEdit,
      syncedSequence,
    });
    this.#file.write(this.#offset, out.view());
    this.#offset += out.length;
  }
}

async function nameCurrent(
  fileSystem: FileSystem,
  directory: string,
  number: number,
): Promise<void> {
  const bytes = new Uint8Array(CURRENT_BYTES);
  for (let i = 0; i < 8; i += 1) bytes[i] = CURRENT_FORMAT.magic.charCodeAt(i);
  setU32(bytes, 8, CURRENT_FORMAT.version);
  setU64(bytes, 12, number);
  setU32(bytes, 20, crc32(bytes, 0, 20));
  const path = `${directory}/${CURRENT_NEW_NAME}`;
  const file = fileSystem.open(path, { mode: 'write' });
  try {
    file.truncate(0);
    file.write(0, bytes);
    await file.datasync();
  } finally {
    file.close();
  }
  fileSystem.rename(path, `${directory}/${CURRENT_NAME}`);
  await fileSystem.syncDirectory(directory);
}

/** The number of the manifest in force. @throws {StorageError} */
export function readCurrent(
  fileSystem: FileSystem,
  directory: string,
  decisions: LogDecisions,
): number {
  const path = `${directory}/${CURRENT_NAME}`;
  const bytes = readWholeFile(fileSystem, path);
  if (bytes.length !== CURRENT_BYTES) throw corrupt(path, bytes.length, 'it has the wrong length');
  checkMagic(bytes, CURRENT_FORMAT, path);
  if (!decisions.checksumMatches(getU32(bytes, 20), crc32(bytes, 0, 20))) {
    throw corrupt(path, 0, 'it does not match its checksum');
  }
  checkVersion(getU32(bytes, 8), CURRENT_FORMAT, path);
  return getU64(bytes, 12);
}

/** The edits of a manifest. @throws {StorageError} when any that was durable is damaged */
export function readManifest(
  fileSystem: FileSystem,
  directory: string,
  number: number,
  decisions: LogDecisions,
): VersionEdit[] {
  const bytes = readWholeFile(fileSystem, `${directory}/${manifestName(number)}`);
  return inOneGo(decodeManifest(bytes, directory, number, decisions, Number.POSITIVE_INFINITY));
}

/** The edits of a manifest that has been read, with a pause after every `sliceBytes`. */
export function* decodeManifest(
  bytes: Uint8Array,
  directory: string,
  number: number,
  decisions: LogDecisions,
  sliceBytes: number,
): Generator<void, VersionEdit[]> {
  const path = `${directory}/${manifestName(number)}`;
  decodeFileHeader(bytes, { format: MANIFEST_FORMAT, number, path }, decisions);
  const edits: VersionEdit[] = [];
  const onEdit = ({ payloadStart, payloadEnd }: LogRecord): number => {
    edits.push(decodeEdit(bytes, payloadStart, payloadEnd, path));
    return 1;
  };
  const scan = yield* scanLogInSlices(bytes, number, 1, decisions, onEdit, sliceBytes);
  // The first edit was durable before CURRENT named this manifest.
  if (scan.syncedSequence >= scan.nextSequence || edits.length === 0) {
    throw corrupt(path, scan.endOffset, 'an edit that had been synced is not whole');
  }
  return edits;
}
