/**
 * Keys with versions, leases and watchers: what locks, elections and registries are made of.
 *
 * A key's version is the log index of the entry that wrote it, so versions of all keys grow with
 * time: a version serves as a fencing token. A lease is kept alive by its holder and goes, with its
 * keys, when that has not happened for its time. Time is part of the log: whoever leads says how
 * much has passed by its own clock (lease-clock.ts), so clocks need not agree, every member lets a
 * lease go at the same entry, and a change of leaders only makes leases longer.
 *
 * The user's keys of the store machine begin with a byte that says what they are:
 *
 *     'k' <key>                     version u64, lease u64, value
 *     'l' <lease u64>               ttl u64, expires at u64
 *     'e' <expires at u64> <lease>  nothing: leases in the order in which they go
 *     'a' <lease u64> <key>         nothing: the keys of a lease
 *     't'                           now u64, number of leases u64
 *
 * Cost: a few keys per command; letting a lease go costs one deletion per key of it.
 */
import type { Bounds, KeyValueStore } from '@ds/storage';
import type { Unsubscribe } from '@ds/transport';
import { Listeners } from '@ds/transport';
import { readU64, writeU64 } from '../big-endian.ts';
import type { CommittedEntry } from '../log/entry.ts';
import type { ApplyResult } from '../machine/state-machine.ts';
import { KeyValueMachine, type StoreMachine } from '../machine/store-machine.ts';
import type { Transaction } from '../machine/transaction.ts';
import {
  type CoordinationAnswer,
  type CoordinationCommand,
  decodeCommand,
  encodeAnswer,
} from './coordination-commands.ts';

/** A key as it is. */
export interface CoordinationRecord {
  readonly value: Uint8Array;
  /** The log index of the entry that wrote it. */
  readonly version: number;
  /** The lease it goes with. */
  readonly lease: number | undefined;
}

/** What has happened to a key; `'reset'`: anything may have, since a snapshot was restored. */
export type CoordinationEvent =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly record: CoordinationRecord }
  | { readonly type: 'delete'; readonly key: Uint8Array; readonly version: number }
  | { readonly type: 'reset' };

export interface CoordinationMachineOptions {
  /** Belongs to the machine. */
  readonly store: KeyValueStore;
  /** The same on every member. @default 10000 */
  readonly maxSessions?: number;
  /** The same on every member. @default 10000 */
  readonly maxLeases?: number;
}

export interface CoordinationMachine extends StoreMachine {
  /** The key as this member has it; for what is newest call `readIndex` first. */
  lookup(key: Uint8Array): CoordinationRecord | undefined;
  /** Calls `listener` for every change of a key that begins with `prefix`, in order, once. */
  watch(listener: (event: CoordinationEvent) => void, prefix?: Uint8Array): Unsubscribe;
  /** Leases that there are. */
  readonly leases: number;
}

/** The longest lease: a day. */
export const MAX_TTL_MS = 86_400_000;

/**
 * The most time that one command lets pass. Part of it may have passed before a lease began, so
 * every lease gets as much on top: none ends early.
 */
export const MAX_ADVANCE_MS = 1_000;

const NOTHING = new Uint8Array(0);
const CLOCK = Uint8Array.of(0x74);
const SPACE = { key: 0x6b, lease: 0x6c, expiry: 0x65, attached: 0x61 } as const;

/** Opens the machine that `store` holds, or an empty one. The store stays open when it closes. */
export async function openCoordinationMachine({
  store,
  maxSessions = 10_000,
  maxLeases = 10_000,
}: CoordinationMachineOptions): Promise<CoordinationMachine> {
  const machine = new Coordinator(store, maxSessions, maxLeases);
  await machine.recover();
  return machine;
}

class Coordinator extends KeyValueMachine implements CoordinationMachine {
  readonly #watchers = new Listeners<[event: CoordinationEvent]>();
  readonly #events: CoordinationEvent[];

  constructor(store: KeyValueStore, maxSessions: number, maxLeases: number) {
    const events: CoordinationEvent[] = [];
    const apply = (transaction: Transaction, bytes: Uint8Array, { index }: CommittedEntry) => {
      const command = decodeCommand(bytes);
      const step = new Step(transaction, index, maxLeases, events);
      return encodeAnswer(command ? step.take(command) : { status: 'malformed', number: 0 });
    };
    super({ store, apply }, maxSessions);
    this.#events = events;
  }

  get leases(): number {
    const clock = this.get(CLOCK);
    return clock === undefined ? 0 : readU64(clock, 8);
  }

  lookup(key: Uint8Array): CoordinationRecord | undefined {
    return decodeRecord(this.get(spaced(SPACE.key, key)));
  }

  watch(listener: (event: CoordinationEvent) => void, prefix: Uint8Array = NOTHING): Unsubscribe {
    return this.#watchers.add((event) => {
      if (event.type === 'reset' || startsWith(event.key, prefix)) listener(event);
    });
  }

  override async apply(entries: readonly CommittedEntry[]): Promise<readonly ApplyResult[]> {
    const results = await super.apply(entries);
    // Only now do reads show what the events tell.
    for (const event of this.#events.splice(0)) this.#watchers.emit(event);
    return results;
  }

  override async restore(...snapshot: Parameters<KeyValueMachine['restore']>): Promise<void> {
    await super.restore(...snapshot);
    this.#watchers.emit({ type: 'reset' });
  }
}

/** One command at work. */
class Step {
  readonly #transaction: Transaction;
  readonly #index: number;
  readonly #maxLeases: number;
  readonly #events: CoordinationEvent[];

  constructor(
    transaction: Transaction,
    index: number,
    maxLeases: number,
    events: CoordinationEvent[],
  ) {
    this.#transaction = transaction;
    this.#index = index;
    this.#maxLeases = maxLeases;
    this.#events = events;
  }

  take(command: CoordinationCommand): CoordinationAnswer {
    switch (command.kind) {
      case 'put':
        return this.#put(command);
      case 'delete': {
        const current = this.#record(command.key)?.version ?? 0;
        if (command.ifVersion !== undefined && command.ifVersion !== current) {
          return { status: 'conflict', number: current };
        }
        this.#delete(command.key);
        return this.#ok();
      }
      case 'grant':
        return this.#grant(command.ttlMs);
      case 'keep-alive':
        return this.#keepAlive(command.lease);
      case 'revoke':
        if (this.#leaseOf(command.lease) === undefined) return NO_LEASE;
        this.#revoke(command.lease);
        return this.#ok();
      case 'advance':
        this.#advance(command.elapsedMs);
        return this.#ok();
    }
  }

  #put({
    key,
    value,
    ifVersion,
    lease,
  }: CoordinationCommand & { kind: 'put' }): CoordinationAnswer {
    const current = this.#record(key);
    if (ifVersion !== undefined && ifVersion !== (current?.version ?? 0)) {
      return { status: 'conflict', number: current?.version ?? 0 };
    }
    if (lease !== undefined && this.#leaseOf(lease) === undefined) return NO_LEASE;
    if (current?.lease !== undefined) this.#transaction.delete(attachment(current.lease, key));
    if (lease !== undefined) this.#transaction.put(attachment(lease, key), NOTHING);
    const record = { value, version: this.#index, lease };
    this.#transaction.put(spaced(SPACE.key, key), encodeRecord(record));
    this.#events.push({ type: 'put', key, record });
    return this.#ok();
  }

  #delete(key: Uint8Array): void {
    const current = this.#record(key);
    if (current === undefined) return;
    if (current.lease !== undefined) this.#transaction.delete(attachment(current.lease, key));
    this.#transaction.delete(spaced(SPACE.key, key));
    this.#events.push({ type: 'delete', key, version: this.#index });
  }

  #grant(ttlMs: number): CoordinationAnswer {
    const { now, leases } = this.#clock();
    if (leases >= this.#maxLeases) return { status: 'too-many-leases', number: leases };
    this.#setClock(now, leases + 1);
    const ttl = Math.min(Math.max(ttlMs, 1), MAX_TTL_MS);
    this.#setLease(this.#index, ttl, now + ttl + MAX_ADVANCE_MS);
    return this.#ok();
  }

  #keepAlive(lease: number): CoordinationAnswer {
    const current = this.#leaseOf(lease);
    if (current === undefined) return NO_LEASE;
    this.#transaction.delete(numbered(SPACE.expiry, current.expiresAt, lease));
    const expiresAt = this.#clock().now + current.ttl + MAX_ADVANCE_MS;
    this.#setLease(lease, current.ttl, expiresAt);
    return { status: 'ok', number: lease };
  }

  #revoke(lease: number): void {
    const current = this.#leaseOf(lease);
    if (current === undefined) return;
    const keys = [...this.#transaction.range(within(numbered(SPACE.attached, lease)))];
    for (const { key } of keys) this.#delete(key.slice(9));
    this.#transaction.delete(numbered(SPACE.expiry, current.expiresAt, lease));
    this.#transaction.delete(numbered(SPACE.lease, lease));
    const { now, leases } = this.#clock();
    this.#setClock(now, leases - 1);
  }

  #advance(elapsedMs: number): void {
    const clock = this.#clock();
    const now = clock.now + Math.min(elapsedMs, MAX_ADVANCE_MS);
    this.#setClock(now, clock.leases);
    const due = { gte: Uint8Array.of(SPACE.expiry), lt: numbered(SPACE.expiry, now + 1) };
    const leases = [...this.#transaction.range(due)].map(({ key }) => readU64(key, 9));
    for (const lease of leases) this.#revoke(lease);
  }

  #record(key: Uint8Array): CoordinationRecord | undefined {
    return decodeRecord(this.#transaction.get(spaced(SPACE.key, key)));
  }

  #leaseOf(lease: number): { readonly ttl: number; readonly expiresAt: number } | undefined {
    const bytes = this.#transaction.get(numbered(SPACE.lease, lease));
    return bytes && { ttl: readU64(bytes, 0), expiresAt: readU64(bytes, 8) };
  }

  #setLease(lease: number, ttl: number, expiresAt: number): void {
    this.#transaction.put(numbered(SPACE.lease, lease), pair(ttl, expiresAt));
    this.#transaction.put(numbered(SPACE.expiry, expiresAt, lease), NOTHING);
  }

  #clock(): { readonly now: number; readonly leases: number } {
    const bytes = this.#transaction.get(CLOCK);
    return bytes ? { now: readU64(bytes, 0), leases: readU64(bytes, 8) } : { now: 0, leases: 0 };
  }

  #setClock(now: number, leases: number): void {
    this.#transaction.put(CLOCK, pair(now, leases));
  }

  #ok(): CoordinationAnswer {
    return { status: 'ok', number: this.#index };
  }
}

const NO_LEASE: CoordinationAnswer = { status: 'no-lease', number: 0 };

function encodeRecord({ value, version, lease = 0 }: CoordinationRecord): Uint8Array {
  const bytes = new Uint8Array(16 + value.length);
  writeU64(bytes, 0, version);
  writeU64(bytes, 8, lease);
  bytes.set(value, 16);
  return bytes;
}

function decodeRecord(bytes: Uint8Array | undefined): CoordinationRecord | undefined {
  if (bytes === undefined) return undefined;
  const lease = readU64(bytes, 8);
  const version = readU64(bytes, 0);
  return { value: bytes.slice(16), version, lease: lease === 0 ? undefined : lease };
}

function spaced(space: number, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + key.length);
  bytes[0] = space;
  bytes.set(key, 1);
  return bytes;
}

function numbered(space: number, ...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(1 + 8 * numbers.length);
  bytes[0] = space;
  for (const [i, number] of numbers.entries()) writeU64(bytes, 1 + 8 * i, number);
  return bytes;
}

function attachment(lease: number, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(9 + key.length);
  bytes.set(numbered(SPACE.attached, lease));
  bytes.set(key, 9);
  return bytes;
}

function pair(first: number, second: number): Uint8Array {
  const bytes = new Uint8Array(16);
  writeU64(bytes, 0, first);
  writeU64(bytes, 8, second);
  return bytes;
}

/** All keys of a lease: no lease has the largest id. */
function within(prefix: Uint8Array): Bounds {
  return { gte: prefix, lt: numbered(SPACE.attached, readU64(prefix, 1) + 1) };
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => key[i] === byte);
}
