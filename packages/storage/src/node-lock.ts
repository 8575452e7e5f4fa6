/**
 * Locks on Node, which offers none of the operating system's: {@link ./lock-protocol.ts} over real
 * files, where its essay proves that two never hold a lock at once.
 *
 * A lock at `P` is the file `P`, which holds the floor, and one or two records `P.<generation>`.
 * They stay when the lock is released; the number only rises.
 *
 * Limits: a worker thread that ends without releasing leaves the lock to its process. An owner in
 * another pid namespace (another container) cannot be judged, and its lock is respected; the error
 * names the file to remove if the owner is known to be dead. The file system must have hard links.
 *
 * Cost: some fifteen system calls to acquire, three to release.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { StorageError } from './errors.ts';
import type { Lock } from './file-system.ts';
import { acquire, type LockMedium } from './lock-protocol.ts';
import { type Liveness, livenessOf, type Owner, thisOwner } from './node-owner.ts';

/** The first bytes of a record; one character is rewritten at its release. */
const HELD = '{"held":1,';
const HELD_AT = HELD.indexOf('1');
const VERSION = 1;

interface LockRecord {
  readonly held: boolean;
  /** `undefined` for a record of a later version, whose owner cannot be judged. */
  readonly owner: Owner | undefined;
  readonly since: Date;
}

/** @throws {StorageError} `STORAGE_LOCKED`, or what Node throws about the files. */
export function acquireNodeLock(path: string): Lock {
  const medium = new LockFiles(path);
  try {
    medium.prepare();
    const outcome = acquire(medium);
    if (!outcome.acquired) {
      throw locked(path, medium.recordPath(outcome.generation), outcome.owner);
    }
    medium.removeLeftovers();
    const record = medium.recordPath(outcome.generation);
    let released = false;
    return {
      path,
      release: () => {
        if (released) return;
        release(record);
        released = true;
      },
    };
  } finally {
    medium.discard();
  }
}

class LockFiles implements LockMedium<LockRecord> {
  readonly #path: string;
  readonly #directory: string;
  readonly #name: string;
  /** This contender's record, ready to be linked to its generation's name. */
  readonly #draft: string;

  constructor(path: string) {
    this.#path = path;
    this.#directory = dirname(path);
    this.#name = basename(path);
    this.#draft = `${path}.${randomUUID()}.tmp`;
  }

  prepare(): void {
    const owner = JSON.stringify({ version: VERSION, ...thisOwner() });
    fs.writeFileSync(this.#draft, `${HELD}${owner.slice(1)}\n`, { flag: 'wx' });
  }

  discard(): void {
    fs.rmSync(this.#draft, { force: true });
  }

  recordPath(generation: number): string {
    return `${this.#path}.${generation}`;
  }

  readFloor(): number {
    const text = readText(this.#path)?.text ?? '';
    const floor = /^generation (\d{1,15})\n$/.exec(text)?.[1];
    // A power cut may leave the file empty or zeroed; its records are still listed.
    if (floor === undefined && /[^\0]/.test(text)) {
      throw new StorageError('STORAGE_IO', `${this.#path} exists and is not a lock's file`, {
        path: this.#path,
      });
    }
    return Number(floor ?? 0);
  }

  writeFloor(generation: number): void {
    const draft = `${this.#path}.${randomUUID()}.tmp`;
    fs.writeFileSync(draft, `generation ${generation}\n`, { flag: 'wx' });
    fs.renameSync(draft, this.#path);
  }

  listGenerations(): number[] {
    return this.#suffixes()
      .filter((suffix) => /^[1-9]\d{0,14}$/.test(suffix))
      .map(Number);
  }

  readRecord(generation: number): LockRecord | undefined {
    const file = readText(this.recordPath(generation));
    return file && parseRecord(file.text, file.since);
  }

  createRecord(generation: number): boolean {
    try {
      fs.linkSync(this.#draft, this.recordPath(generation));
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      if (code !== 'ENOENT') throw error;
      // An owner cleared the draft away: one that saw this lock change hands meanwhile.
      this.prepare();
      return false;
    }
  }

  removeRecord(generation: number): void {
    fs.rmSync(this.recordPath(generation), { force: true });
  }

  isHeld({ held, owner }: LockRecord): boolean {
    return held && (owner === undefined || livenessOf(owner, this.#directory) !== 'dead');
  }

  /** Drafts of contenders that died; a living one that loses its draft makes another. */
  removeLeftovers(): void {
    for (const suffix of this.#suffixes()) {
      if (/^[0-9a-f-]{36}\.tmp$/.test(suffix)) {
        fs.rmSync(`${this.#path}.${suffix}`, { force: true });
      }
    }
  }

  #suffixes(): string[] {
    const prefix = `${this.#name}.`;
    return fs
      .readdirSync(this.#directory)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }
}

function release(record: string): void {
  let descriptor: number;
  try {
    descriptor = fs.openSync(record, 'r+');
  } catch (error) {
    // A person removed it: there is nothing left to give up.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    fs.writeSync(descriptor, '0', HELD_AT);
  } finally {
    fs.closeSync(descriptor);
  }
}

function readText(path: string): { text: string; since: Date } | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return { text: fs.readFileSync(descriptor, 'utf8'), since: fs.fstatSync(descriptor).mtime };
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * A record appears with its whole content, so one that does not parse is what a power cut left of
 * it, and its owner is dead.
 */
function parseRecord(text: string, since: Date): LockRecord {
  let fields: Partial<Owner> & { held?: unknown; version?: unknown };
  try {
    fields = JSON.parse(text) as typeof fields;
  } catch {
    return { held: false, owner: undefined, since };
  }
  const held = fields?.held === 1;
  if (fields?.version !== VERSION) return { held, owner: undefined, since };
  const { pid, startTime = null, bootId = null, pidNamespace = null, host = '' } = fields;
  // Process ids of 0 and below would mean groups of processes.
  if (!Number.isSafeInteger(pid) || pid! <= 0) return { held: false, owner: undefined, since };
  return { held, owner: { pid: pid!, startTime, bootId, pidNamespace, host }, since };
}

function locked(path: string, file: string, record: LockRecord | undefined): StorageError {
  const describe = (): string => {
    if (record === undefined) return 'it changes hands all the time';
    const since = `since ${record.since.toISOString()}`;
    const remove = `remove ${file} if it is known to be dead`;
    if (record.owner === undefined)
      return `by a later version of this package, ${since}; ${remove}`;
    const who = `by process ${record.owner.pid} on ${record.owner.host}, ${since}`;
    const liveness: Liveness = livenessOf(record.owner, dirname(path));
    if (liveness !== 'unknown') return who;
    return `${who}, which cannot be seen from here (another container or machine); ${remove}`;
  };
  return new StorageError('STORAGE_LOCKED', `${path} is locked: ${describe()}`, { path });
}
