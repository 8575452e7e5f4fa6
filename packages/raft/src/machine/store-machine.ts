/**
 * A durable state machine over any key-value store: the user writes one function, this adds what a
 * replicated machine needs around it (applied index, sessions, snapshots).
 *
 * Everything that a group of entries changes goes to the store in one batch together with the
 * applied index, so a crash leaves the machine at an entry, never between two. Applying is not
 * synced: the log is the durability.
 *
 * The store's keys begin with a byte that says whose they are:
 *
 *     00                                    position: format, applied index, applied term
 *     01 <user's key>                       the user's value
 *     02 <session u64>                      session: last used u64, acknowledged u64
 *     03 <session u64> <sequence u64>       an answer
 *
 * Restoring first makes durable that the store is incomplete; an incomplete store opens as empty.
 * Cost per command: one map entry per key touched; sessions add two small records.
 */
import type { Bounds, Entry, KeyValueStore, Operation, Reader } from '@ds/storage';
import { readU64 } from '../big-endian.ts';
import { RaftError } from '../errors.ts';
import { type CommittedEntry, entryBytes } from '../log/entry.ts';
import { Changes, userBounds } from './changes.ts';
import { readSnapshot, type SnapshotRecord, writeSnapshot } from './machine-snapshot.ts';
import { type Session, SessionTable } from './sessions.ts';
import type { ApplyResult, MachineSnapshot, StateMachine } from './state-machine.ts';
import { decodePosition, encodePosition, POSITION_KEY, SPACE, storeKey } from './store-keys.ts';
import type { Transaction } from './transaction.ts';

export interface StoreMachineOptions {
  /** Holds the user's keys, the sessions and the applied index; nobody else writes to it. */
  readonly store: KeyValueStore;
  /** Deterministic: depends on `transaction` and `entry` alone. A throw stops the node. */
  readonly apply: (
    transaction: Transaction,
    command: Uint8Array,
    entry: CommittedEntry,
  ) => Uint8Array;
  /** The same on every member: beyond it the session used longest ago expires. @default 10000 */
  readonly maxSessions?: number;
}

/**
 * A durable machine over any store; `get` and `range` read the user's keys as of now, and throw
 * `RAFT_RESTORING` while a snapshot is being restored.
 */
export interface StoreMachine extends StateMachine, Reader {
  /** Sessions that are open. */
  readonly sessions: number;
}

const NOTHING = new Uint8Array(0);

/** Operations written at once while restoring or wiping. */
const RESTORE_BATCH_BYTES = 2 ** 18;

/**
 * Opens the machine that `store` holds, or an empty one. The store stays open when it closes.
 * @throws {RaftError} `RAFT_FORMAT` for a store of a newer version.
 */
export async function openStoreMachine(options: StoreMachineOptions): Promise<StoreMachine> {
  const { maxSessions = 10_000 } = options;
  if (!(Number.isSafeInteger(maxSessions) && maxSessions >= 1)) {
    throw new RangeError(`maxSessions must be a whole number from 1 on, got ${maxSessions}`);
  }
  const machine = new KeyValueMachine(options, maxSessions);
  await machine.recover();
  return machine;
}

export class KeyValueMachine implements StoreMachine {
  appliedIndex = 0;
  appliedTerm = 0;
  protected readonly table: SessionTable;
  readonly #store: KeyValueStore;
  readonly #apply: StoreMachineOptions['apply'];
  #restoring = false;
  #closed = false;

  constructor({ store, apply }: StoreMachineOptions, maxSessions: number) {
    this.#store = store;
    this.#apply = apply;
    this.table = new SessionTable(maxSessions);
  }

  get sessions(): number {
    return this.table.size;
  }

  /** Takes over what the store holds. */
  async recover(): Promise<void> {
    const position = decodePosition(this.#store.get(POSITION_KEY));
    if (position === 'incomplete') {
      await this.#wipe();
      this.#take({ index: 0, term: 0 });
      return;
    }
    this.#take(position ?? { index: 0, term: 0 });
    this.table.load(loadSessions(this.#store));
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#checkWhole();
    return this.#store.get(storeKey(SPACE.user, key));
  }

  *range(bounds: Bounds = {}): Iterable<Entry> {
    this.#checkWhole();
    for (const { key, value } of this.#store.range(userBounds(bounds))) {
      yield { key: key.subarray(1), value };
    }
  }

  async apply(entries: readonly CommittedEntry[]): Promise<readonly ApplyResult[]> {
    const changes = new Changes(this.#store);
    const results = entries.map((entry) => this.applyEntry(entry, changes));
    changes.close();
    const last = entries[entries.length - 1]!;
    const operations = changes.operations();
    operations.push({ type: 'put', key: POSITION_KEY, value: encodePosition(last) });
    await this.#store.write(operations);
    this.#take(last);
    return results;
  }

  async sync(): Promise<number> {
    const index = this.appliedIndex;
    await this.#store.sync();
    return index;
  }

  snapshot(): MachineSnapshot {
    const snapshot = this.#store.snapshot();
    const position = decodePosition(snapshot.get(POSITION_KEY));
    // An empty machine has no position yet; an incomplete one takes no snapshots.
    const { index, term } =
      position === 'incomplete' || !position ? { index: 0, term: 0 } : position;
    return {
      index,
      term,
      chunks: () => writeSnapshot(this.snapshotRecords(snapshot)),
      release: () => snapshot.release(),
    };
  }

  async restore(
    meta: { readonly index: number; readonly term: number },
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    this.#restoring = true;
    await this.#store.write(
      [{ type: 'put', key: POSITION_KEY, value: encodePosition('incomplete') }],
      {
        durable: true,
      },
    );
    await this.#wipe();
    let operations: Operation[] = [];
    let bytes = 0;
    for await (const { key, value } of readSnapshot(chunks)) {
      operations.push({ type: 'put', key, value });
      bytes += key.length + value.length;
      if (bytes < RESTORE_BATCH_BYTES) continue;
      await this.#store.write(operations);
      operations = [];
      bytes = 0;
    }
    operations.push({ type: 'put', key: POSITION_KEY, value: encodePosition(meta) });
    await this.#store.write(operations, { durable: true });
    await this.recover();
    this.#restoring = false;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#store.sync();
  }

  /** Applies one entry into `changes`. */
  protected applyEntry(entry: CommittedEntry, changes: Changes): ApplyResult {
    const { kind, index, command, tag } = entry;
    if (kind === 'no-op' || kind === 'configuration') return { ok: true, result: NOTHING };
    if (kind === 'register-session') {
      this.table.register(index, changes);
      return { ok: true, result: NOTHING };
    }
    if (tag === undefined) return { ok: true, result: this.#apply(changes, command, entry) };
    const admission = this.table.admit(index, tag, changes);
    if (admission.kind === 'expired') return { ok: false, code: 'RAFT_SESSION_EXPIRED' };
    if (admission.kind === 'stale') return { ok: false, code: 'RAFT_SESSION_STALE' };
    if (admission.kind === 'answered') return { ok: true, result: admission.answer };
    const result = this.#apply(changes, command, entry);
    this.table.answer(tag, result, changes);
    return { ok: true, result };
  }

  /** What a snapshot holds: all but the position, which travels beside it. */
  protected *snapshotRecords(source: Reader): Iterable<SnapshotRecord> {
    yield* source.range({ gt: POSITION_KEY, views: true });
  }

  #checkWhole(): void {
    if (!this.#restoring) return;
    throw new RaftError(
      'RAFT_RESTORING',
      'a snapshot is being restored: the machine is incomplete',
    );
  }

  #take({ index, term }: { readonly index: number; readonly term: number }): void {
    this.appliedIndex = index;
    this.appliedTerm = term;
  }

  /** Deletes everything; the position goes last, so that a crash finds the store incomplete. */
  async #wipe(): Promise<void> {
    this.table.clear();
    let operations: Operation[] = [];
    let bytes = 0;
    for (const { key } of this.#store.range({ gt: POSITION_KEY })) {
      operations.push({ type: 'delete', key });
      bytes += entryBytes({ command: key });
      if (bytes < RESTORE_BATCH_BYTES) continue;
      await this.#store.write(operations);
      operations = [];
      bytes = 0;
    }
    await this.#store.write(operations);
  }
}

function loadSessions(store: Reader): Map<number, Session> {
  const sessions = new Map<number, Session>();
  const space = (first: number): Bounds => ({
    gte: Uint8Array.of(first),
    lt: Uint8Array.of(first + 1),
  });
  for (const { key, value } of store.range(space(SPACE.session))) {
    if (key.length !== 9 || value.length !== 16) throw damaged(key);
    const session = {
      lastUsed: readU64(value, 0),
      acknowledged: readU64(value, 8),
      answers: new Map(),
    };
    sessions.set(readU64(key, 1), session);
  }
  for (const { key, value } of store.range(space(SPACE.answer))) {
    const session = key.length === 17 ? sessions.get(readU64(key, 1)) : undefined;
    if (session === undefined) throw damaged(key);
    session.answers.set(readU64(key, 9), value);
  }
  return sessions;
}

function damaged(key: Uint8Array): RaftError {
  return new RaftError(
    'RAFT_CORRUPT',
    `the store holds a session record that cannot be: key ${key}`,
  );
}
